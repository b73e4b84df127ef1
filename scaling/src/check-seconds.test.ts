import { expect, it } from "vitest";
import { checkSecondsOf } from "./check-seconds.ts";

it.each([
  ["cpu", 60, 10, 60],
  ["queue-thresholds", 60, 10, 60],
  ["fixed", 60, 10, 60],
  ["adaptive", 60, 10, 10],
  ["requests", 60, 10, 10],
  ["queue", 60, 10, 10],
  ["queue", 5, 10, 5],
] as const)("%s with ticks of %d s and %d s is checked each %d s", (kind, TICK_SECONDS, FAST_TICK_SECONDS, each) => {
  expect(checkSecondsOf(kind, { TICK_SECONDS, FAST_TICK_SECONDS })).toBe(each);
});
