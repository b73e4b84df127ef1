import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Whether the heavy form of a test is wanted: `PROVE=1`. */
export const IS_PROOF = process.env.PROVE === "1";

/**
 * Leaves what a proof measured as `<name>.json` (with dashes for what is not a word) in the folder RESULTS_DIR, when
 * that is set; `title` says what it is about.
 */
export function recordResult(name: string, title: string, result: object): void {
  const folder = process.env.RESULTS_DIR;
  if (folder === undefined || folder === "") return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, `${name.replace(/\W+/g, "-").replace(/-$/, "")}.json`),
    `${JSON.stringify({ title, at: new Date().toISOString(), ...result }, null, 2)}\n`,
  );
}
