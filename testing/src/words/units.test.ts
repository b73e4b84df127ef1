import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");
/** Where the words of pages are written. */
const FOLDERS = [
  "manager/src/dashboard",
  "manager/src/features/preview",
  "manager/src/features/report",
  "manager/src/model",
  "manager/src/pages",
  "scaling/src/reasons",
  "user-app/src/accounts",
  "user-app/src/annotations",
  "user-app/src/browser",
  "user-app/src/masks",
  "user-app/src/own-data",
  "user-app/src/subscription",
  "user-app/src/web",
];
/** A figure, or a place for one, with a plain space before its unit. */
const BREAKS = /(?:\d|\}) (?:ms|s|min|h|%|B|KB|MB|GB|px)(?![\w(=])/;
const IS_COMMENT = /^\s*(?:\/\/|\/?\*)|\/\/ /;
const IS_TEXT = /["`]/;
const IS_SQL = /\binterval\b/;
/** Goes to a log. */
const IS_FAULT = /\b(?:new Error|reject|refused)\(/;

it("a number and its unit never come apart at the end of a line", async () => {
  const found: string[] = [];
  for (const folder of FOLDERS) {
    for await (const path of glob(`${folder}/**/*.ts`, { cwd: ROOT })) {
      if (path.endsWith(".test.ts")) continue;
      const lines = (await readFile(join(ROOT, path), "utf8")).split("\n");
      lines.forEach((line, index) => {
        if (IS_COMMENT.test(line) || IS_SQL.test(line) || IS_FAULT.test(line) || !IS_TEXT.test(line)) return;
        if (BREAKS.test(line)) found.push(`${path}:${index + 1}: ${line.trim()}`);
      });
    }
  }
  expect(found).toEqual([]);
});
