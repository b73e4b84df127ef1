import {
  type CloudWatchClient,
  type MetricDataQuery,
  type MetricDataResult,
  paginateGetMetricData,
} from "@aws-sdk/client-cloudwatch";
import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { BalancerPeriod, Observation, SeenQueue, SeenWorker } from "@elastic-gas/scaling/observation";
import type { Policy } from "@elastic-gas/scaling/policy";
import type { Worker } from "@elastic-gas/scaling/worker-state";
import type { Balancer } from "@elastic-gas/shared/aws/load-balancer";
import { METRICS } from "@elastic-gas/shared/metrics";
import type { WorkerRecord } from "@elastic-gas/shared/pools/worker-record";
import type { Pool } from "../context/context.ts";
import { BY_OWN_POINTS, observeOwnPoints, ownPointsOf } from "./own-points.ts";
import type { ServiceTime } from "./service-time.ts";
import { isFailure, type SourceFailure, timed } from "./sources.ts";

/** CPU and balancer: the longest lookback window of a rule, with late data. */
const LOOKBACK_PERIODS = 15;
/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html */
const MAX_QUERIES = 500;

/** How the ids of queries for the CPU of workers begin. */
const CPU = "cpu";

const NOTHING_FINISHED: ServiceTime = { serviceSeconds: null, finished: 0 };

export interface ObserveSettings {
  readonly periodSeconds: number;
  readonly tickSeconds: number;
  /** What a minute of the rules lasts. */
  readonly minuteSeconds: number;
}

export interface PoolSources {
  readonly pool: Pool;
  readonly workers: readonly Worker[];
  readonly launching: number;
  readonly launchFailing: boolean;
  /** Null for pools that are not behind it. */
  readonly balancer: Balancer | null;
  /** Null for pools without a queue. */
  readonly queueName: string | null;
  /** Null for pools without a queue. */
  readonly service: ServiceTime | null;
  /** What MySQL holds of the workers, with what they measured of themselves. */
  readonly records: ReadonlyMap<string, WorkerRecord>;
}

/**
 * Everything that one check of one pool looks at: a GetMetricData for each 500 metrics, and the queue's attributes
 * where there is a queue. What a source that fails would have told is missing, which the rules know how to take.
 */
export async function observePool(
  clients: { readonly cloudwatch: CloudWatchClient; readonly sqs: SQSClient },
  sources: PoolSources,
  settings: ObserveSettings,
  now: number,
): Promise<{ readonly seen: Observation; readonly failure: SourceFailure | null }> {
  const { pool, workers, balancer, queueName } = sources;
  // Draining workers too: the metrics of the minutes in which they served come late.
  const measured: ReadonlySet<string> = new Set(["in service", "unhealthy", "draining"]);
  const serving = workers.filter(({ state }) => measured.has(state)).map(({ id }) => id);
  const cpuIds = new Map(serving.map((id, index) => [id, cpuId(index)]));
  const nothing: Metrics = { cpu: new Map(), others: new Map() };
  const timeScale = settings.minuteSeconds / 60;
  const plain = () => workers.flatMap((worker) => toSeenWorker(worker, []));
  const own = BY_OWN_POINTS.has(pool.policy.kind) ? ownPointsOf(sources.records, plain(), { now, timeScale }) : null;
  const queries = own === null ? queriesFor(serving, sources, settings.periodSeconds) : [];
  const [metrics, queue] = await Promise.all([
    timed("CloudWatch", readMetrics(clients.cloudwatch, queries, settings, { now, pool })),
    queueName === null ? null : timed("SQS", readQueue(clients.sqs, queueName)),
  ]);
  const { cpu, others } = isFailure(metrics) ? nothing : metrics;
  const live = isFailure(queue) ? null : queue;
  const seen: Observation = {
    pool: pool.name,
    desired: pool.desired,
    min: pool.min,
    max: pool.max,
    paused: pool.paused,
    manualUntil: pool.manualUntil,
    launchFailing: sources.launchFailing,
    launching: sources.launching,
    workers: workers.flatMap((worker) => toSeenWorker(worker, cpu.get(cpuIds.get(worker.id) ?? "") ?? [])),
    balancer: balancer === null ? [] : toBalancerPeriods(others),
    queue: live === null ? null : { ...live, sent: toSent(others), ...(sources.service ?? NOTHING_FINISHED) },
    bootSeconds: bootSecondsOf(workers),
    periodSeconds: settings.periodSeconds,
    tickSeconds: settings.tickSeconds,
    timeScale,
  };
  const failures = [queue, metrics].filter((answer) => isFailure(answer));
  return { seen: own === null ? seen : observeOwnPoints(seen, own), failure: failures[0] ?? null };
}

/** Values of one metric by the start of their period. */
type Series = ReadonlyMap<number, number>;

/** By the ids of their queries. */
interface Metrics {
  /** Nearly all values: in the form that a check takes, so that each is made once. */
  readonly cpu: ReadonlyMap<string, SeenWorker["cpu"]>;
  readonly others: ReadonlyMap<string, Series>;
}

const BALANCER_METRICS = [
  ["requests", METRICS.balancerRequests.name, "Sum"],
  ["successes", METRICS.balancerSuccesses.name, "Sum"],
  ["response", METRICS.balancerResponseTime.name, "Average"],
  ["hosts", METRICS.healthyHosts.name, "Maximum"],
] as const;

function queriesFor(
  serving: readonly string[],
  { balancer, queueName }: PoolSources,
  periodSeconds: number,
): MetricDataQuery[] {
  const query = (
    Id: string,
    Namespace: string,
    MetricName: string,
    Stat: string,
    dimensions: Readonly<Record<string, string>>,
  ): MetricDataQuery => ({
    Id,
    ReturnData: true,
    MetricStat: {
      Metric: {
        Namespace,
        MetricName,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      },
      Period: periodSeconds,
      Stat,
    },
  });
  const { namespace, name } = METRICS.cpuUtilization;
  return [
    ...(balancer === null
      ? []
      : BALANCER_METRICS.map(([id, metric, stat]) =>
          query(id, METRICS.balancerRequests.namespace, metric, stat, {
            LoadBalancer: balancer.loadBalancerDimension,
            TargetGroup: balancer.targetGroupDimension,
          }),
        )),
    ...(queueName === null
      ? []
      : [
          query("sent", METRICS.messagesSent.namespace, METRICS.messagesSent.name, "Sum", { QueueName: queueName }),
          query("visible", METRICS.messagesVisible.namespace, METRICS.messagesVisible.name, "Maximum", {
            QueueName: queueName,
          }),
        ]),
    ...serving.map((instanceId, index) => query(cpuId(index), namespace, name, "Average", { InstanceId: instanceId })),
  ];
}

async function readMetrics(
  cloudwatch: CloudWatchClient,
  queries: MetricDataQuery[],
  { periodSeconds }: ObserveSettings,
  { now, pool }: { readonly now: number; readonly pool: Pool },
): Promise<Metrics> {
  const cpu = new Map<string, SeenWorker["cpu"]>();
  const others = new Map<string, Map<number, number>>();
  const period = periodSeconds * 1_000;
  const queuePeriods = Math.ceil(queueWindowSeconds(pool.policy) / 60) + 2;
  const end = Math.floor(now / period) * period;
  const window = {
    StartTime: new Date(end - Math.max(LOOKBACK_PERIODS, queuePeriods) * period),
    EndTime: new Date(end),
    ScanBy: "TimestampAscending",
  } as const;
  // One after another: a large pool must not use up the rate of calls that the account has.
  for (let from = 0; from < queries.length; from += MAX_QUERIES) {
    const MetricDataQueries = queries.slice(from, from + MAX_QUERIES);
    for await (const page of paginateGetMetricData({ client: cloudwatch }, { ...window, MetricDataQueries })) {
      for (const result of page.MetricDataResults ?? []) {
        const { Id = "" } = result;
        // A later page may go on with a metric.
        if (Id.startsWith(CPU))
          cpu.set(Id, [...(cpu.get(Id) ?? []), ...pointsOf(result, (at, percent) => ({ at, percent }))]);
        else
          others.set(
            Id,
            new Map([...(others.get(Id) ?? []), ...pointsOf(result, (at, value) => [at, value] as const)]),
          );
      }
    }
  }
  return { cpu, others };
}

function pointsOf<Point>(
  { Timestamps = [], Values = [] }: MetricDataResult,
  toPoint: (at: number, value: number) => Point,
): Point[] {
  return Values.flatMap((value, index) => {
    const timestamp = Timestamps[index];
    return timestamp === undefined ? [] : [toPoint(timestamp.getTime(), value)];
  });
}

/** The longest time over which the policy counts a queue's messages. */
function queueWindowSeconds(policy: Policy): number {
  if (policy.kind === "queue-thresholds") return policy.windowSeconds;
  return policy.kind === "queue" ? policy.longestLookbackSeconds : 0;
}

async function readQueue(sqs: SQSClient, queueName: string): Promise<Pick<SeenQueue, "waiting" | "inFlight">> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: queueName }));
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    }),
  );
  return {
    waiting: Number(Attributes.ApproximateNumberOfMessages ?? 0),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
  };
}

function toSeenWorker(worker: Worker, cpu: SeenWorker["cpu"]): SeenWorker[] {
  const { state } = worker;
  if (state === "terminating" || state === "terminated") return [];
  return [
    {
      id: worker.id,
      state,
      launchedAt: worker.launchedAt,
      inServiceAt: worker.inServiceAt,
      busy: worker.busy,
      cpu,
    },
  ];
}

function toBalancerPeriods(series: ReadonlyMap<string, Series>): BalancerPeriod[] {
  const [requests, successes, response, hosts] = BALANCER_METRICS.map(([id]): Series => series.get(id) ?? new Map());
  const instants = new Set([...(requests?.keys() ?? []), ...(hosts?.keys() ?? [])]);
  return [...instants]
    .sort((a, b) => a - b)
    .map((at) => ({
      at,
      requests: requests?.get(at) ?? null,
      successes: successes?.get(at) ?? null,
      responseSeconds: response?.get(at) ?? null,
      healthyHosts: hosts?.get(at) ?? null,
    }));
}

/** A period in which the queue reported its length and no sent messages had none. */
function toSent(series: ReadonlyMap<string, Series>): SeenQueue["sent"] {
  const sent = series.get("sent") ?? new Map<number, number>();
  const visible = series.get("visible") ?? new Map<number, number>();
  return [...new Set([...sent.keys(), ...visible.keys()])]
    .sort((a, b) => a - b)
    .map((at) => ({ at, count: sent.get(at) ?? 0 }));
}

/** Median of the five newest workers that came into service. */
function bootSecondsOf(workers: readonly Worker[]): number | null {
  const boots = workers
    .filter(({ inServiceAt }) => inServiceAt !== null)
    .sort((a, b) => b.launchedAt - a.launchedAt)
    .slice(0, 5)
    .map(({ launchedAt, inServiceAt }) => ((inServiceAt ?? launchedAt) - launchedAt) / 1_000)
    .sort((a, b) => a - b);
  return boots[Math.floor(boots.length / 2)] ?? null;
}

function cpuId(index: number): string {
  return `${CPU}${index}`;
}
