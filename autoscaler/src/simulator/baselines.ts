import { ceil, clamp } from "../policy/decision.ts";
import { countWorkers, type Observation } from "../policy/observation.ts";
import { fine, percent } from "../policy/words.ts";
import type { Decider, Verdict } from "./rule.ts";

/** The rules of others, as their documents describe them, for comparison only. All of them check once a minute. */
const GROW_ABOVE = 70;
const SHRINK_BELOW = 30;
const GROW_RATIO = 2;
const SHRINK_RATIO = 0.5;
const COOLDOWN_MS = 300_000;
const TARGET = 60;

/** The assignment's thresholds and ratios and nothing else: every check acts on the newest minute. */
export function plainThresholds(): Decider {
  return (seen) => byThresholds(seen, cpuPerPeriod(seen).at(-1));
}

/** The same, and nothing for 300 s after a change. */
export function thresholdsWithCooldown(): Decider {
  return withCooldown((seen) => byThresholds(seen, cpuPerPeriod(seen).at(-1)));
}

/**
 * One worker more or less when both of the last two minutes break an alarm, then a cooldown that blocks both directions.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scaling-cooldowns.html
 */
export function simpleScaling(): Decider {
  return withCooldown((seen) => {
    const last = cpuPerPeriod(seen).slice(-2);
    if (last.length === 2 && last.every((cpu) => cpu > GROW_ABOVE)) return resized(seen, seen.desired + 1, last[1]);
    if (last.length === 2 && last.every((cpu) => cpu < SHRINK_BELOW)) return resized(seen, seen.desired - 1, last[1]);
    return resized(seen, seen.desired, last.at(-1));
  });
}

/**
 * Grows in proportion after 3 minutes above the target, warming workers counted as capacity; gives one worker back after 15 minutes below 90 %
 * of it, never while one warms, and at most one in 300 s. Without data nothing happens.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html
 */
export function targetTracking(): Decider {
  let shrunkAt = Number.NEGATIVE_INFINITY;
  return (seen, now) => {
    const periods = cpuPerPeriod(seen);
    const high = periods.slice(-3);
    const low = periods.slice(-15);
    const { inService, pending, warming } = countWorkers(seen);
    if (high.length === 3 && high.every((cpu) => cpu > TARGET)) {
      return resized(seen, Math.max(seen.desired, ceil((inService * (high[2] ?? 0)) / TARGET)), high[2]);
    }
    const settled = pending + warming === 0 && now - shrunkAt >= COOLDOWN_MS;
    if (settled && low.length === 15 && low.every((cpu) => cpu < 0.9 * TARGET)) {
      const verdict = resized(seen, seen.desired - 1, low[14]);
      if (verdict.desired < seen.desired) shrunkAt = now;
      return verdict;
    }
    return resized(seen, seen.desired, high.at(-1));
  };
}

/**
 * ceil(pods x usage / target) outside a tolerance of 10 %; unready pods count as 0 % when growing, missing metrics as 100 % when shrinking;
 * a ratio that changes sides holds; a shrink goes to the highest recommendation of 300 s.
 * https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
 */
export function kubernetesAutoscaler(): Decider {
  let recommended: readonly { readonly at: number; readonly size: number }[] = [];
  return (seen, now) => {
    const size = hpaRecommendation(seen);
    recommended = [...recommended.filter((entry) => now - entry.at < COOLDOWN_MS), { at: now, size }];
    const highest = Math.max(...recommended.map((entry) => entry.size));
    return resized(seen, size > seen.desired ? size : Math.min(seen.desired, highest), cpuPerPeriod(seen).at(-1));
  };
}

export function hpaRecommendation(seen: Observation): number {
  const serving = seen.workers.filter((worker) => worker.state === "in service");
  const newest = newestPeriod(seen);
  const points = serving.map((worker) => worker.cpu.find((point) => point.at === newest)?.percent);
  const known = points.filter((percent) => percent !== undefined);
  if (known.length === 0) return seen.desired;
  const sum = known.reduce((total, percent) => total + percent, 0);
  const ratio = sum / known.length / TARGET;
  const missing = points.length - known.length;
  const { pending, warming } = countWorkers(seen);
  const unready = pending + warming;
  if (missing === 0 && (unready === 0 || ratio <= 1)) {
    return Math.abs(ratio - 1) <= 0.1 ? seen.desired : ceil(ratio * known.length);
  }
  const counted = points.length + (ratio > 1 ? unready : 0);
  const again = (sum + (ratio < 1 ? missing * TARGET : 0)) / counted / TARGET;
  if (Math.abs(again - 1) <= 0.1 || ratio > 1 !== again > 1) return seen.desired;
  const size = ceil(again * counted);
  const backwards = ratio > 1 ? size < seen.desired : size > seen.desired;
  return backwards ? seen.desired : size;
}

function byThresholds(seen: Observation, cpu: number | undefined): Verdict {
  if (cpu !== undefined && cpu > GROW_ABOVE) return resized(seen, ceil(seen.desired * GROW_RATIO), cpu);
  if (cpu !== undefined && cpu < SHRINK_BELOW) return resized(seen, ceil(seen.desired * SHRINK_RATIO), cpu);
  return resized(seen, seen.desired, cpu);
}

function withCooldown(decider: Decider): Decider {
  let changedAt = Number.NEGATIVE_INFINITY;
  return (seen, now) => {
    if (now - changedAt < COOLDOWN_MS) return { desired: seen.desired, reason: "cooling down" };
    const verdict = decider(seen, now);
    if (verdict.desired !== seen.desired) changedAt = now;
    return verdict;
  };
}

function resized(seen: Observation, wanted: number, cpu: number | undefined): Verdict {
  const desired = clamp(Math.max(1, wanted), seen);
  const measured = cpu === undefined ? "no data" : `mean CPU ${percent(cpu)}`;
  const change = desired === seen.desired ? `no change at ${fine(desired)}` : `${seen.desired} → ${desired}`;
  return { desired, reason: `${change}: ${measured}` };
}

/** Mean CPU in percent of the workers in service, for each period with data, oldest first. */
function cpuPerPeriod(seen: Observation): readonly number[] {
  const periods = new Map<number, { sum: number; count: number }>();
  for (const worker of seen.workers) {
    if (worker.state !== "in service") continue;
    for (const point of worker.cpu) {
      const before = periods.get(point.at) ?? { sum: 0, count: 0 };
      periods.set(point.at, { sum: before.sum + point.percent, count: before.count + 1 });
    }
  }
  return [...periods].sort(([a], [b]) => a - b).map(([, { sum, count }]) => sum / count);
}

function newestPeriod(seen: Observation): number {
  return Math.max(
    ...seen.workers.flatMap((worker) => (worker.state === "in service" ? (worker.cpu.at(-1)?.at ?? 0) : [])),
  );
}
