import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { riseByMovement } from "./adaptive-rises.ts";
import type { Track } from "./adaptive-track.ts";

/** Levels that are the loads themselves; no rise but what the changes tell. */
function trackOf(loads: readonly number[]): Track {
  return {
    loads: Float64Array.from(loads),
    levels: Float64Array.from(loads),
    rises: new Float64Array(loads.length),
    blind: new Uint8Array(loads.length),
  };
}
const options = { ahead: 3, risk: 0.05, periods: 360, clock: false };
/** Twenty minutes of rest, then a ramp up within five minutes and down again. */
const ramps = Array.from({ length: 300 }, (_, minute) => {
  const step = minute % 30;
  if (step < 20) return 1;
  return 1 + (step < 25 ? step - 19 : 30 - step);
});

describe("the usual rise by how the load moves", () => {
  it("foresees the rest of a ramp from its first minute, and keeps no room for one while the load rests", () => {
    // Minute 260 is the first of a ramp.
    const begun = riseByMovement(trackOf(ramps.slice(0, 261)), options);
    const resting = riseByMovement(trackOf(ramps.slice(0, 255)), options);
    expect(begun?.rise).toBeGreaterThanOrEqual(3);
    expect(resting?.rise).toBeLessThan(begun?.rise ?? 0);
  });

  it("knows nothing of fewer than 30 minutes, of a gap in the last three, and learns nothing from a guess", () => {
    expect(riseByMovement(trackOf(ramps.slice(0, 30)), options)).toBeNull();
    expect(riseByMovement(trackOf([...ramps.slice(0, 100), Number.NaN, 1]), options)).toBeNull();
    const blind = { ...trackOf(ramps), blind: new Uint8Array(ramps.length).fill(1) };
    expect(riseByMovement(blind, options)).toBeNull();
  });

  it("is never more than was seen", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 8, noNaN: true }), { minLength: 60, maxLength: 200 }), (loads) => {
        const most = loads.slice(3).map((load, index) => load - (loads[index] ?? 0));
        const rise = riseByMovement(trackOf(loads), { ...options, clock: true })?.rise;
        expect(rise).toBeLessThanOrEqual(Math.max(0, ...most) + 1e-9);
      }),
    );
  });

  describe("at the same minute of earlier half hours", () => {
    /** Bursts of five minutes, each at a minute of its half hour; a half hour without one has null. */
    const loadsOf = (begins: readonly (number | null)[]): number[] =>
      begins.flatMap((begin) =>
        Array.from({ length: 30 }, (_, minute) => (begin !== null && minute >= begin && minute < begin + 5 ? 4 : 1)),
      );
    const expected = (begins: readonly (number | null)[], minutesBefore: number, clock = true) =>
      riseByMovement(trackOf(loadsOf(begins).slice(0, begins.length * 30 - minutesBefore)), { ...options, clock });

    it("foresees a burst that a clock starts now and then, and only for its minutes", () => {
      const now = [null, 10, null, 10, null, null, 10, null, null, 10, null, null];
      const before = expected(now, 30 - 8);
      expect(before?.rise).toBeCloseTo(3, 0);
      expect(before?.byClock).toBeGreaterThan(1.5);
      expect(expected(now, 30 - 5)?.rise).toBeLessThan(1);
      expect(expected(now, 30 - 16)?.rise).toBeLessThan(1);
      expect(expected(now, 30 - 8, false)?.byClock).toBe(0);
    });

    it("takes one burst for chance, and bursts that come at any minute", () => {
      const once = [null, null, null, 10, null, null, null, null, null, null, null, null];
      expect(expected(once, 30 - 8)?.byClock).toBe(0);
      const anywhere = [3, null, 17, 8, null, 24, 13, null, 20, 0, null, null];
      expect(expected(anywhere, 30 - 8)?.byClock).toBeLessThan(0.5);
    });
  });
});
