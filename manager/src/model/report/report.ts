import type { ChartSnapshot } from "../charts/chart-snapshot.ts";
import type { CountStep } from "../charts/count-steps.ts";
import type { RangeName } from "../charts/range.ts";
import type { Series } from "../charts/series.ts";
import type { Entry } from "../decisions/list-entries.ts";
import type { Alert } from "../fleet/alert.ts";
import type { PoolSnapshot } from "../fleet/fleet-snapshot.ts";

/** What one file tells about a time range. Instants are epoch milliseconds. */
export interface Report {
  readonly range: RangeName;
  readonly from: number;
  readonly to: number;
  readonly timeZone: string;
  readonly prefix: string;
  readonly region: string;
  readonly priceCentsPerHour: number;
  readonly pools: readonly ReportPool[];
  /** Those that stand at the end of the range. */
  readonly alerts: readonly Alert[];
  /** Those that a channel was told of within the range, oldest first. */
  readonly toldAlerts: readonly ToldAlert[];
}

export interface ReportPool {
  readonly snapshot: PoolSnapshot;
  readonly charts: ChartSnapshot;
  /** Changes and refusals, newest first; checks without either are counted only. */
  readonly entries: readonly Entry[];
  /** There were more than are listed. */
  readonly isCut: boolean;
  readonly checks: number;
}

export interface ToldAlert {
  readonly at: number;
  readonly phase: "raised" | "cleared";
  readonly title: string;
}

/** How many workers there were, and what was paid for. */
export interface WorkerUse {
  /** Of the workers in service; null when nothing is known. */
  readonly low: number | null;
  readonly high: number | null;
  readonly mean: number | null;
  /** Hours of workers that existed, in whatever state: each of them costs. */
  readonly paidHours: number;
  /** Time of which nothing is known, such as before the first check. */
  readonly unknownMs: number;
}

export function workerUse(
  steps: readonly CountStep[],
  { from, to }: { readonly from: number; readonly to: number },
): WorkerUse {
  let [low, high, servedMs, paidMs, knownMs] = [Number.POSITIVE_INFINITY, 0, 0, 0, 0];
  for (const [index, { at, counts }] of steps.entries()) {
    const lasted = Math.min(steps[index + 1]?.at ?? to, to) - Math.max(at, from);
    if (counts === null || lasted <= 0) continue;
    const { inService, warming, pending, draining } = counts;
    low = Math.min(low, inService);
    high = Math.max(high, inService);
    servedMs += inService * lasted;
    paidMs += (inService + warming + pending + draining) * lasted;
    knownMs += lasted;
  }
  const isKnown = knownMs > 0;
  return {
    low: isKnown ? low : null,
    high: isKnown ? high : null,
    mean: isKnown ? servedMs / knownMs : null,
    paidHours: paidMs / 3_600_000,
    unknownMs: to - from - knownMs,
  };
}

/** Mean and largest value; null without data. */
export function loadOf({ values }: Series): { readonly mean: number; readonly peak: number } | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return null;
  return { mean: known.reduce((sum, value) => sum + value, 0) / known.length, peak: Math.max(...known) };
}
