import { type CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import type { Logger } from "@elastic-gas/shared/logger";
import { METRICS } from "@elastic-gas/shared/metrics";
import { runLoop } from "@elastic-gas/shared/shutdown";

export interface JobsRunningOptions {
  readonly cloudwatch: CloudWatchClient;
  readonly instanceId: string;
  readonly periodSeconds: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly count: () => number;
}

/** Publishes `JobsRunning` of this instance once a period, until the signal aborts. */
export function publishJobsRunning({
  cloudwatch,
  instanceId,
  periodSeconds,
  signal,
  log,
  count,
}: JobsRunningOptions): Promise<void> {
  const { namespace, name } = METRICS.jobsRunning;
  return runLoop({ name: "metric JobsRunning", intervalMs: periodSeconds * 1_000, signal, log }, async () => {
    await cloudwatch.send(
      new PutMetricDataCommand({
        Namespace: namespace,
        MetricData: [
          {
            MetricName: name,
            Dimensions: [{ Name: "InstanceId", Value: instanceId }],
            Timestamp: new Date(),
            Value: count(),
            Unit: "Count",
            StorageResolution: periodSeconds < 60 ? 1 : 60,
          },
        ],
      }),
    );
  });
}
