import { describe, expect, it } from "vitest";
import { saturationOf, sinceKnownStart } from "./host-saturation.ts";

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
    expect(saturationOf(host(...values), now)).toMatchObject(expected);
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

  it("keeps its start when the start is older than the values that are looked at", () => {
    const found = saturationOf(host(99, 99, 99), now);
    const before = { since: now - 3_600_000, until: now - 60_000, fromStart: false, percent: 98 };
    expect(found && sinceKnownStart(found, before).since).toBe(before.since);
    // It had CPU left in between, or nobody looked.
    const longAgo = { ...before, until: now - 300_000 };
    expect(found && sinceKnownStart(found, longAgo)).toBe(found);
    const later = saturationOf(host(50, 99, 99), now);
    expect(later && sinceKnownStart(later, before)).toBe(later);
  });
});
