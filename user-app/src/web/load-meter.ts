import { availableParallelism } from "node:os";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { LoadPoint, LoadPoints } from "@elastic-gas/shared/pools/load-points";
import { isOverloaded } from "@elastic-gas/shared/web/errors";
import type { RequestHandler } from "express";
import { isCounted } from "./request-counter.ts";

/** Enough for the longest look at minutes while the database does not answer for a while. */
const KEPT_SECONDS = 360;
const NOTHING = { requests: 0, successes: 0, failures: 0, responseMs: 0 };

export interface LoadMeterOptions {
  readonly periodSeconds: number;
  /** 100 % of the CPU; those of the machine without it. */
  readonly vcpus?: number | undefined;
  readonly now?: () => number;
  /** CPU seconds that this process has used so far. */
  readonly cpuSeconds?: () => number;
}

/** Measures this worker's CPU and requests in periods of the wall clock, as the balancer and EC2 do in minutes. */
export interface LoadMeter {
  readonly count: RequestHandler;
  /** Closes the period when it is over. True: there is a new point. */
  close(): boolean;
  points(): LoadPoints;
}

export function createLoadMeter({
  periodSeconds,
  vcpus = availableParallelism(),
  now = Date.now,
  cpuSeconds = ownCpuSeconds,
}: LoadMeterOptions): LoadMeter {
  const periodMs = periodSeconds * 1_000;
  const startOf = (at: number) => Math.floor(at / periodMs) * periodMs;
  const points: LoadPoint[] = [];
  let began = { at: now(), cpu: cpuSeconds() };
  let counts = { ...NOTHING };
  // A first period that was cut short would tell of a part only.
  let isWhole = began.at === startOf(began.at);
  return {
    count: (req, res, proceed) => {
      if (isCounted(req)) {
        const askedAt = performance.now();
        counts.requests += 1;
        res.once("finish", () => {
          if (res.statusCode >= 200 && res.statusCode < 300) counts.successes += 1;
          if (res.statusCode >= 500 && !isOverloaded(res)) counts.failures += 1;
          counts.responseMs += performance.now() - askedAt;
        });
      }
      proceed();
    },
    close() {
      const at = now();
      if (startOf(at) === startOf(began.at)) return false;
      const cpu = cpuSeconds();
      const elapsedSeconds = (at - began.at) / 1_000;
      const percent = (100 * (cpu - began.cpu)) / (elapsedSeconds * vcpus);
      const cpuPercent = Math.round(10 * Math.min(100, Math.max(0, percent))) / 10;
      const { responseMs, ...numbers } = counts;
      // Late by more than a period, this point would tell of several.
      const isOwn = isWhole && at - startOf(began.at) < 2 * periodMs;
      if (isOwn) {
        points.push({ at: startOf(began.at), cpuPercent, ...numbers, responseMs: Math.round(responseMs) });
      }
      points.splice(0, Math.max(0, points.length - Math.ceil(KEPT_SECONDS / periodSeconds)));
      began = { at, cpu };
      counts = { ...NOTHING };
      isWhole = true;
      return isOwn;
    },
    points: () => ({ periodSeconds, points: [...points] }),
  };
}

/** Writes what a worker measured into its row; one that has none yet waits for its first heartbeat. */
export async function writeLoadPoints(db: Database, instanceId: string, points: LoadPoints): Promise<void> {
  await db
    .updateTable("workers")
    .set({ loadPoints: JSON.stringify(points) })
    .where("instanceId", "=", instanceId)
    .execute();
}

function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}
