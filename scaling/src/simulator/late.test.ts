import { expect, it } from "vitest";
import { measureLate } from "./late.ts";
import { POOL_DEFAULTS } from "./pool-settings.ts";

it("grows within its own time after the metrics came, at every phase of the check, and settles with a fifth of them lost", {
  timeout: 120_000,
}, () => {
  const rows = measureLate(POOL_DEFAULTS, { delays: [0, 300], lostShares: [0.2] });
  expect(rows.map(({ rule, delaySeconds }) => [rule, delaySeconds])).toEqual([
    ["cpu", 0],
    ["cpu", 300],
    ["adaptive", 0],
    ["adaptive", 300],
  ]);
  for (const { delaySeconds, soonestSeconds, grownAfterSeconds, lateActions, workers } of rows) {
    expect(soonestSeconds).toBeGreaterThanOrEqual(delaySeconds + 60);
    // Two whole minutes of data, one lost, and the time until the next check.
    expect(grownAfterSeconds).toBeLessThanOrEqual(delaySeconds + 300);
    expect(lateActions).toBeLessThanOrEqual(1);
    expect(workers).toBeLessThanOrEqual(2);
  }
});
