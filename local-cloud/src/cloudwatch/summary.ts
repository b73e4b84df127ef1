/** A value and how often it occurred. */
export type Sample = readonly [value: number, count: number];

/** What is kept of the values of one series in one period. */
export interface Summary {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** The distribution, for percentiles; null when only a statistic set is known. */
  readonly samples: readonly Sample[] | null;
}

export type Statistic = "Average" | "Sum" | "Minimum" | "Maximum" | "SampleCount" | `p${number}`;

const MAX_EXACT = 100; // distinct values kept as they came; more are put into buckets
const BUCKET = Math.log(1.02); // a bucket's value is at most 1 % off

export function summaryOf(samples: readonly Sample[]): Summary {
  let [count, sum, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [value, times] of samples) {
    count += times;
    sum += value * times;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return { count, sum, min, max, samples: compact(samples) };
}

/** A statistic set: its distribution is known only when all its values are the same. */
export function summaryOfStatistics(set: Omit<Summary, "samples">): Summary {
  return { ...set, samples: set.min === set.max ? [[set.min, set.count]] : null };
}

export function merge(a: Summary, b: Summary): Summary {
  return {
    count: a.count + b.count,
    sum: a.sum + b.sum,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    samples: a.samples && b.samples && compact([...a.samples, ...b.samples]),
  };
}

export function isStatistic(text: string): text is Statistic {
  return /^(Average|Sum|Minimum|Maximum|SampleCount)$/.test(text) || percentOf(text) !== null;
}

/** Null when the statistic cannot be told: a percentile without a distribution. */
export function statisticOf(summary: Summary, statistic: Statistic): number | null {
  switch (statistic) {
    case "Average":
      return summary.sum / summary.count;
    case "Sum":
      return summary.sum;
    case "Minimum":
      return summary.min;
    case "Maximum":
      return summary.max;
    case "SampleCount":
      return summary.count;
    default:
      return percentile(summary, percentOf(statistic) ?? 0);
  }
}

function percentOf(text: string): number | null {
  const percent = Number(/^p(\d{1,3}(?:\.\d{1,10})?)$/.exec(text)?.[1] ?? Number.NaN);
  return percent >= 0 && percent <= 100 ? percent : null;
}

/** The smallest value that at least this share of all values does not exceed. */
function percentile({ samples, count }: Summary, percent: number): number | null {
  if (!samples) return null;
  const rank = (percent / 100) * count;
  let seen = 0;
  for (const [value, times] of samples) {
    seen += times;
    if (seen >= rank) return value;
  }
  return samples.at(-1)?.[0] ?? null;
}

/** Sorted, equal values counted together, at most MAX_EXACT exact values and else one per bucket. */
function compact(samples: readonly Sample[]): readonly Sample[] {
  const exact = grouped(samples, (value) => value);
  return exact.length <= MAX_EXACT ? exact : grouped(exact, bucketValue);
}

function grouped(samples: readonly Sample[], keyOf: (value: number) => number): readonly Sample[] {
  const counts = new Map<number, number>();
  for (const [value, times] of samples) {
    const key = keyOf(value);
    counts.set(key, (counts.get(key) ?? 0) + times);
  }
  return [...counts].sort(([a], [b]) => a - b);
}

function bucketValue(value: number): number {
  return value === 0 ? 0 : Math.sign(value) * Math.exp(Math.round(Math.log(Math.abs(value)) / BUCKET) * BUCKET);
}
