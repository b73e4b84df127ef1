import { expect, it } from "vitest";
import { createTurns } from "./turns.ts";

it("runs twice for any number of calls at once, and each call sees a run that began after it", async () => {
  const turns = createTurns();
  const begun: PromiseWithResolvers<number>[] = [];
  const work = () => {
    const run = Promise.withResolvers<number>();
    begun.push(run);
    return run.promise;
  };
  const first = turns.share("a", work);
  const others = Array.from({ length: 12 }, () => turns.share("a", work));
  const another = turns.share("b", work);
  expect(begun).toHaveLength(2);
  begun[0]?.resolve(1);
  begun[1]?.resolve(10);
  expect([await first, await another]).toEqual([1, 10]);
  begun[2]?.resolve(2);
  expect(await Promise.all(others)).toEqual(Array(12).fill(2));
  expect(begun).toHaveLength(3);
});

it("goes on after a failure, which only its own callers hear of", async () => {
  const turns = createTurns();
  const failed = turns.share("a", () => Promise.reject(new Error("no")));
  const after = turns.share("a", () => Promise.resolve(1));
  await expect(failed).rejects.toThrow("no");
  expect(await after).toBe(1);
  expect(await turns.share("a", () => Promise.resolve(2))).toBe(2);
});
