import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gapsOf, grid, latestOf, meanOf, perMinute, type Series, toSeries, zeroWhere } from "./series.ts";

const MINUTE = 60_000;
const series = (values: readonly (number | null)[], start = 0): Series => ({ start, stepMs: MINUTE, values });

describe("the grid of a range", () => {
  it("has 30 one-minute periods in 30 minutes, wherever now lies", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2_000_000_000, max: 4_000_000_000 }), (now) => {
        const { start, count } = grid(now - 30 * MINUTE, now, 60);
        expect(count).toBe(30);
        expect(start % MINUTE).toBe(0);
        expect(start).toBeGreaterThanOrEqual(now - 30 * MINUTE);
        expect(start + (count - 1) * MINUTE).toBeLessThan(now);
      }),
    );
  });

  it("keeps a missing period apart from zero", () => {
    const placed = toSeries(
      [
        { at: 0, value: 0 },
        { at: 2 * MINUTE, value: 7 },
        { at: 9 * MINUTE, value: 1 },
      ],
      grid(0, 4 * MINUTE, 60),
    );
    expect(placed.values).toEqual([0, null, 7, null]);
  });
});

describe("series", () => {
  it("means only the workers that have a value", () => {
    const like = { start: 0, stepMs: MINUTE, count: 3 };
    expect(meanOf([series([10, null, null]), series([30, 50, null])], like).values).toEqual([20, 50, null]);
  });

  it("reads a missing count as zero only where the balancer reported hosts", () => {
    expect(zeroWhere(series([5, null, null]), series([2, 2, null])).values).toEqual([5, 0, null]);
  });

  it("scales sums of short periods to a minute", () => {
    expect(perMinute({ start: 0, stepMs: 5_000, values: [3, null] }).values).toEqual([36, null]);
  });

  it("finds the newest value behind missing ones", () => {
    expect(latestOf(series([1, 2, null]))).toEqual({ at: MINUTE, value: 2 });
    expect(latestOf(series([null]))).toBeNull();
  });
});

describe("gaps", () => {
  it("lie between the values of a worker in service", () => {
    expect(gapsOf(series([1, null, null, 4]), 0, 4 * MINUTE)).toEqual([{ from: MINUTE, to: 3 * MINUTE }]);
  });

  it("are not drawn before the launch, after the end, or where data cannot be there yet", () => {
    expect(gapsOf(series([null, null, 3, null, null]), 2 * MINUTE, 3 * MINUTE)).toEqual([]);
  });

  it("reach the edge when the data stopped for good", () => {
    expect(gapsOf(series([1, null, null]), 0, 3 * MINUTE)).toEqual([{ from: MINUTE, to: 3 * MINUTE }]);
  });

  it("never cover a value", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.double({ noNaN: true }))), (values) => {
        const all = series(values);
        for (const gap of gapsOf(all, 0, values.length * MINUTE)) {
          for (let at = gap.from; at < gap.to; at += MINUTE) expect(values[at / MINUTE]).toBeNull();
        }
      }),
    );
  });
});
