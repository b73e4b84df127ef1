import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CountStep } from "../charts/count-steps.ts";
import { loadOf, workerUse } from "./report.ts";

const HOUR = 3_600_000;
const counts = (inService: number, others: Partial<NonNullable<CountStep["counts"]>> = {}) => ({
  desired: inService,
  inService,
  warming: 0,
  pending: 0,
  draining: 0,
  ...others,
});
const use = (...steps: readonly CountStep[]) => workerUse(steps, { from: 0, to: 4 * HOUR });

describe("the use of workers", () => {
  it("counts the hours of every worker that exists, and averages those in service by time", () => {
    expect(use({ at: 0, counts: counts(1) }, { at: HOUR, counts: counts(3, { pending: 1, draining: 2 }) })).toEqual({
      low: 1,
      high: 3,
      mean: (1 + 3 * 3) / 4,
      paidHours: 1 + 3 * 6,
      unknownMs: 0,
    });
  });

  it("leaves out what is not known, and says how long that was", () => {
    expect(use({ at: HOUR, counts: counts(2) }, { at: 2 * HOUR, counts: null })).toEqual({
      low: 2,
      high: 2,
      mean: 2,
      paidHours: 2,
      unknownMs: 3 * HOUR,
    });
    expect(use()).toEqual({ low: null, high: null, mean: null, paidHours: 0, unknownMs: 4 * HOUR });
  });

  it("gives a step that lasts no time no weight, and none beyond the end", () => {
    const steps = [
      { at: 0, counts: counts(9) },
      { at: 0, counts: counts(1) },
      { at: 4 * HOUR, counts: counts(5) },
    ];
    expect(use(...steps)).toMatchObject({ low: 1, high: 1, paidHours: 4 });
  });

  it("keeps the mean between the lowest and the highest", () => {
    const step = fc.record({
      at: fc.integer({ min: 0, max: 4 * HOUR }),
      counts: fc.option(fc.nat(20).map((inService) => counts(inService))),
    });
    fc.assert(
      fc.property(fc.array(step), (unordered) => {
        const { low, high, mean, paidHours } = use(...unordered.toSorted((a, b) => a.at - b.at));
        if (low === null || high === null || mean === null) return;
        expect(mean).toBeGreaterThanOrEqual(low - 1e-9);
        expect(mean).toBeLessThanOrEqual(high + 1e-9);
        expect(paidHours).toBeLessThanOrEqual(high * 4 + 1e-9);
      }),
    );
  });
});

it("the load has a mean and a peak of the values that are there", () => {
  expect(loadOf({ start: 0, stepMs: 1, values: [null, 10, null, 40] })).toEqual({ mean: 25, peak: 40 });
  expect(loadOf({ start: 0, stepMs: 1, values: [null] })).toBeNull();
});
