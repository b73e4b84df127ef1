import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseCommandLine, readCommandLine, UsageError } from "@elastic-gas/shared/command-line";
import { SHIPPED_MODEL } from "../src/masks/model/mask-model.ts";
import { describeScore, measurePasses, scoreFolder } from "./score.ts";

const USAGE = `npm run masks:score -- FOLDER [MODEL.onnx ...]
Says how many pictures of a folder are counted exactly, and the CPU time of a pass; by the product's own model when
none is named. FOLDER holds pictures and truth.csv (file,faces,masked,unmasked), as samples/pictures does.`;

// npm runs scripts in the project's folder; paths are meant from where the command was given.
const from = process.env.INIT_CWD ?? process.cwd();
const { folder, paths } = readCommandLine(USAGE, (args) => {
  const { positionals } = parseCommandLine({ args: [...args], allowPositionals: true });
  const [name, ...models] = positionals;
  if (name === undefined) throw new UsageError("No folder was named.");
  const folder = resolve(from, name);
  if (!existsSync(join(folder, "truth.csv"))) throw new UsageError(`${folder} holds no truth.csv.`);
  return { folder, paths: models.length === 0 ? [SHIPPED_MODEL] : models.map((path) => resolve(from, path)) };
});
try {
  for (const path of paths) {
    for (const line of describeScore(path, await scoreFolder(path, folder))) console.log(line);
  }
  for (const [index, { leastMs, medianMs }] of (await measurePasses(paths)).entries()) {
    console.log(`${paths[index]}: a pass takes ${leastMs.toFixed(1)} ms of CPU (median ${medianMs.toFixed(1)} ms)`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
