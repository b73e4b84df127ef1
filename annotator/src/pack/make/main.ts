import { readCommandLine } from "@elastic-gas/shared/command-line";
import { readArguments, USAGE } from "./arguments.ts";
import { makePack } from "./make-pack.ts";
import { SourceError } from "./source-file.ts";

const asked = readCommandLine(USAGE, readArguments);
try {
  await makePack(asked, { today: new Date(), say: (line) => console.log(line) });
} catch (error) {
  if (!(error instanceof SourceError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
