import { z } from "zod";
import { awaitedWorkers, Instant, type Observation } from "./observation.ts";
import { AdaptiveState } from "./rules/adaptive-state.ts";

/** One metric period of a pool, kept because a worker that leaves takes its CPU points with it. */
export const Minute = z.object({
  at: Instant,
  /** Workers in service during the whole period, and how many of them have a CPU point for it. */
  members: z.number(),
  reporting: z.number(),
  /** Sum of the reporting workers' CPU, in percent. */
  cpuSum: z.number(),
  requests: z.number().nullable(),
  /** Living members without a point, which may be full; all without a point where it is left out. */
  silent: z.number().optional(),
});
export type Minute = z.infer<typeof Minute>;

const Change = z.object({ at: Instant, from: z.number(), to: z.number() });

/**
 * What the rules remember between two checks, as JSON in `pools.policy_state`. Everything is here, so that a restart
 * changes nothing and a decision can be replayed.
 */
export const State = z.object({
  version: z.literal(1),
  /** The desired capacity of the last check; another one now means that somebody changed it in between. */
  desired: z.number().nullable(),
  /** The last change of the desired capacity, whoever made it. */
  change: Change.nullable(),
  minutes: z.array(Minute),
  /** The end of the newest data, and how late the latest of them came. */
  data: z
    .object({ until: Instant, delaysMs: z.array(z.number()) })
    .optional()
    .catch(undefined),
  /** Requests per minute that load one worker to 100 %, learned from the latest periods between 20 % and 90 % CPU. */
  requestsPerCpu: z.array(z.number()),
  learnedUntil: Instant.nullable(),
  /** Checks in a row that asked for a shrink, and the end of the data that the last one looked at. */
  low: z.object({ checks: z.number(), dataUntil: Instant.nullable() }),
  /** The last shrink by the policy that no grow has followed yet. */
  shrunkAt: Instant.nullable(),
  grewAt: Instant.nullable(),
  /** Mean service time of a job, as the finished ones taught it last; kept for the time in which nothing finishes. */
  service: z.object({ seconds: z.number(), finished: z.number() }).optional().catch(undefined),
  /** The workers that a queue's jobs needed at the checks of the last minutes. */
  needs: z
    .array(z.object({ at: Instant, workers: z.number() }))
    .optional()
    .catch(undefined),
  /**
   * Flap back-off: the confirmation and the peak window are doubled `level` times; `at` is the last flap or the last
   * halving.
   */
  backOff: z.object({ level: z.number(), at: Instant }).nullable(),
  /** What the adaptive rule has learned. */
  adaptive: AdaptiveState.optional().catch(undefined),
});
export type State = z.infer<typeof State>;

export function initialState(): State {
  return {
    version: 1,
    desired: null,
    change: null,
    minutes: [],
    requestsPerCpu: [],
    learnedUntil: null,
    low: { checks: 0, dataUntil: null },
    shrunkAt: null,
    grewAt: null,
    backOff: null,
  };
}

/**
 * Reads a stored state; one of another version or shape is forgotten, because the rules recover from CloudWatch within
 * minutes.
 */
export function readState(stored: unknown): State {
  const parsed = State.safeParse(stored);
  return parsed.success ? parsed.data : initialState();
}

/** Notes a change of the desired capacity that was made since the last check. */
export function noticeChange(state: State, seen: Observation, now: number): State {
  if (state.desired === seen.desired) return state;
  const change = state.desired === null ? state.change : { at: now, from: state.desired, to: seen.desired };
  return { ...state, desired: seen.desired, change, low: { checks: 0, dataUntil: null } };
}

/** The next shrink is confirmed from the start. */
export function withoutLowChecks(state: State): State {
  return { ...state, low: { checks: 0, dataUntil: null } };
}

/** The policy itself changes the size. */
export function changeSize(state: State, from: number, to: number, now: number): State {
  return { ...state, desired: to, change: { at: now, from, to }, low: { checks: 0, dataUntil: null } };
}

/** Since when all workers that the pool is waiting for are in service, null while it waits for some. */
export function settledSince(state: State, seen: Observation): number | null {
  if (awaitedWorkers(seen) > 0) return null;
  let since = state.change?.at ?? Number.NEGATIVE_INFINITY;
  for (const worker of seen.workers) {
    if (worker.state === "in service" && worker.inServiceAt !== null) since = Math.max(since, worker.inServiceAt);
  }
  return since;
}
