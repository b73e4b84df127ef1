import { z } from "zod";

/** Epoch milliseconds. Observation and state are JSON, so that a decision can be replayed from its record. */
export const Instant = z.number();

/** One value of one metric period; `at` is the start of the period. */
const CpuPoint = z.object({ at: Instant, percent: z.number().min(0) });

const WORKER_STATES = ["pending", "warming", "in service", "unhealthy", "draining"] as const;

/**
 * A worker as the rules see it:
 * pending (booting) -> warming (registered, not healthy yet) -> in service <-> unhealthy -> draining.
 */
export const SeenWorker = z.object({
  id: z.string(),
  state: z.enum(WORKER_STATES),
  launchedAt: Instant.nullable().default(null),
  /** When it was first seen in service. */
  inServiceAt: Instant.nullable().default(null),
  /** Runs a job; null where the pool has no jobs or nothing is known. */
  busy: z.boolean().nullable().default(null),
  cpu: z.array(CpuPoint).default([]),
});
export type SeenWorker = z.infer<typeof SeenWorker>;

/**
 * One period of the load balancer. A load balancer reports its counts only when they are not zero, but the number of
 * healthy hosts always: so a null count beside a number of hosts means 0, and all null means that nothing is known.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
 */
export const BalancerPeriod = z.object({
  at: Instant,
  requests: z.number().nullable().default(null),
  successes: z.number().nullable().default(null),
  responseSeconds: z.number().nullable().default(null),
  healthyHosts: z.number().nullable().default(null),
});
export type BalancerPeriod = z.infer<typeof BalancerPeriod>;

export const SeenQueue = z.object({
  /** Messages that wait now, and those that a worker has in hand. */
  waiting: z.number(),
  inFlight: z.number(),
  /** Messages sent, by period; a period without a value is left out. */
  sent: z.array(z.object({ at: Instant, count: z.number() })),
  /**
   * Mean time that a worker was busy with one job, over the latest finished jobs, failed ones included; null before the
   * first. Waiting in the queue does not belong to it.
   */
  serviceSeconds: z.number().positive().nullable().default(null),
  /** How many jobs that mean was taken over. */
  finished: z.number().int().min(0).default(0),
});
export type SeenQueue = z.infer<typeof SeenQueue>;

/**
 * What the autoscaler saw of one pool at one instant: everything that `decide` may look at, besides policy, state and
 * clock.
 */
export const Observation = z.object({
  pool: z.string(),
  desired: z.number().int().min(0),
  min: z.number().int().min(0),
  max: z.number().int().min(0),
  paused: z.object({ by: z.string(), at: Instant }).nullable().default(null),
  /** Until then a manual change is protected from the policy. */
  manualUntil: Instant.nullable().default(null),
  /** Launches fail again and again: what cannot be launched blocks neither hold nor capacity. */
  launchFailing: z.boolean().default(false),
  workers: z.array(SeenWorker).default([]),
  /** Launches that were asked for and whose instance has not been seen yet. */
  launching: z.number().int().min(0).default(0),
  balancer: z.array(BalancerPeriod).default([]),
  queue: SeenQueue.nullable().default(null),
  /** From launch to in service, as measured on the latest workers. */
  bootSeconds: z.number().nullable().default(null),
  /** Length of the period of the points of workers and balancer, and of the time between two checks. */
  periodSeconds: z.number().positive().default(60),
  tickSeconds: z.number().positive().default(60),
  /** Every duration of a rule is multiplied by it: 1, or less in tests that must run faster than life. */
  timeScale: z.number().positive().default(1),
});
export type Observation = z.infer<typeof Observation>;
/** The same with every default left out; what a caller of the `decide` command writes. */
export type ObservationInput = z.input<typeof Observation>;

/** Milliseconds of a rule's duration. */
export function lasting(seen: Pick<Observation, "timeScale">, seconds: number): number {
  return seconds * seen.timeScale * 1000;
}

export interface Counts {
  readonly inService: number;
  readonly unhealthy: number;
  readonly warming: number;
  /** Launched and booting, asked for, or wanted and not asked for yet. */
  readonly pending: number;
  readonly draining: number;
}

export function countWorkers(seen: Observation): Counts {
  const inState = (state: SeenWorker["state"]): number =>
    seen.workers.filter((worker) => worker.state === state).length;
  const draining = inState("draining");
  const known = seen.workers.length - draining + seen.launching;
  const wanted = seen.launchFailing ? 0 : Math.max(0, seen.desired - known);
  return {
    inService: inState("in service"),
    unhealthy: inState("unhealthy"),
    warming: inState("warming"),
    pending: inState("pending") + seen.launching + wanted,
    draining,
  };
}

/**
 * Workers on their way into service that a decision waits for; none while launches fail, because they may never come.
 */
export function awaitedWorkers(seen: Observation): number {
  const { pending, warming } = countWorkers(seen);
  return seen.launchFailing ? 0 : pending + warming;
}
