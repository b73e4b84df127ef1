import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { findViolations } from "./find-violations.ts";
import { readModules } from "./read-imports.ts";

// `npm run boundaries [-- FOLDER]`: fails when a workspace imports what it must not, or when folders need each other.
const root = process.argv[2] ?? join(import.meta.dirname, "../../..");
const listed = execFileSync(
  "git",
  ["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "*.ts"],
  { cwd: root, encoding: "utf8" },
);
const deleted = new Set(execFileSync("git", ["ls-files", "--deleted"], { cwd: root, encoding: "utf8" }).split("\n"));
const paths = listed.split("\n").filter((path) => path !== "" && !deleted.has(path));
const violations = findViolations(readModules(root, paths));
for (const violation of violations) process.stderr.write(`${violation}\n`);
process.stdout.write(
  `${paths.length} files: ${violations.length === 0 ? "every import stays within its boundary" : `${violations.length} violations`}.\n`,
);
process.exitCode = violations.length === 0 ? 0 : 1;
