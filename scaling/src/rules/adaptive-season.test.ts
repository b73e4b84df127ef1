import { describe, expect, it } from "vitest";
import { forecastAt } from "./adaptive-forecast.ts";
import { measureMinutes } from "./adaptive-measure.ts";
import { type AdaptiveState, initialAdaptiveState } from "./adaptive-state.ts";

const MINUTE = 60_000;
const AHEAD = 4;
const RISK = 0.15;

/** What was learned from the loads of these minutes, the last of them at `until`. */
function learned(load: (minute: number) => number, until: number, minutes = 300): AdaptiveState {
  const points = Array.from({ length: minutes }, (_, index) => {
    const minute = until - minutes + 1 + index;
    return { at: minute * MINUTE, members: 10, reporting: 10, cpuSum: load(minute) * 100, requests: null };
  });
  return measureMinutes(initialAdaptiveState(60, 0), points);
}

function forecast(load: (minute: number) => number, until: number, minutes?: number) {
  const { points } = learned(load, until, minutes);
  const made = forecastAt(points, points.length - 1, { ahead: AHEAD, risk: RISK, clock: false });
  if (made === null) throw new Error("no points");
  return made;
}

/** 3 workers' worth for 5 minutes each half hour. */
const cron = (minute: number): number => (minute % 30 < 5 ? 3 : 0.2);

describe("hours that repeat", () => {
  it("foresee a burst at the minute at which it comes, neither before nor after", () => {
    expect(forecast(cron, 6_000 - AHEAD - 1)).toMatchObject({ bySeason: true, forecast: expect.closeTo(0.2) });
    expect(forecast(cron, 6_000 - AHEAD)).toMatchObject({ bySeason: true, forecast: expect.closeTo(3) });
    expect(forecast(cron, 6_004)).toMatchObject({ bySeason: true, forecast: expect.closeTo(0.2) });
  });

  it("tell a shrink of what comes within a few minutes more", () => {
    expect(forecast(cron, 6_000 - AHEAD - 3).base).toBeCloseTo(3);
    expect(forecast(cron, 6_000 - AHEAD - 4).base).toBeCloseTo(0.2);
  });

  it("count each quarter, and each hour, too", () => {
    expect(forecast((minute) => (minute % 15 < 3 ? 2 : 0.5), 6_000 - AHEAD)).toMatchObject({
      forecast: expect.closeTo(2),
    });
    expect(forecast((minute) => (minute % 60 < 5 ? 2 : 0.5), 6_000 - AHEAD)).toMatchObject({
      forecast: expect.closeTo(2),
    });
  });

  it("are not believed before two hours have shown it, nor when every hour is another", () => {
    expect(forecast(cron, 6_000 - AHEAD, 100).bySeason).toBe(false);
    // The same in no two hours: the fraction of a large sine.
    const wandering = (minute: number): number => 1.5 + Math.abs((Math.sin(minute * 78.233) * 43_758.5453) % 1);
    expect(forecast(wandering, 6_000).bySeason).toBe(false);
    expect(forecast(() => 2, 6_000).bySeason).toBe(false);
  });

  it("are not believed while something happens that they did not foresee", () => {
    const crowd = (minute: number): number => cron(minute) + (minute >= 6_010 ? 2 : 0);
    const made = forecast(crowd, 6_012);
    expect(made.bySeason).toBe(false);
    expect(made.forecast).toBeGreaterThanOrEqual(2.2);
  });
});
