/** The spans that charts and lists can show; the key stands in addresses. */
export const RANGES = {
  "30m": { label: "30\u00a0min", words: "the past 30 minutes", seconds: 1_800, periodSeconds: 60, tickSeconds: 600 },
  "3h": { label: "3\u00a0h", words: "the past 3 hours", seconds: 10_800, periodSeconds: 60, tickSeconds: 1_800 },
  "24h": { label: "24\u00a0h", words: "the past 24 hours", seconds: 86_400, periodSeconds: 300, tickSeconds: 14_400 },
  "7d": { label: "7\u00a0d", words: "the past 7 days", seconds: 604_800, periodSeconds: 3_600, tickSeconds: 86_400 },
} as const;
export type RangeName = keyof typeof RANGES;
export const RANGE_NAMES: readonly RangeName[] = ["30m", "3h", "24h", "7d"];

export function isRangeName(text: unknown): text is RangeName {
  return typeof text === "string" && Object.hasOwn(RANGES, text);
}

/** Fixed edges of the x axis, epoch milliseconds; `to` is now. */
export interface Span {
  readonly range: RangeName;
  readonly from: number;
  readonly to: number;
  readonly periodSeconds: number;
}

/**
 * The shortest range shows every metric period; the others the period of the table, never less than a metric period.
 */
export function spanOf(range: RangeName, now: number, metricPeriodSeconds: number): Span {
  const { seconds, periodSeconds } = RANGES[range];
  return {
    range,
    from: now - seconds * 1000,
    to: now,
    periodSeconds: range === "30m" ? metricPeriodSeconds : Math.max(periodSeconds, metricPeriodSeconds),
  };
}
