import { readArguments } from "./arguments.ts";
import { makePack } from "./make-pack.ts";
import { SourceError } from "./source-file.ts";

try {
  await makePack(readArguments(process.argv.slice(2)), { today: new Date(), say: (line) => console.log(line) });
} catch (error) {
  if (!(error instanceof SourceError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
