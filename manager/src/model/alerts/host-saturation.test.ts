import { describe, expect, it } from "vitest";
import { saturationOf } from "./host-saturation.ts";

const now = 600_000;
/** Periods of a minute; the last one ends now. */
const host = (...values: readonly (number | null)[]) => ({
  start: now - values.length * 60_000,
  stepMs: 60_000,
  values,
});

describe("a saturated machine", () => {
  it.each([
    ["two periods at 95 %", [50, 95, 95], { since: now - 120_000, percent: 95 }],
    ["since the first of them in a row", [96, 97, 98, 99], { since: now - 240_000, percent: 99 }],
    ["also while the newest value is not there yet", [97, 98, null], { since: now - 180_000, percent: 98 }],
  ])("is %s", (_, values, expected) => {
    expect(saturationOf(host(...values), now)).toEqual(expected);
  });

  it.each([
    ["one period", [50, 99]],
    ["two that are not in a row", [99, 50, 99]],
    ["a gap between them", [99, null, 99]],
    ["just below", [94.9, 94.9]],
    ["past", [99, 99, 50]],
    ["long ago", [99, 99, null, null, null, null]],
    ["unknown, as on AWS", [null, null]],
  ])("is not: %s", (_, values) => {
    expect(saturationOf(host(...values), now)).toBeNull();
  });
});
