import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatClock, parseClock, quietUntil } from "./quiet-hours.ts";

const at = (time: string) => Date.parse(`2026-09-07T${time}Z`);
const night = { from: 22 * 60, to: 6 * 60, zone: "America/Chicago" };

describe("quiet hours", () => {
  it.each([
    // Chicago is 5 h behind in September.
    ["over midnight, in the evening", "03:00:30", "11:00:00"],
    ["over midnight, in the morning", "10:59:59", "11:00:00"],
    ["from their first minute on", "03:00:00", "11:00:00"],
  ])("hold %s", (_, now, until) => {
    expect(quietUntil(at(now), night)).toBe(at(until));
  });

  it("are over at their end, and none by day", () => {
    expect(quietUntil(at("11:00:00"), night)).toBeNull();
    expect(quietUntil(at("18:00:00"), night)).toBeNull();
    expect(quietUntil(at("02:59:59"), night)).toBeNull();
  });

  it("are none without a length, or without a setting", () => {
    expect(quietUntil(at("03:00:00"), { ...night, to: night.from })).toBeNull();
    expect(quietUntil(at("03:00:00"), null)).toBeNull();
  });

  it("end within a day, at an instant that is not quiet", () => {
    const minute = fc.integer({ min: 0, max: 1_439 });
    fc.assert(
      fc.property(minute, minute, fc.integer({ min: 0, max: 86_400_000 }), (from, to, offset) => {
        const quiet = { from, to, zone: "UTC" };
        const now = at("00:00:00") + offset;
        const until = quietUntil(now, quiet);
        if (until === null) return;
        expect(until).toBeGreaterThan(now);
        expect(until - now).toBeLessThanOrEqual(86_400_000);
        expect(quietUntil(until, quiet)).toBeNull();
      }),
    );
  });

  it("are read and written as times of the day", () => {
    expect([parseClock("22:30"), parseClock("6:05"), formatClock(365)]).toEqual([1_350, 365, "06:05"]);
    for (const text of ["24:00", "12:60", "", "noon", "12:5"]) expect(parseClock(text)).toBeUndefined();
  });
});
