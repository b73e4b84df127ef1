import type { Series } from "../charts/series.ts";

export interface Saturation {
  /** Start of the first of the saturated periods in a row, epoch milliseconds. */
  readonly since: number;
  /** End of the last one. */
  readonly until: number;
  /** Saturated through the whole series: it may have begun before it. */
  readonly fromStart: boolean;
  /** Of the last one, 0-100. */
  readonly percent: number;
}

const SATURATED_PERCENT = 95;
/** One period may be a build or a start; two in a row are load. */
const PERIODS_IN_A_ROW = 2;
/** An older last value says nothing about now; CloudWatch itself may take two periods. */
const MAX_AGE_PERIODS = 4;

/** From when on the whole machine has had no CPU left; null when it has, or when its CPU is not known, as on AWS. */
export function saturationOf(host: Series, now: number): Saturation | null {
  const last = host.values.findLastIndex((value) => value !== null);
  const startOf = (index: number): number => host.start + index * host.stepMs;
  if (last < 0 || now - startOf(last) > MAX_AGE_PERIODS * host.stepMs) return null;
  let first = last;
  while ((host.values[first] ?? 0) >= SATURATED_PERCENT) first -= 1;
  if (last - first < PERIODS_IN_A_ROW) return null;
  return { since: startOf(first + 1), until: startOf(last + 1), fromStart: first < 0, percent: host.values[last] ?? 0 };
}

/** The same with the start that was known at an earlier look, where it was saturated all the time since. */
export function sinceKnownStart(found: Saturation, before: Saturation | null): Saturation {
  if (!found.fromStart || before === null || before.until < found.since) return found;
  return { ...found, since: before.since, fromStart: before.fromStart };
}
