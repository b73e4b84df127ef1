import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findViolations } from "./find-violations.ts";
import { readModules } from "./read-imports.ts";

// `npm run boundaries [-- FOLDER]`: fails when a workspace imports what it must not, or when folders need each other.
const root = process.argv[2] ?? join(import.meta.dirname, "../../..");
const ls = (...args: string[]): readonly string[] =>
  execFileSync("git", ["ls-files", ...args], { cwd: root, encoding: "utf8" })
    .split("\n")
    .filter((path) => path !== "");
const deleted = new Set(ls("--deleted"));
const present = ls("--cached", "--others", "--exclude-standard", "--deduplicate").filter((path) => !deleted.has(path));
const paths = present.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"));
const commands = present
  .filter((path) => /(^|\/)package\.json$|\.sh$/.test(path))
  .map((path) => readFileSync(join(root, path), "utf8"));
const violations = findViolations(readModules(root, paths), commands);
for (const violation of violations) process.stderr.write(`${violation}\n`);
process.stdout.write(
  `${paths.length} files: ${violations.length === 0 ? "every import stays within its boundary, every file is used" : `${violations.length} violations`}.\n`,
);
process.exitCode = violations.length === 0 ? 0 : 1;
