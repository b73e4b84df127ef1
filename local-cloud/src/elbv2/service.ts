import type { MetricDatum } from "@aws-sdk/client-cloudwatch";
import type { Logger } from "@elastic-gas/shared/logger";
import { everyMetricPeriod, metricPeriodAt } from "../clock/metric-period.ts";
import type { ElbContext } from "./context.ts";
import { DataPlane, type InstanceAddress, targetKey } from "./data-plane.ts";
import { openCatalogue, type TargetDocument } from "./documents.ts";
import { listenerOperations } from "./listener-operations.ts";
import { loadBalancerOperations } from "./load-balancer-operations.ts";
import { balancerMetrics } from "./metrics.ts";
import { tagOperations } from "./tag-operations.ts";
import { targetGroupOperations } from "./target-group-operations.ts";
import { targetOperations } from "./target-operations.ts";

export interface Elbv2Options {
  /** The service makes its own folder `elbv2` in it. */
  readonly dataDir: string;
  readonly log: Logger;
  /** EC2's instances; a target of an instance that is not running takes no requests. */
  readonly getInstance: (instanceId: string) => InstanceAddress | undefined;
  /** Address that listeners bind to. Default 127.0.0.1. */
  readonly listenHost?: string;
  /** DNSName of the balancers. Default localhost. */
  readonly publicHost?: string;
  readonly now?: () => Date;
  readonly metricPeriodSeconds?: number;
  /** Where AWS/ApplicationELB metrics go: CloudWatch's `put`. */
  readonly putMetrics?: (namespace: string, data: readonly MetricDatum[]) => void;
}

/** Application load balancers that forward real HTTP. Resolves when the listeners known from before listen again. */
export async function createElbv2Service(options: Elbv2Options) {
  const { dataDir, log, getInstance, listenHost = "127.0.0.1", publicHost = "localhost", putMetrics } = options;
  const { now = () => new Date(), metricPeriodSeconds = 60 } = options;
  const catalogue = openCatalogue(dataDir);
  const dataPlane = new DataPlane({ catalogue, getInstance, listenHost, log, now, onTerminated: forget });
  const context: ElbContext = { catalogue, dataPlane, getInstance, publicHost, now };
  await dataPlane.start();

  /** As in AWS, a terminated instance leaves its target groups by itself. */
  function forget(targetGroupArn: string, target: TargetDocument): void {
    const group = catalogue.targetGroups.find(targetGroupArn);
    if (!group) return;
    const left = group.targets.filter((one) => targetKey(one) !== targetKey(target));
    catalogue.targetGroups.save({ ...group, targets: left });
    dataPlane.deregister(group, target);
  }

  const closing = new AbortController();
  const publishing = everyMetricPeriod({ seconds: metricPeriodSeconds, now, signal: closing.signal, log }, (period) =>
    publish(balancerMetrics({ catalogue, dataPlane }, period)),
  );

  function publish(data: readonly MetricDatum[]): void {
    if (data.length > 0) putMetrics?.("AWS/ApplicationELB", data);
  }

  return {
    handlers: {
      ...loadBalancerOperations(context),
      ...listenerOperations(context),
      ...targetGroupOperations(context),
      ...targetOperations(context),
      ...tagOperations(context),
    },
    async close(): Promise<void> {
      if (closing.signal.aborted) return;
      closing.abort();
      await publishing;
      // The counts of the period that has not ended: CloudWatch adds the rest to them after a restart.
      publish(balancerMetrics({ catalogue, dataPlane }, metricPeriodAt(now(), metricPeriodSeconds)));
      await dataPlane.close();
      catalogue.close();
    },
  };
}
