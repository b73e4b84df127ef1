import { median } from "../numbers.ts";
import { lasting, type Observation } from "../observation.ts";
import type { AdaptiveState } from "./adaptive-state.ts";

/** Points more often than each minute: the newest of them are so many seconds. */
const FRESH_SECONDS = 20;
const BUSY_PERCENT = 90;

/** The load of the newest seconds, in workers' worth, and their end. */
export interface FreshLoad {
  readonly load: number;
  readonly until: number;
}

/**
 * The load of the newest 20 s where points come more often than each minute; null where they do not, or less than half
 * of the workers reported. Full workers show the load in the requests.
 */
export function freshLoad(adaptive: AdaptiveState, seen: Observation, now: number): FreshLoad | null {
  const period = seen.periodSeconds * 1000;
  if (period >= lasting(seen, 60)) return null;
  const serving = seen.workers.filter((worker) => worker.state === "in service");
  const newest = Math.max(...serving.map((worker) => worker.cpu.at(-1)?.at ?? Number.NEGATIVE_INFINITY));
  if (!(now - newest <= lasting(seen, 60) + period)) return null;
  const periods = Math.max(1, Math.round(lasting(seen, FRESH_SECONDS) / period));
  const from = newest - (periods - 1) * period;
  const means = serving.flatMap(({ cpu, inServiceAt }) => {
    const points = cpu.filter(({ at }) => at >= from && at >= (inServiceAt ?? Number.POSITIVE_INFINITY));
    return points.length === 0 ? [] : [points.reduce((sum, { percent }) => sum + percent, 0) / points.length];
  });
  if (means.length === 0 || means.length * 2 < serving.length) return null;
  const percent = means.reduce((sum, mean) => sum + mean, 0) / means.length;
  const used = (percent / 100) * serving.length;
  const until = newest + period;
  if (percent < BUSY_PERCENT) return { load: used, until };
  const counts = seen.balancer.flatMap(({ at, requests }) => (at >= from && requests !== null ? [requests] : []));
  const ratio = median(adaptive.ratios);
  if (ratio === null || counts.length === 0) return { load: used, until };
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return { load: Math.max(used, (mean * lasting(seen, 60)) / period / ratio), until };
}
