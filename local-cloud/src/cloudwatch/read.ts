import type { MetricStore, Series } from "./metric-store.ts";
import { merge, type Statistic, type Summary, statisticOf } from "./summary.ts";

export interface Window {
  /** Seconds since 1970; the end is exclusive. */
  readonly from: number;
  readonly to: number;
  readonly periodSeconds: number;
}

export interface Bucket {
  /** Start, in seconds since 1970. */
  readonly at: number;
  readonly summary: Summary;
}

/**
 * Periods that CloudWatch knows. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricStat.html
 */
export function isPeriod(seconds: number | undefined): seconds is number {
  return (
    seconds !== undefined &&
    (/^(1|5|10|20|30)$/.test(String(seconds)) || (seconds > 0 && seconds % 60 === 0 && seconds <= 86_400 * 15))
  );
}

/** The window with its start moved down to a period's boundary, so that no bucket is cut. */
export function alignedWindow(startTime: Date, endTime: Date, periodSeconds: number): Window {
  const from = Math.floor(startTime.getTime() / 1000 / periodSeconds) * periodSeconds;
  return { from, to: Math.ceil(endTime.getTime() / 1000), periodSeconds };
}

/** One bucket for each period of the window that has data, in order of time. */
export function readBuckets(store: MetricStore, series: readonly Series[], window: Window): readonly Bucket[] {
  const buckets = new Map<number, Summary>();
  for (const one of series) {
    for (const { at, summary } of store.listPoints(one, window.from, window.to)) {
      const start = window.from + Math.floor((at - window.from) / window.periodSeconds) * window.periodSeconds;
      const known = buckets.get(start);
      buckets.set(start, known ? merge(known, summary) : summary);
    }
  }
  return [...buckets].map(([at, summary]) => ({ at, summary })).sort((a, b) => a.at - b.at);
}

/** The buckets' values of one statistic; a bucket that cannot tell it is left out. */
export function valuesOf(
  buckets: readonly Bucket[],
  statistic: Statistic,
): readonly { readonly at: number; readonly value: number }[] {
  return buckets.flatMap(({ at, summary }) => {
    const value = statisticOf(summary, statistic);
    return value === null ? [] : [{ at, value }];
  });
}
