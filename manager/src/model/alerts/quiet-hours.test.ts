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

  const hours = (from: string, to: string, zone: string) => ({
    from: parseClock(from) ?? 0,
    to: parseClock(to) ?? 0,
    zone,
  });
  it.each([
    ["Vienna", hours("22:00", "06:00", "Europe/Vienna"), "put forward", "2026-03-28T22:00:00Z", "2026-03-29T04:00:00Z"],
    ["Vienna", hours("22:00", "06:00", "Europe/Vienna"), "put back", "2026-10-24T21:00:00Z", "2026-10-25T05:00:00Z"],
    ["Chicago", night, "put forward", "2026-03-08T05:00:00Z", "2026-03-08T11:00:00Z"],
    ["Chicago", night, "put back", "2026-11-01T04:00:00Z", "2026-11-01T12:00:00Z"],
    [
      "Lord Howe",
      hours("22:00", "06:00", "Australia/Lord_Howe"),
      "put forward",
      "2026-10-03T14:00:00Z",
      "2026-10-03T19:00:00Z",
    ],
    [
      "Kathmandu",
      hours("22:00", "06:00", "Asia/Kathmandu"),
      "left alone",
      "2026-11-30T20:00:00Z",
      "2026-12-01T00:15:00Z",
    ],
    [
      "Kiritimati",
      hours("22:00", "06:00", "Pacific/Kiritimati"),
      "left alone",
      "2026-11-30T10:00:00Z",
      "2026-11-30T16:00:00Z",
    ],
  ])("end by the clock on the wall in %s: %o, %s", (_, quiet, __, now, until) => {
    expect(quietUntil(Date.parse(now), quiet)).toBe(Date.parse(until));
  });

  it("that end in the hour that is left out end when the clock has passed it", () => {
    const quiet = hours("22:00", "02:30", "Europe/Vienna");
    expect(quietUntil(Date.parse("2026-03-28T22:00:00Z"), quiet)).toBe(Date.parse("2026-03-29T01:00:00Z"));
  });

  it("that begin and end in the hour that comes twice hold twice", () => {
    const quiet = hours("02:10", "02:40", "Europe/Vienna");
    const ends = ["2026-10-25T00:20:00Z", "2026-10-25T00:50:00Z", "2026-10-25T01:20:00Z"].map((now) =>
      quietUntil(Date.parse(now), quiet),
    );
    expect(ends).toEqual([Date.parse("2026-10-25T00:40:00Z"), null, Date.parse("2026-10-25T01:40:00Z")]);
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
