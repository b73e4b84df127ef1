import { type Decided, type DecisionFacts, hold, resize } from "../decision.ts";
import { ceil, clamp } from "../numbers.ts";
import { awaitedWorkers, lasting, type Observation, type SeenQueue } from "../observation.ts";
import type { QueuePolicy } from "../policy.ts";
import { changeSize, type State, withoutLowChecks } from "../policy-state.ts";
import type { Finding } from "../reasons/reason.ts";
import { awaitWorkers } from "./holding.ts";
import { MAX_AGE_MINUTES } from "./minutes.ts";

/** A shrink goes to the most that was needed within so many minutes. */
export const HOLD_MINUTES = 4;
const LONG_JOBS_HOLD_MINUTES = 2;
/** The service time until a job has finished. */
export const ASSUMED_SERVICE_SECONDS = 60;
const DEFAULT_BOOT_SECONDS = 90;
/**
 * Arrivals are the mean of so many minutes, the newest that are known; of a service time where that is longer, up to
 * the policy's longest lookback window.
 */
export const ARRIVAL_MINUTES = 5;

/**
 * As many workers as serve the arrivals and begin what waits in time (docs/scaling.md, "The queue rule"). Grows to it
 * at once and shrinks idle workers only, so that no job is cut off.
 */
export function decideQueue(policy: QueuePolicy, seen: Observation, before: State, now: number): Decided {
  const queue = seen.queue;
  if (queue === null) {
    return { decision: hold(seen, { kind: "queue-silent" }, {}), state: withoutLowChecks(before) };
  }
  const learned = learnService(before, queue);
  const serving = seen.workers.filter((worker) => worker.state === "in service");
  const idle = serving.filter((worker) => worker.busy === false).length;
  const serviceSeconds = learned.service?.seconds ?? ASSUMED_SERVICE_SECONDS;
  const perMinute = arrivalsPerMinute(queue, seen, now, lookbackSeconds(policy, serviceSeconds));
  const { needs, load } = workersFor(policy, {
    perSecond: (perMinute ?? 0) / 60,
    waiting: queue.waiting,
    inFlight: queue.inFlight,
    serviceSeconds,
    bootSeconds: seen.bootSeconds ?? DEFAULT_BOOT_SECONDS,
  });
  const holdMinutes = serviceSeconds > 2 * policy.acceptableWaitSeconds ? LONG_JOBS_HOLD_MINUTES : HOLD_MINUTES;
  const heldSeconds = lasting(seen, holdMinutes * 60) / 1000;
  const state = noteNeed(learned, { at: now, workers: needs }, now - heldSeconds * 1000);
  const held = Math.max(...(state.needs ?? []).map(({ workers }) => workers));
  const finding: Finding = {
    kind: "work",
    perMinute: perMinute ?? 0,
    waiting: queue.waiting,
    serviceSeconds,
    learned: state.service !== undefined,
    waitSeconds: policy.acceptableWaitSeconds,
    needs,
  };
  const facts: DecisionFacts = {
    measured: perMinute,
    unit: "jobs/min",
    load,
    waiting: queue.waiting,
    backlogPerWorker: queue.waiting / Math.max(1, seen.desired),
    idle,
    serviceSeconds: state.service?.seconds ?? null,
    wanted: needs,
    ...(state.change === null ? {} : { lastChange: state.change }),
  };
  const same = (reason: Parameters<typeof hold>[1], next: State = withoutLowChecks(state)): Decided => ({
    decision: hold(seen, reason, facts),
    state: next,
  });
  const { pool, desired: from, min, max } = seen;

  if (needs > from) {
    const to = clamp(needs, seen);
    if (to <= from) return same({ kind: "at-maximum", max, wanted: needs, finding });
    return {
      decision: resize({ kind: "queue-grew", pool, from, to, finding, max }, facts),
      state: { ...changeSize(state, from, to, now), grewAt: now },
    };
  }
  if (awaitedWorkers(seen) > 0) return same(awaitWorkers(seen, now));
  if (from <= min) return same({ kind: "at-minimum", min, finding });
  if (held >= from || queue.waiting > 0) {
    return same({ kind: "queue-fits", desired: from, finding, held: Math.max(held, needs), heldSeconds });
  }
  if (perMinute === null) {
    return same({ kind: "data-missing", withinSeconds: lasting(seen, ARRIVAL_MINUTES * 60) / 1000 });
  }
  if (idle === 0) {
    return same({
      kind: "no-idle-worker",
      busy: serving.filter((worker) => worker.busy === true).length,
      of: serving.length,
    });
  }
  const to = Math.max(clamp(held, seen), from - idle);
  return {
    decision: resize({ kind: "queue-shrank", pool, from, to, finding, idle, held, heldSeconds }, facts),
    state: changeSize(state, from, to, now),
  };
}

function lookbackSeconds({ longestLookbackSeconds }: QueuePolicy, serviceSeconds: number): number {
  return Math.min(longestLookbackSeconds, Math.max(ARRIVAL_MINUTES * 60, serviceSeconds));
}

interface Work {
  readonly perSecond: number;
  readonly waiting: number;
  readonly inFlight: number;
  readonly serviceSeconds: number;
  readonly bootSeconds: number;
}

/**
 * The workers that arrivals, waiting and running jobs need. Within the acceptable wait T a worker begins T/S jobs of S
 * seconds; a job longer than T holds its worker, so every waiting one needs a worker of its own, beside those that stay
 * busy for longer than T.
 */
export function workersFor(
  policy: QueuePolicy,
  { perSecond, waiting, inFlight, serviceSeconds, bootSeconds }: Work,
): { readonly needs: number; readonly load: number } {
  const wait = policy.acceptableWaitSeconds;
  const load = perSecond * serviceSeconds;
  // What arrives before another worker could come needs no more than one worker each, whatever the measured rate says
  // of later.
  const soon = inFlight + waiting + perSecond * bootSeconds;
  const steady = Math.min(load / (policy.targetUtilizationPercent / 100), soon);
  const clearing =
    waiting === 0
      ? 0
      : waiting * Math.min(1, serviceSeconds / wait) +
        perSecond * Math.min(serviceSeconds, wait) +
        inFlight * Math.max(0, 1 - wait / serviceSeconds);
  const running = inFlight * Math.min(1, serviceSeconds / wait);
  return { needs: ceil(Math.max(steady, clearing, running)), load };
}

function learnService(state: State, { serviceSeconds, finished }: SeenQueue): State {
  if (serviceSeconds === null || finished === 0) return state;
  return { ...state, service: { seconds: serviceSeconds, finished } };
}

function noteNeed(state: State, need: { readonly at: number; readonly workers: number }, oldest: number): State {
  return { ...state, needs: [...(state.needs ?? []).filter(({ at }) => at > oldest), need] };
}

/** Mean over the newest known minutes; null when none is known. */
function arrivalsPerMinute(queue: SeenQueue, seen: Observation, now: number, lookback: number): number | null {
  const period = seen.periodSeconds * 1000;
  const span = lasting(seen, lookback);
  const known = queue.sent.filter((point) => point.at + period <= now).toSorted((a, b) => a.at - b.at);
  const newest = known.at(-1);
  if (newest === undefined || newest.at + period < now - lasting(seen, MAX_AGE_MINUTES * 60)) return null;
  const recent = known.filter((point) => point.at > newest.at - span);
  const sum = recent.reduce((total, point) => total + point.count, 0);
  return (sum * 60_000 * seen.timeScale) / (recent.length * period);
}
