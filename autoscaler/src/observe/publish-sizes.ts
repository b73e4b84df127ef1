import { type CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import type { Worker } from "@elastic-gas/scaling/worker-state";
import { METRICS } from "@elastic-gas/shared/metrics";
import { METRIC_NAMESPACE } from "@elastic-gas/shared/resources";
import type { Permit } from "../lease/lease.ts";
import { underPermit } from "../lease/under-permit.ts";

export interface PublishedPool {
  readonly name: string;
  readonly desired: number;
  readonly launching: number;
  readonly workers: readonly Worker[];
}

/** Desired, InService, Pending (warming included) and Draining of every pool. */
export async function publishPools(
  cloudwatch: CloudWatchClient,
  pools: readonly PublishedPool[],
  { now, permit }: { readonly now: Date; readonly permit: Permit },
): Promise<void> {
  const data = pools.flatMap(({ name, desired, launching, workers }) => {
    const count = (...states: readonly Worker["state"][]): number =>
      workers.filter(({ state }) => states.includes(state)).length;
    const datum = (MetricName: string, Value: number) => ({
      MetricName,
      Value,
      Unit: "Count" as const,
      Timestamp: now,
      Dimensions: [{ Name: "Pool", Value: name }],
    });
    return [
      datum(METRICS.poolDesired.name, desired),
      datum(METRICS.poolInService.name, count("in service")),
      datum(METRICS.poolPending.name, count("pending", "warming") + launching),
      datum(METRICS.poolDraining.name, count("draining", "terminating")),
    ];
  });
  if (data.length === 0) return;
  const command = new PutMetricDataCommand({ Namespace: METRIC_NAMESPACE, MetricData: data });
  await cloudwatch.send(underPermit(command, permit), { abortSignal: permit.signal });
}
