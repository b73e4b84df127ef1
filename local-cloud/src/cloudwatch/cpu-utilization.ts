import type { MetricDatum } from "@aws-sdk/client-cloudwatch";
import type { MetricPeriod } from "../clock/metric-period.ts";

/** CPU time of one running instance, as EC2 tells it. */
export interface InstanceCpu {
  readonly instanceId: string;
  /** CPU seconds used since launch; begins again at 0 when the instance is stopped and started. */
  readonly usedSeconds: number;
  /** CPU seconds the instance may use each second. */
  readonly quotaVcpus: number;
  /** Detailed monitoring: a point each period. Without it, one every five periods. Default true. */
  readonly detailedMonitoring?: boolean;
}

interface Reading {
  readonly usedSeconds: number;
  readonly at: Date;
}

const BASIC_PERIODS = 5;

/** Percent of its quota that an instance used, 0 to 100. */
export function cpuPercent(used: {
  readonly seconds: number;
  readonly elapsedSeconds: number;
  readonly quotaVcpus: number;
}): number {
  const percent = (100 * used.seconds) / (used.elapsedSeconds * used.quotaVcpus);
  return Math.min(100, Math.max(0, percent));
}

/**
 * Makes AWS/EC2 CPUUtilization of successive readings. An instance's first reading makes no point: it would be a guess.
 */
export class CpuUtilization {
  #readings = new Map<string, Reading>();

  /** The points that are due at the end of `period`; `now` is when the instances were read. */
  data(instances: readonly InstanceCpu[], period: MetricPeriod, now: Date): readonly MetricDatum[] {
    const before = this.#readings;
    this.#readings = new Map();
    const basicEndsNow = (period.startedAt.getTime() / 1000 / period.seconds) % BASIC_PERIODS === BASIC_PERIODS - 1;
    return instances.flatMap((instance) => {
      const { instanceId, usedSeconds, quotaVcpus, detailedMonitoring = true } = instance;
      const known = before.get(instanceId);
      const last = known && known.usedSeconds <= usedSeconds ? known : undefined;
      const due = detailedMonitoring || basicEndsNow;
      this.#readings.set(instanceId, last && !due ? last : { usedSeconds, at: now });
      if (!last || !due || now <= last.at) return [];
      const elapsedSeconds = (now.getTime() - last.at.getTime()) / 1000;
      const startedAt =
        period.startedAt.getTime() - (detailedMonitoring ? 0 : (BASIC_PERIODS - 1) * period.seconds * 1000);
      return [
        {
          MetricName: "CPUUtilization",
          Dimensions: [{ Name: "InstanceId", Value: instanceId }],
          Value: cpuPercent({ seconds: usedSeconds - last.usedSeconds, elapsedSeconds, quotaVcpus }),
          Unit: "Percent",
          Timestamp: new Date(startedAt),
        },
      ];
    });
  }
}
