import { type CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { METRICS } from "@elastic-gas/shared/metrics";
import type { Request, RequestHandler } from "express";

/** A failing CloudWatch must not let the memory grow: older periods are given up. */
const MAX_PERIODS = 60;
/** The balancer's health checks and the scraper are not load. */
const UNCOUNTED: ReadonlySet<string> = new Set(["/healthz", "/metrics", "/readyz"]);

export function isCounted({ path }: Pick<Request, "path">): boolean {
  return !UNCOUNTED.has(path);
}

export interface PeriodCount {
  /** Start of the period. */
  readonly startAt: Date;
  readonly count: number;
}

export interface RequestCounter {
  readonly count: RequestHandler;
  /**
   * Counts of the periods that are over (all of them when `all`), oldest first, zeros included; the counter forgets
   * them.
   */
  take(now: Date, all?: boolean): readonly PeriodCount[];
  /** Puts counts back whose publishing failed. */
  giveBack(counts: readonly PeriodCount[]): void;
}

/**
 * Counts requests by wall-clock period, so that each CloudWatch point holds exactly the requests that came in its
 * period.
 */
export function createRequestCounter(periodSeconds: number, now: () => Date = () => new Date()): RequestCounter {
  const periodMs = periodSeconds * 1_000;
  const startOf = (at: Date) => Math.floor(at.getTime() / periodMs) * periodMs;
  const counts = new Map<number, number>();
  const add = (start: number, count: number) => counts.set(start, (counts.get(start) ?? 0) + count);
  let next = startOf(now());
  return {
    count: (req, _res, proceed) => {
      if (isCounted(req)) add(startOf(now()), 1);
      proceed();
    },
    take(at, all = false) {
      const current = startOf(at);
      for (; next < current; next += periodMs) add(next, 0);
      const due = [...counts.entries()]
        .filter(([start]) => all || start < current)
        .sort(([a], [b]) => a - b)
        .slice(-MAX_PERIODS);
      for (const start of [...counts.keys()]) if (all || start < current) counts.delete(start);
      return due.map(([start, count]) => ({ startAt: new Date(start), count }));
    },
    giveBack(taken) {
      for (const { startAt, count } of taken) add(startAt.getTime(), count);
    },
  };
}

/** Publishes one point per period: metric RequestCount by InstanceId. */
export async function publishRequestCounts(
  cloudwatch: CloudWatchClient,
  counts: readonly PeriodCount[],
  { instanceId, periodSeconds }: { readonly instanceId: string; readonly periodSeconds: number },
): Promise<void> {
  if (counts.length === 0) return;
  await cloudwatch.send(
    new PutMetricDataCommand({
      Namespace: METRICS.workerRequests.namespace,
      MetricData: counts.map(({ startAt, count }) => ({
        MetricName: METRICS.workerRequests.name,
        Dimensions: [{ Name: "InstanceId", Value: instanceId }],
        Timestamp: startAt,
        Value: count,
        Unit: "Count",
        // Points closer than a minute are kept apart only as high-resolution ones.
        StorageResolution: periodSeconds < 60 ? 1 : 60,
      })),
    }),
  );
}
