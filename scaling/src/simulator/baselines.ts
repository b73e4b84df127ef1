import { formatPercent } from "@elastic-gas/shared/format/numbers";
import { ceil, clamp } from "../numbers.ts";
import { countWorkers, type Observation, type SeenWorker } from "../observation.ts";
import { fine } from "../reasons/words.ts";
import type { Decider, Verdict } from "./rule.ts";
import { REQUESTS_PER_LOAD } from "./simulated-pool.ts";

/**
 * The rules of others, as their documents describe them, for comparison only. All of them check once a minute, but
 * Kubernetes.
 */
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
 * One worker more or less when both of the last two minutes break an alarm, then a cooldown that blocks both
 * directions.
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
 * Grows in proportion when the alarm has seen 3 minutes above the target: the workers in service are the current
 * capacity, so that those that warm up already count towards what is wanted. Shrinks when it has seen 15 minutes below
 * 90 % of the target, to a size that stays at or below the target, gradually (here: one worker in 5 minutes), and never
 * while a worker warms up. Without data nothing happens. A worker counts in the metric once it is in service: the
 * warm-up time is the boot time.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html
 */
export function targetTracking(): Decider {
  let shrunkAt = Number.NEGATIVE_INFINITY;
  return (seen, now) => {
    const periods = cpuPerPeriod(seen, isWholePoint);
    const high = periods.slice(-3);
    const low = periods.slice(-15);
    const { inService, pending, warming } = countWorkers(seen);
    if (high.length === 3 && high.every((cpu) => cpu > TARGET)) {
      return resized(seen, Math.max(seen.desired, ceil((inService * (high[2] ?? 0)) / TARGET)), high[2]);
    }
    const settled = pending + warming === 0 && now - shrunkAt >= COOLDOWN_MS;
    if (settled && low.length === 15 && low.every((cpu) => cpu < 0.9 * TARGET)) {
      const enough = ceil((inService * (low[14] ?? 0)) / TARGET);
      const verdict = resized(seen, Math.min(seen.desired, Math.max(seen.desired - 1, enough)), low[14]);
      if (verdict.desired < seen.desired) shrunkAt = now;
      return verdict;
    }
    return resized(seen, seen.desired, high.at(-1));
  };
}

/** The controller's `--horizontal-pod-autoscaler-sync-period`. */
export const KUBERNETES_SYNC_SECONDS = 15;

/**
 * ceil(pods x usage / target) outside a tolerance of 10 %, on the newest metric of each pod, every 15 s. Unready pods
 * count as 0 % when growing, missing metrics as 0 % when growing and 100 % when shrinking; a ratio that changes sides
 * holds; a shrink goes to the highest recommendation of 300 s. The default limit of growing, to double the size or 4
 * more in 15 s, does not bind below 8 pods.
 * https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/#algorithm-details and, for what
 * counts as 100 %,
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/podautoscaler/replica_calculator.go
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
  const points = serving.map((worker) => ({ worker, point: worker.cpu.find((point) => point.at === newest) }));
  // A pod whose newest point began before it was ready is set aside like one that is not ready.
  const ready = points.filter(({ worker, point }) => point === undefined || isWholePoint(worker, point));
  const known = ready.flatMap(({ point }) => point?.percent ?? []);
  if (known.length === 0) return seen.desired;
  const sum = known.reduce((total, percent) => total + percent, 0);
  const ratio = sum / known.length / TARGET;
  const missing = ready.length - known.length;
  const { pending, warming } = countWorkers(seen);
  const unready = pending + warming + points.length - ready.length;
  if (missing === 0 && (unready === 0 || ratio <= 1)) {
    return Math.abs(ratio - 1) <= 0.1 ? seen.desired : ceil(ratio * known.length);
  }
  const counted = ready.length + (ratio > 1 ? unready : 0);
  const again = (sum + (ratio < 1 ? missing * 100 : 0)) / counted / TARGET;
  if (Math.abs(again - 1) <= 0.1 || ratio > 1 !== again > 1) return seen.desired;
  const size = ceil(again * counted);
  const backwards = ratio > 1 ? size < seen.desired : size > seen.desired;
  return backwards ? seen.desired : size;
}

/** How often the Knative autoscaler is asked here; its own tick is 2 s. */
export const KNATIVE_TICK_SECONDS = 5;
const STABLE_SECONDS = 60;
const PANIC_SECONDS = 6;
const PANIC_THRESHOLD = 2;
const CONCURRENCY_TARGET = 0.7;

/**
 * Knative's pod autoscaler: the mean of the arriving work over 60 s against 70 % of the pods, and while the mean of 6 s
 * asks for twice the ready pods (panic) that mean, without a shrink until 60 s after the last panic. Its activator sees
 * all that arrives, also what the pods cannot take.
 * https://knative.dev/docs/serving/autoscaling/kpa-specific/
 */
export function knativeAutoscaler(): Decider {
  let panickedAt = Number.NEGATIVE_INFINITY;
  return (seen, now) => {
    const ready = Math.max(1, countWorkers(seen).inService);
    const stable = ceil(arrivingWork(seen, STABLE_SECONDS) / CONCURRENCY_TARGET);
    const panic = ceil(arrivingWork(seen, PANIC_SECONDS) / CONCURRENCY_TARGET);
    if (panic / ready >= PANIC_THRESHOLD) panickedAt = now;
    if (now - panickedAt < STABLE_SECONDS * 1000) return resized(seen, Math.max(seen.desired, panic), undefined);
    return resized(seen, Math.max(stable, Math.floor(ready / 2)), undefined);
  };
}

/** Mean of the arriving load of the newest periods, in workers' worth. */
function arrivingWork(seen: Observation, seconds: number): number {
  const counts = seen.balancer.slice(-Math.max(1, Math.round(seconds / seen.periodSeconds)));
  const requests = counts.reduce((sum, period) => sum + (period.requests ?? 0), 0);
  return (requests * 60) / (Math.max(1, counts.length) * seen.periodSeconds) / REQUESTS_PER_LOAD;
}

function byThresholds(seen: Observation, cpu: number | undefined): Verdict {
  if (cpu !== undefined && cpu > GROW_ABOVE) return resized(seen, ceil(seen.desired * GROW_RATIO), cpu);
  if (cpu !== undefined && cpu < SHRINK_BELOW) return resized(seen, ceil(seen.desired * SHRINK_RATIO), cpu);
  return resized(seen, seen.desired, cpu);
}

function withCooldown(decider: Decider): Decider {
  let changedAt = Number.NEGATIVE_INFINITY;
  return (seen, now) => {
    if (now - changedAt < COOLDOWN_MS) return { desired: seen.desired, describe: () => "cooling down" };
    const verdict = decider(seen, now);
    if (verdict.desired !== seen.desired) changedAt = now;
    return verdict;
  };
}

function resized(seen: Observation, wanted: number, cpu: number | undefined): Verdict {
  const desired = clamp(Math.max(1, wanted), seen);
  const describe = (): string => {
    const measured = cpu === undefined ? "no data" : `mean CPU ${formatPercent(cpu)}`;
    const change = desired === seen.desired ? `no change at ${fine(desired)}` : `${seen.desired} → ${desired}`;
    return `${change}: ${measured}`;
  };
  return { desired, describe };
}

type Point = SeenWorker["cpu"][number];

/** The worker was in service during the whole period. */
function isWholePoint(worker: SeenWorker, point: Point): boolean {
  return worker.inServiceAt !== null && worker.inServiceAt <= point.at;
}

/** Mean CPU in percent of the workers in service, for each period with data, oldest first. */
function cpuPerPeriod(
  seen: Observation,
  counts: (worker: SeenWorker, point: Point) => boolean = () => true,
): readonly number[] {
  const periods = new Map<number, { sum: number; count: number }>();
  for (const worker of seen.workers) {
    if (worker.state !== "in service") continue;
    for (const point of worker.cpu) {
      if (!counts(worker, point)) continue;
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
