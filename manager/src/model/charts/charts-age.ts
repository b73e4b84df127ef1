import { RANGES, type RangeName } from "./range.ts";

/** How old charts may be: a quarter of the period that they show; more than a minute's delay never matters. */
export function chartsMaxAgeMs(range: RangeName, metricPeriodSeconds: number): number {
  const period = range === "30m" ? metricPeriodSeconds : Math.max(RANGES[range].periodSeconds, metricPeriodSeconds);
  return Math.max(1_000, (Math.min(period, 240) * 1_000) / 4);
}
