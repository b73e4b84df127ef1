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
const options = { ahead: 3, risk: 0.05, periods: 360 };
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
    expect(begun).toBeGreaterThanOrEqual(3);
    expect(resting).toBeLessThan(begun ?? 0);
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
        expect(riseByMovement(trackOf(loads), options)).toBeLessThanOrEqual(Math.max(0, ...most) + 1e-9);
      }),
    );
  });
});
