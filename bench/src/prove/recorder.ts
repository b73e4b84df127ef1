import { setTimeout as sleep } from "node:timers/promises";
import type { PoolName } from "@elastic-gas/shared/resources";
import type { Charts, ManagerApi } from "./manager-api.ts";

/** A pool's size from `at` on, epoch milliseconds; warming workers count as pending. */
export interface SizeStep {
  readonly at: number;
  readonly desired: number;
  readonly inService: number;
  readonly pending: number;
  readonly draining: number;
}

export interface Recording {
  readonly steps: readonly SizeStep[];
  /** Mean CPU of the workers by the start of its metric period. */
  readonly cpu: ReadonlyMap<number, number>;
  readonly waiting: ReadonlyMap<number, number>;
  /** The manager did not answer in time. */
  readonly missed: number;
}

export interface Recorder {
  readonly recording: Recording;
  /** Takes the last charts and ends. */
  stop(): Promise<Recording>;
}

/** A newest point may still change while CloudWatch gets the other workers' data. */
const YOUNG_PERIODS = 3;

/** Reads a pool's size from the manager every `everyMs`, and its charts once a metric period. */
export function recordPool(
  manager: ManagerApi,
  pool: PoolName,
  { everyMs, periodSeconds }: { readonly everyMs: number; readonly periodSeconds: number },
): Recorder {
  const steps: SizeStep[] = [];
  const cpu = new Map<number, number>();
  const waiting = new Map<number, number>();
  const recording = { steps, cpu, waiting, missed: 0 };
  const periodMs = periodSeconds * 1_000;
  let stopped = false;
  let chartsAt = Date.now();

  const takeSize = async () => {
    const { desired, counts } = await manager.pool(pool);
    const step = {
      at: Date.now(),
      desired,
      inService: counts.inService + counts.unhealthy,
      pending: counts.pending + counts.warming,
      draining: counts.draining,
    };
    const last = steps.at(-1);
    if (last === undefined || !isSameSize(last, step)) steps.push(step);
  };
  const takeCharts = async () => {
    const charts = await manager.charts(pool);
    take(cpu, charts.cpuPercent, periodMs);
    if (charts.waitingJobs !== null) take(waiting, charts.waitingJobs, periodMs);
    chartsAt = Date.now();
  };
  const running = (async () => {
    while (!stopped) {
      try {
        await takeSize();
        if (Date.now() - chartsAt >= periodMs) await takeCharts();
      } catch {
        recording.missed += 1;
      }
      await sleep(everyMs);
    }
  })();
  return {
    recording,
    async stop() {
      stopped = true;
      await running;
      await takeCharts().catch(() => {
        recording.missed += 1;
      });
      return recording;
    },
  };
}

/** The size at an instant: the last step at or before it. */
export function sizeAt(steps: readonly SizeStep[], at: number): SizeStep | undefined {
  return steps.findLast((step) => step.at <= at);
}

function isSameSize(a: SizeStep, b: SizeStep): boolean {
  return a.desired === b.desired && a.inService === b.inService && a.pending === b.pending && a.draining === b.draining;
}

function take(into: Map<number, number>, series: Charts["cpuPercent"], periodMs: number): void {
  const start = Date.parse(series.start);
  const youngest = Date.now() - YOUNG_PERIODS * periodMs;
  series.values.forEach((value, index) => {
    const at = start + index * series.periodSeconds * 1_000;
    // Terminated workers leave the charts after a while: an older point was more complete when it was young.
    if (value !== null && (!into.has(at) || at >= youngest)) into.set(at, value);
  });
}
