import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { durationTick, halvedAxis, timeTicks, valueAxis } from "./axis.ts";

const to = Date.UTC(2026, 8, 7, 14, 2, 30);
const labels = (range: "30m" | "24h" | "7d", seconds: number, timeZone: string, widthPixels = 700) =>
  timeTicks({ from: to - seconds * 1000, to, range }, { timeZone, widthPixels }).map((tick) => tick.label);

describe("the time axis", () => {
  it("has a tick every 10 minutes of the past 30", () => {
    expect(labels("30m", 1_800, "UTC")).toEqual(["13:40", "13:50", "14:00"]);
  });

  it("thins out when the plot is narrow", () => {
    expect(labels("30m", 1_800, "UTC", 300)).toEqual(["13:40", "14:00"]);
  });

  it("puts ticks on round times of the reader's zone, also one with an odd offset", () => {
    expect(labels("24h", 86_400, "Asia/Kolkata")[0]).toBe("20:00");
    expect(labels("7d", 604_800, "America/Chicago")).toEqual([
      "1\u00a0Sep",
      "2\u00a0Sep",
      "3\u00a0Sep",
      "4\u00a0Sep",
      "5\u00a0Sep",
      "6\u00a0Sep",
      "7\u00a0Sep",
    ]);
  });
});

describe("the time axis over a night in which clocks are changed", () => {
  const ticks = (range: "30m" | "3h" | "24h" | "7d", end: string, timeZone: string) => {
    const at = Date.parse(end);
    const seconds = { "30m": 1_800, "3h": 10_800, "24h": 86_400, "7d": 604_800 }[range];
    return timeTicks({ from: at - seconds * 1000, to: at, range }, { timeZone, widthPixels: 700 }).map(
      (tick) => `${new Date(tick.at).toISOString().slice(5, 16)} ${tick.label.replace("\u00a0", " ")}`,
    );
  };

  it("has each day at its own midnight, forward and back", () => {
    expect(ticks("7d", "2026-03-31T10:00Z", "Europe/Vienna")).toEqual([
      "03-24T23:00 25 Mar",
      "03-25T23:00 26 Mar",
      "03-26T23:00 27 Mar",
      "03-27T23:00 28 Mar",
      "03-28T23:00 29 Mar",
      "03-29T22:00 30 Mar",
      "03-30T22:00 31 Mar",
    ]);
    expect(ticks("7d", "2026-11-03T10:00Z", "America/Chicago").slice(3, 7)).toEqual([
      "10-31T05:00 31 Oct",
      "11-01T05:00 1 Nov",
      "11-02T06:00 2 Nov",
      "11-03T06:00 3 Nov",
    ]);
  });

  it("leaves the hour out that does not exist, and has the one that comes twice twice", () => {
    expect(ticks("3h", "2026-03-29T02:10Z", "Europe/Vienna")).toEqual([
      "03-28T23:30 00:30",
      "03-29T00:00 01:00",
      "03-29T00:30 01:30",
      "03-29T01:00 03:00",
      "03-29T01:30 03:30",
      "03-29T02:00 04:00",
    ]);
    expect(ticks("3h", "2026-10-25T02:10Z", "Europe/Vienna").map((tick) => tick.slice(-5))).toEqual([
      "01:30",
      "02:00",
      "02:30",
      "02:00",
      "02:30",
      "03:00",
    ]);
  });
});

describe("the value axis", () => {
  it.each([
    [0, 2, 1],
    [1, 2, 1],
    [7, 8, 2],
    [8, 8, 2],
    [359, 400, 100],
    [1_234, 1_250, 250],
  ])("for a largest value of %d ends at %d in steps of %d", (largest, top, step) => {
    expect(valueAxis(largest)).toEqual({ top, step });
  });

  it("always covers the data with at most five steps", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), fc.boolean(), (largest, whole) => {
        const { top, step } = valueAxis(largest, { whole });
        expect(top).toBeGreaterThanOrEqual(largest - 1e-6 * largest);
        expect(top / step).toBeLessThanOrEqual(5 + 1e-9);
      }),
    );
  });

  it.each([
    [0, 2],
    [2, 2],
    [9, 10],
    [101, 120],
    [130, 160],
    [959, 1_000],
  ])("of a row with a largest value of %d ends at %d", (largest, top) => {
    expect(halvedAxis(largest)).toEqual({ top, step: top / 2 });
  });

  it.each([
    [0, "0 ms"],
    [0.05, "0.05 ms"],
    [250, "250 ms"],
    [1_000, "1 s"],
    [12_500, "12.5 s"],
  ])("of response times names %d ms so that it fits the gutter: %s", (milliseconds, tick) => {
    expect(durationTick(milliseconds).replace("\u00a0", " ")).toBe(tick);
  });
});
