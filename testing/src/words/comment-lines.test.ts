import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");
const NOT_OURS = ["**/node_modules", "**/dist", ".data", ".test-results"];
const IS_COMMENT = /^\s*(?:\/\/|\/\*\*|\*) /;
/** Neither an address nor a drawing can be broken. */
const IS_WHOLE = /https:\/\/\S+$|-> /;

it("comments end at 120 columns, as code does", () => {
  const paths = globSync("**/*.ts", { cwd: ROOT, exclude: NOT_OURS });
  expect(paths).toContain("testing/src/words/comment-lines.test.ts");
  const found = paths.flatMap((path) =>
    readFileSync(join(ROOT, path), "utf8")
      .split("\n")
      .flatMap((line, index) =>
        line.length > 120 && IS_COMMENT.test(line) && !IS_WHOLE.test(line) ? [`${path}:${index + 1}`] : [],
      ),
  );
  expect(found).toEqual([]);
});
