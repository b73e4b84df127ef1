import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { auditWords } from "./audit-words.ts";

it("has words for every action that the parts record", () => {
  const root = join(import.meta.dirname, "../../../..");
  const files = globSync("{manager,user-app,shared,annotator}/src/**/*.ts", { cwd: root });
  const source = files
    .filter((file) => !file.endsWith(".test.ts"))
    .map((file) => readFileSync(join(root, file), "utf8"))
    .join("\n");
  // Actions are written as `action: "user.create"`, or as the two sides of a choice.
  const actions = new Set(
    [...source.matchAll(/\baction: ([^,\n]+)/g)].flatMap(([, written = ""]) =>
      [...written.matchAll(/"([a-z-]+\.[a-z-]+|sign-(?:in|out))"/g)].map(([, code = ""]) => code),
    ),
  );
  expect(actions.size).toBeGreaterThan(25);
  expect([...actions].filter((code) => auditWords(code) === undefined)).toEqual([]);
});
