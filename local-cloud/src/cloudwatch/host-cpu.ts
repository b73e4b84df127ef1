import { readFileSync } from "node:fs";
import type { MetricDatum } from "@aws-sdk/client-cloudwatch";
import { METRICS } from "@elastic-gas/shared/metrics";
import type { MetricPeriod } from "../clock/metric-period.ts";

/** CPU time of the whole machine since its boot, in clock ticks of all cores together. */
export interface HostTicks {
  readonly busy: number;
  readonly total: number;
}

/**
 * The first line of /proc/stat (proc_stat(5)): user, nice, system, idle, iowait, irq, softirq, steal, guest,
 * guest_nice. Guest time is counted in user already.
 * Time that the hypervisor gave to others (steal) is as little available as time that was used.
 */
export function parseHostTicks(text: string): HostTicks {
  const line = text.slice(0, text.indexOf("\n"));
  if (!line.startsWith("cpu "))
    throw new Error(`/proc/stat begins with ${JSON.stringify(line.slice(0, 40))}, not with cpu.`);
  const fields = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const [, , , idle = 0, waiting = 0] = fields;
  const total = fields.reduce((sum, ticks) => sum + ticks, 0);
  return { busy: total - idle - waiting, total };
}

export function readHostTicks(): HostTicks {
  return parseHostTicks(readFileSync("/proc/stat", "latin1"));
}

/** Makes LocalCloud/Host CPUUtilization of successive readings; the first makes no point. */
export class HostCpu {
  #last: HostTicks | undefined;

  /** The points of the period that ends now. */
  data(ticks: HostTicks, period: MetricPeriod): readonly MetricDatum[] {
    const last = this.#last;
    this.#last = ticks;
    // idle may go backwards a little, as proc_stat(5) warns of iowait.
    if (last === undefined || ticks.total <= last.total) return [];
    const percent = (100 * (ticks.busy - last.busy)) / (ticks.total - last.total);
    return [
      {
        MetricName: METRICS.hostCpu.name,
        Value: Math.min(100, Math.max(0, percent)),
        Unit: "Percent",
        Timestamp: period.startedAt,
      },
    ];
  }
}
