/**
 * Values on a grid of equal periods: `values[i]` belongs to the period that starts at `start + i * stepMs`, as
 * CloudWatch names periods by their start. null = no data.
 */
export interface Series {
  readonly start: number;
  readonly stepMs: number;
  readonly values: readonly (number | null)[];
}

export interface Point {
  readonly at: number;
  readonly value: number;
}

/** The periods that start within [from, to). */
export function grid(
  from: number,
  to: number,
  periodSeconds: number,
): { start: number; stepMs: number; count: number } {
  const stepMs = periodSeconds * 1000;
  const start = Math.ceil(from / stepMs) * stepMs;
  return { start, stepMs, count: Math.max(0, Math.ceil((to - start) / stepMs)) };
}

/** Places points on a grid; points outside it are dropped. */
export function toSeries(points: readonly Point[], { start, stepMs, count }: ReturnType<typeof grid>): Series {
  const values = new Array<number | null>(count).fill(null);
  for (const { at, value } of points) {
    const index = Math.floor((at - start) / stepMs);
    if (index >= 0 && index < count) values[index] = value;
  }
  return { start, stepMs, values };
}

export function atOf(series: Series, index: number): number {
  return series.start + index * series.stepMs;
}

/** The mean, period by period, of those that have a value; null where none has. All must lie on one grid. */
export function meanOf(all: readonly Series[], like: ReturnType<typeof grid>): Series {
  const values = Array.from({ length: like.count }, (_, index) => {
    const present = all.map((series) => series.values[index]).filter((value) => value != null);
    return present.length === 0 ? null : present.reduce((sum, value) => sum + value, 0) / present.length;
  });
  return { start: like.start, stepMs: like.stepMs, values };
}

/**
 * 0 where the value is missing and `proof` has one: a load balancer leaves out counts that are zero, but never its
 * number of hosts.
 */
export function zeroWhere(series: Series, proof: Series): Series {
  return { ...series, values: series.values.map((value, index) => value ?? (proof.values[index] == null ? null : 0)) };
}

/** Values per minute from sums per period. */
export function perMinute(series: Series): Series {
  const factor = 60_000 / series.stepMs;
  return { ...series, values: series.values.map((value) => (value === null ? null : value * factor)) };
}

export function scale(series: Series, factor: number): Series {
  return { ...series, values: series.values.map((value) => (value === null ? null : value * factor)) };
}

/** Without the values before `from` and from `to` on. */
export function within(series: Series, from: number, to: number): Series {
  return {
    ...series,
    values: series.values.map((value, index) => {
      const at = atOf(series, index);
      return at >= from && at < to ? value : null;
    }),
  };
}

/** The newest value; null when there is none. */
export function latestOf(series: Series): Point | null {
  for (let index = series.values.length - 1; index >= 0; index -= 1) {
    const value = series.values[index];
    if (value != null) return { at: atOf(series, index), value };
  }
  return null;
}

/** The value of the period that holds `at`; null when it has none. */
export function valueAt(series: Series, at: number): number | null {
  return series.values[Math.floor((at - series.start) / series.stepMs)] ?? null;
}

export interface Gap {
  readonly from: number;
  readonly to: number;
}

/**
 * The stretches without data within [expectedFrom, expectedTo): to be hatched, never bridged. A stretch reaches from
 * the period after the last value to the start of the next one.
 */
export function gapsOf(series: Series, expectedFrom: number, expectedTo: number): readonly Gap[] {
  const gaps: Gap[] = [];
  let open: number | null = null;
  for (let index = 0; index <= series.values.length; index += 1) {
    const at = atOf(series, index);
    const missing =
      index < series.values.length &&
      series.values[index] === null &&
      at >= expectedFrom &&
      at + series.stepMs <= expectedTo;
    if (missing) open ??= at;
    else if (open !== null) {
      gaps.push({ from: open, to: at });
      open = null;
    }
  }
  return gaps;
}
