import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { METRICS } from "@elastic-gas/shared/metrics";
import { type Saturation, saturationOf } from "../model/alerts/host-saturation.ts";
import { latestOf } from "../model/charts/series.ts";
import type { Instance } from "../model/fleet/instance.ts";
import { type MetricQuery, readMetrics } from "./read-metrics.ts";

/** What alerts need of CloudWatch, whatever charts are looked at. */
export interface Vitals {
  readonly at: number;
  /** When each running worker last had a CPU point, null for none within the span. */
  readonly lastCpuAt: ReadonlyMap<string, number | null>;
  readonly hostSaturation: Saturation | null;
}

/** Longer than any worker may be silent before it is named. */
const SPAN_PERIODS = 15;
const HOST = "host";

/** One GetMetricData for the CPU of all workers and of the machine under local-cloud; AWS has no such metric and answers with no values. */
export async function readVitals(
  cloudwatch: CloudWatchClient,
  instances: readonly Instance[],
  { now, periodSeconds }: { readonly now: number; readonly periodSeconds: number },
): Promise<Vitals> {
  const running = instances.filter(({ state }) => state === "running");
  const queries: readonly MetricQuery[] = [
    { key: HOST, metric: METRICS.hostCpu, dimensions: [], stat: "Average" },
    ...running.map(
      ({ id }): MetricQuery => ({
        key: id,
        metric: METRICS.cpuUtilization,
        dimensions: [id],
        stat: "Average",
      }),
    ),
  ];
  const from = now - SPAN_PERIODS * periodSeconds * 1000;
  const series = await readMetrics(cloudwatch, queries, { from, to: now, periodSeconds });
  const host = series.get(HOST);
  return {
    at: now,
    lastCpuAt: new Map(
      running.map(({ id }) => {
        const cpu = series.get(id);
        return [id, (cpu === undefined ? undefined : latestOf(cpu))?.at ?? null];
      }),
    ),
    hostSaturation: host === undefined ? null : saturationOf(host, now),
  };
}
