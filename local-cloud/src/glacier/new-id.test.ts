import { expect, it } from "vitest";
import { newId } from "./new-id.ts";

it("makes ids that a command line takes as a value, as long as AWS's and all different", () => {
  const ids = Array.from({ length: 2_000 }, () => newId(69));
  for (const id of ids) expect(id).toMatch(/^\w[\w-]{91}$/);
  expect(new Set(ids).size).toBe(ids.length);
});
