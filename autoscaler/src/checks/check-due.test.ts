import fc from "fast-check";
import { expect, test } from "vitest";
import { checkDueAt } from "./check-due.ts";

test.each([
  { last: 61_000, tickMs: 10_000, pointsMs: 10_000, due: 71_000 },
  { last: 69_800, tickMs: 10_000, pointsMs: 10_000, due: 71_000 },
  { last: 70_200, tickMs: 10_000, pointsMs: 10_000, due: 81_000 },
  { last: 63_000, tickMs: 60_000, pointsMs: 10_000, due: 121_000 },
  // Nothing to wait for, or no instant that would fit every tick.
  { last: 69_800, tickMs: 10_000, pointsMs: null, due: 79_800 },
  { last: 69_800, tickMs: 15_000, pointsMs: 10_000, due: 84_800 },
  { last: 69_800, tickMs: 1_000, pointsMs: 1_000, due: 70_800 },
])("after $last, with ticks of $tickMs and points each $pointsMs ms, the next check is due at $due", (example) => {
  expect(checkDueAt(example.last, example)).toBe(example.due);
});

test("a check is due after the last one, at most a second later than a tick, and then once a tick", () => {
  const instant = fc.integer({ min: 0, max: 10_000_000 });
  fc.assert(
    fc.property(instant, fc.integer({ min: 2, max: 60 }), fc.integer({ min: 1, max: 6 }), (last, seconds, times) => {
      const [pointsMs, tickMs] = [seconds * 1_000, seconds * times * 1_000];
      const due = checkDueAt(last, { tickMs, pointsMs });
      expect(due).toBeGreaterThan(last);
      expect(due).toBeLessThanOrEqual(last + tickMs + 1_000);
      expect(checkDueAt(due, { tickMs, pointsMs })).toBe(due + tickMs);
    }),
  );
});
