import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Whether the heavy form of a test is wanted: `PROVE=1`. */
export const IS_PROOF = process.env.PROVE === "1";

/** Leaves what a proof measured as `<name>.json` in the folder RESULTS_DIR, when that is set. */
export function recordResult(name: string, result: object): void {
  const folder = process.env.RESULTS_DIR;
  if (folder === undefined || folder === "") return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, `${name}.json`),
    `${JSON.stringify({ at: new Date().toISOString(), ...result }, null, 2)}\n`,
  );
}
