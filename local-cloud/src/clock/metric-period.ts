import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@elastic-gas/shared/logger";

export interface MetricPeriod {
  readonly startedAt: Date;
  readonly seconds: number;
}

/** The period that an instant lies in; periods begin at multiples of their length since 1970, as CloudWatch's do. */
export function metricPeriodAt(at: Date, seconds: number): MetricPeriod {
  return { startedAt: new Date(Math.floor(at.getTime() / 1000 / seconds) * seconds * 1000), seconds };
}

/**
 * Calls `publish` at the end of each metric period with that period, until the signal aborts. Resolves then. A failure
 * is logged.
 */
export async function everyMetricPeriod(
  options: { readonly seconds: number; readonly now: () => Date; readonly signal: AbortSignal; readonly log: Logger },
  publish: (period: MetricPeriod) => void | Promise<void>,
): Promise<void> {
  const { seconds, now, signal, log } = options;
  let period = metricPeriodAt(now(), seconds);
  while (!signal.aborted) {
    const leftMs = period.startedAt.getTime() + seconds * 1000 - now().getTime();
    if (leftMs > 0) {
      await sleep(leftMs, undefined, { signal }).catch(() => undefined); // aborted: the loop's condition sees it
      continue;
    }
    try {
      await publish(period);
    } catch (error) {
      log.error({ error }, "metrics of a period could not be published");
    }
    period = metricPeriodAt(now(), seconds);
  }
}
