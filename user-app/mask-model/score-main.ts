/**
 * `npm run masks:score -- FOLDER [MODEL.onnx ...]`: how many pictures of a folder with a truth.csv are counted exactly,
 * and the CPU of a pass.
 */
import { resolve } from "node:path";
import { SHIPPED_MODEL } from "../src/masks/model/mask-model.ts";
import { describeScore, measurePasses, scoreFolder } from "./score.ts";

const [folder, ...models] = process.argv.slice(2);
if (folder === undefined) {
  console.error(
    "Usage: npm run masks:score -- FOLDER [MODEL.onnx ...]\nFOLDER holds pictures and truth.csv (file,faces,masked,unmasked), as samples/pictures does.",
  );
  process.exit(2);
}
// npm runs scripts in the project's folder; paths are meant from where the command was given.
const from = process.env.INIT_CWD ?? process.cwd();
const paths = models.length === 0 ? [SHIPPED_MODEL] : models.map((path) => resolve(from, path));
try {
  for (const path of paths) {
    for (const line of describeScore(path, await scoreFolder(path, resolve(from, folder)))) console.log(line);
  }
  for (const [index, { leastMs, medianMs }] of (await measurePasses(paths)).entries()) {
    console.log(`${paths[index]}: a pass takes ${leastMs.toFixed(1)} ms of CPU (median ${medianMs.toFixed(1)} ms)`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
