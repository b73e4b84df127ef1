import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { POOLS } from "@elastic-gas/scaling/pools";
import type { Instance } from "@elastic-gas/shared/aws/instances";
import { METRICS } from "@elastic-gas/shared/metrics";
import { type Saturation, saturationOf, sinceKnownStart } from "../model/alerts/host-saturation.ts";
import { latestOf, perMinute, type Series } from "../model/charts/series.ts";
import type { WorkerLoad } from "../model/fleet/worker-snapshot.ts";
import { type MetricQuery, readMetrics } from "./read-metrics.ts";

/** What alerts and lists need of CloudWatch, whatever charts are looked at. */
export interface Vitals {
  readonly at: number;
  /** When each running worker last had a CPU point, null for none within the span. */
  readonly lastCpuAt: ReadonlyMap<string, number | null>;
  /** What each running worker does now. */
  readonly loads: ReadonlyMap<string, WorkerLoad>;
  readonly hostSaturation: Saturation | null;
}

/** Longer than any worker may be silent before it is named. */
const SPAN_PERIODS = 15;
/** A saturation that began before the first look is followed back that far. */
const LONG_SPAN_PERIODS = 1_440;
/** CloudWatch has a value up to two periods after its own ended; an older one is not the present. */
const LOAD_AGE_PERIODS = 4;
const HOST: MetricQuery = { key: "host", metric: METRICS.hostCpu, dimensions: [], stat: "Average" };

/**
 * One GetMetricData for CPU and work of all workers and for the machine under local-cloud; AWS has no such metric and
 * answers with no values.
 */
export async function readVitals(
  cloudwatch: CloudWatchClient,
  instances: readonly Instance[],
  {
    now,
    periodSeconds,
    before,
  }: { readonly now: number; readonly periodSeconds: number; readonly before: Vitals | null },
): Promise<Vitals> {
  const running = instances.filter(({ state }) => state === "running");
  const to = now;
  const from = now - SPAN_PERIODS * periodSeconds * 1000;
  const series = await readMetrics(cloudwatch, [HOST, ...running.flatMap(workerQueries)], { from, to, periodSeconds });
  const presentOf = (key: string, inUnit: (series: Series) => Series = (same) => same): number | null => {
    const found = series.get(key);
    const latest = found === undefined ? null : latestOf(inUnit(found));
    return latest === null || now - latest.at > LOAD_AGE_PERIODS * periodSeconds * 1000 ? null : latest.value;
  };
  const host = series.get(HOST.key);
  const found = host === undefined ? null : saturationOf(host, now);
  const known = found === null ? null : sinceKnownStart(found, before?.hostSaturation ?? null);
  return {
    at: now,
    lastCpuAt: new Map(
      running.map(({ id }) => {
        const cpu = series.get(`cpu ${id}`);
        return [id, (cpu === undefined ? undefined : latestOf(cpu))?.at ?? null];
      }),
    ),
    loads: new Map(
      running.map(({ id, pool }) => {
        const inUnit = POOLS[pool].measures === "requests" ? perMinute : undefined;
        return [id, { cpuPercent: presentOf(`cpu ${id}`), work: presentOf(`work ${id}`, inUnit) }];
      }),
    ),
    hostSaturation: known?.fromStart === true ? await followBack(cloudwatch, known, { now, periodSeconds }) : known,
  };
}

function workerQueries({ id, pool }: Instance): readonly MetricQuery[] {
  const dimensions = [id];
  const cpu: MetricQuery = { key: `cpu ${id}`, metric: METRICS.cpuUtilization, dimensions, stat: "Average" };
  switch (POOLS[pool].measures) {
    case "requests":
      return [cpu, { key: `work ${id}`, metric: METRICS.workerRequests, dimensions, stat: "Sum" }];
    case "jobs":
      return [cpu, { key: `work ${id}`, metric: METRICS.jobsRunning, dimensions, stat: "Maximum" }];
    case null:
      return [cpu];
  }
}

/** A saturation whose start nobody saw, as after a restart of this process. */
async function followBack(
  cloudwatch: CloudWatchClient,
  found: Saturation,
  { now, periodSeconds }: { readonly now: number; readonly periodSeconds: number },
): Promise<Saturation> {
  const from = now - LONG_SPAN_PERIODS * periodSeconds * 1000;
  const long = (await readMetrics(cloudwatch, [HOST], { from, to: now, periodSeconds })).get(HOST.key);
  const saturation = long === undefined ? null : saturationOf(long, now);
  // Looked for once: what is older than that is not asked for again at each look.
  return { ...(saturation ?? found), fromStart: false };
}
