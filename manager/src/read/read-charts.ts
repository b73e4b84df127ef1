import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { POOLS } from "@elastic-gas/scaling/pools";
import type { Balancer } from "@elastic-gas/shared/aws/load-balancer";
import type { Database } from "@elastic-gas/shared/database/connect";
import { METRICS } from "@elastic-gas/shared/metrics";
import type { PoolName, Resources } from "@elastic-gas/shared/resources";
import type { ChartSnapshot, WorkerSeries } from "../model/charts/chart-snapshot.ts";
import { isEqual, toSteps } from "../model/charts/count-steps.ts";
import type { Span } from "../model/charts/range.ts";
import { grid, meanOf, perMinute, type Series, scale, within, zeroWhere } from "../model/charts/series.ts";
import { countsOf } from "../model/charts/worker-lives.ts";
import { describeActivity, type Occurrence } from "../model/decisions/occurrence.ts";
import type { ActivityRow } from "../model/decisions/records.ts";
import type { PoolSnapshot } from "../model/fleet/fleet-snapshot.ts";
import type { WorkerSnapshot } from "../model/fleet/worker-snapshot.ts";
import { listActivities, listCounts } from "./decisions.ts";
import { listPolicyVersions } from "./policy-versions.ts";
import { findPool } from "./pools.ts";
import { type MetricQuery, readMetrics } from "./read-metrics.ts";
import { listWorkerLives } from "./worker-lives.ts";

export interface ChartDeps {
  readonly db: Database;
  readonly cloudwatch: CloudWatchClient;
  readonly resources: Resources;
  readonly tickSeconds: number;
}

export interface ChartRequest {
  readonly pool: PoolName;
  readonly span: Span;
  readonly balancer: Balancer | null;
  /** The workers of the pool that EC2 knows, ended ones included. */
  readonly workers: readonly WorkerSnapshot[];
  readonly present: PoolSnapshot | undefined;
}

/** CloudWatch has a period's value about one period after its end. */
const PERIODS_OF_DELAY = 2;
const MAX_EVENTS = 200;
const MAX_PAST_WORKERS = 300;
/** A worker launched this long before the span may still have served in it. */
const LONG_LIFE_MS = 24 * 3_600_000;
/** Worker counts are unknown when neither a check nor a worker's event came for so many checks. */
const MISSED_CHECKS = 3;

/**
 * Reads everything that the charts of one pool show: one GetMetricData for all its metrics, and the checks and changes
 * from MySQL.
 */
export async function readCharts(deps: ChartDeps, request: ChartRequest): Promise<ChartSnapshot> {
  const { db, cloudwatch, resources, tickSeconds } = deps;
  const { pool, span, present } = request;
  const pastIds = await listPastIds(db, request);
  const queries = metricQueries(request, pastIds, resources);
  const [metrics, checks, activities, lives, row] = await Promise.all([
    readMetrics(cloudwatch, queries, span),
    listCounts(db, pool, span.from, span.to),
    listActivities(db, { ...span, pool }, MAX_EVENTS),
    listWorkerLives(db, pool, span),
    findPool(db, pool),
  ]);
  const events = await listEvents(db, pool, { span, activities });
  const desired = activities.map((activity) => ({ at: activity.at, desired: activity.desiredAfter }));
  const counts = countsOf(checks, { ...lives, desired });
  const like = grid(span.from, span.to, span.periodSeconds);
  const read = (key: string): Series => metrics.get(key) ?? { ...like, values: new Array<null>(like.count).fill(null) };
  const settledUntil = span.to - PERIODS_OF_DELAY * span.periodSeconds * 1000;
  const graceMs = PERIODS_OF_DELAY * span.periodSeconds * 1000;
  const workers = request.workers.map((worker) => readWorker(worker, read, { pool, graceMs }));
  const policy = row?.policy;
  const windowSeconds = policy?.kind === "queue-thresholds" ? policy.windowSeconds : 600;
  return {
    pool,
    span,
    at: span.to,
    steps: toSteps(counts, { ...span, maxAgeMs: MISSED_CHECKS * tickSeconds * 1000 }, presentCounts(present)),
    cpu: meanOf(
      [
        ...workers.map((worker) => within(worker.cpu, worker.expectedFrom - graceMs, span.to)),
        ...pastIds.map((id) => read(`cpu ${id}`)),
      ],
      like,
    ),
    traffic:
      POOLS[pool].balanced && request.balancer !== null
        ? {
            requests: perMinute(zeroWhere(read("requests"), read("hosts"))),
            responseMs: scale(read("response"), 1000),
          }
        : null,
    queue:
      POOLS[pool].queue !== null
        ? { waiting: read("waiting"), sent: windowed(read("sent"), windowSeconds), windowSeconds }
        : null,
    thresholds:
      policy?.kind === "cpu" ? { grow: policy.growThresholdPercent, shrink: policy.shrinkThresholdPercent } : null,
    events,
    workers,
    workerMeasure: POOLS[pool].measures,
    settledUntil,
  };
}

/**
 * Workers that EC2 has forgotten (after about an hour) but that may have served within the span: their CPU belongs to
 * the mean.
 */
async function listPastIds(db: Database, { pool, span, workers }: ChartRequest): Promise<readonly string[]> {
  const known = new Set(workers.map((worker) => worker.id));
  const rows = await db
    .selectFrom("launchIntents")
    .select("instanceId")
    .where("pool", "=", pool)
    .where("state", "=", "launched")
    .where("createdAt", ">=", new Date(span.from - LONG_LIFE_MS))
    .orderBy("createdAt", "desc")
    .limit(MAX_PAST_WORKERS)
    .execute();
  return rows.flatMap(({ instanceId }) => (instanceId === null || known.has(instanceId) ? [] : [instanceId]));
}

function metricQueries(
  { pool, balancer, workers }: ChartRequest,
  pastIds: readonly string[],
  resources: Resources,
): readonly MetricQuery[] {
  const { balanced, queue, measures } = POOLS[pool];
  const queries: MetricQuery[] = pastIds.map((id) => ({
    key: `cpu ${id}`,
    metric: METRICS.cpuUtilization,
    dimensions: [id],
    stat: "Average",
  }));
  for (const { id } of workers) {
    queries.push({ key: `cpu ${id}`, metric: METRICS.cpuUtilization, dimensions: [id], stat: "Average" });
    if (measures === "requests")
      queries.push({ key: `work ${id}`, metric: METRICS.workerRequests, dimensions: [id], stat: "Sum" });
    if (measures === "jobs")
      queries.push({ key: `work ${id}`, metric: METRICS.jobsRunning, dimensions: [id], stat: "Maximum" });
  }
  if (balanced && balancer !== null) {
    const dimensions = [balancer.loadBalancerDimension, balancer.targetGroupDimension];
    queries.push(
      { key: "requests", metric: METRICS.balancerRequests, dimensions, stat: "Sum" },
      { key: "response", metric: METRICS.balancerResponseTime, dimensions, stat: "Average" },
      { key: "hosts", metric: METRICS.healthyHosts, dimensions, stat: "Average" },
    );
  }
  if (queue !== null) {
    const dimensions = [resources.queues[queue].name];
    queries.push(
      { key: "waiting", metric: METRICS.messagesVisible, dimensions, stat: "Average" },
      { key: "sent", metric: METRICS.messagesSent, dimensions, stat: "Sum" },
    );
  }
  return queries;
}

function readWorker(
  worker: WorkerSnapshot,
  read: (key: string) => Series,
  { pool, graceMs }: { readonly pool: PoolName; readonly graceMs: number },
): WorkerSeries {
  const { measures } = POOLS[pool];
  const cpu = read(`cpu ${worker.id}`);
  const work = measures === null ? null : read(`work ${worker.id}`);
  const live = worker.state === "in service" || worker.state === "unhealthy";
  return {
    id: worker.id,
    cpu,
    work: work === null || measures !== "requests" ? work : perMinute(work),
    // The first period is a part of one, and a worker sends its first count when that is over.
    expectedFrom: (worker.inServiceAt ?? worker.launchedAt) + graceMs,
    // A draining worker's data may end at any moment; only what lies between its points is a gap.
    expectedTo: live ? null : lastPointEnd(cpu),
  };
}

function lastPointEnd(series: Series): number {
  const last = series.values.findLastIndex((value) => value !== null);
  return last < 0 ? 0 : series.start + (last + 1) * series.stepMs;
}

/** At each period the sum of the last `windowSeconds`; null where the period itself is missing. */
function windowed(series: Series, windowSeconds: number): Series {
  const periods = Math.max(1, Math.round((windowSeconds * 1000) / series.stepMs));
  const values = series.values.map((value, index) => {
    if (value === null) return null;
    const window = series.values.slice(Math.max(0, index - periods + 1), index + 1);
    return window.reduce<number>((sum, each) => sum + (each ?? 0), 0);
  });
  return { ...series, values };
}

async function listEvents(
  db: Database,
  pool: PoolName,
  { span, activities }: { readonly span: Span; readonly activities: readonly ActivityRow[] },
): Promise<readonly Occurrence[]> {
  const versions = await listPolicyVersions(db, { pool, from: span.from, limit: MAX_EVENTS });
  const saved = versions
    .filter((version) => version.at <= span.to && version.version > 1)
    .map(
      (version): Occurrence => ({
        id: `p-${version.pool}-${version.version}`,
        pool: version.pool,
        at: version.at,
        mark: "P",
        sentence: `${version.actor} saved policy v${version.version} of ${version.pool}.`,
        outcome: "",
        tone: "neutral",
      }),
    );
  return [...activities.map(describeActivity), ...saved].sort((a, b) => a.at - b.at);
}

/** Whether the worker chart ends with the counts that the pool's card shows. */
export function endsWith({ steps }: ChartSnapshot, present: PoolSnapshot | undefined): boolean {
  const counts = presentCounts(present);
  return counts === undefined || isEqual(steps.at(-1)?.counts ?? null, counts);
}

function presentCounts(present: PoolSnapshot | undefined) {
  if (present === undefined) return undefined;
  const { inService, warming, pending, draining, unhealthy } = present.counts;
  // An unhealthy worker still takes its share of requests until it is replaced.
  return { desired: present.desired, inService: inService + unhealthy, warming, pending, draining };
}
