import type { PoolSpecification } from "./pools.ts";
import type { Worker } from "./worker-state.ts";
import { type EndCause, WorkerFault } from "./worker-state-reason.ts";

export interface PlannedPool extends Pick<PoolSpecification, "balanced" | "shrinksIdleOnly" | "replacesByAddingFirst"> {
  readonly desired: number;
  readonly stopping: boolean;
  readonly bootDeadlineMs: number;
  readonly unhealthyGraceMs: number;
  /** Launches that were asked for and whose instance has not been seen yet. */
  readonly launching: number;
  /** Replacements of unhealthy workers that are not over yet. */
  readonly replacing: number;
  readonly launchFailures: LaunchFailures;
  /** A release replaces another one; null outside of an update. */
  readonly update: PlannedUpdate | null;
}

/** What a release that replaces another one asks of the plan. */
export interface PlannedUpdate {
  /** What the pool's workers shall run. */
  readonly target: string;
  /** Whether another worker is launched beside the old ones. */
  readonly adds: boolean;
  /** Whether an old one may leave when it is complete without it. */
  readonly replaces: boolean;
}

export interface LaunchFailures {
  /** Failed launches since the last one that came into service. */
  readonly inARow: number;
  /** No launch before this instant. */
  readonly retryAt: number | null;
}

export interface Victim {
  readonly id: string;
  readonly cause: Exclude<EndCause, "lost">;
  /** What is wrong with it; null when nothing is. One that is overdue never came into service: its launch failed. */
  readonly because: WorkerFault | null;
}

/** What to do now. Each list is complete in itself, and doing any of it twice does no harm. */
export interface Plan {
  readonly launch: number;
  readonly register: readonly string[];
  readonly victims: readonly Victim[];
  /** Draining workers, new victims included, that the target group still sends requests to. */
  readonly deregister: readonly string[];
  readonly terminate: readonly string[];
  /** Protected workers that keep the pool from shrinking, and the number of busy ones that do. */
  readonly blockedBy: { readonly protected: readonly string[]; readonly busy: number };
  /** Unhealthy workers that stay because too many are unhealthy or too many are being replaced. */
  readonly unhealthyButKept: number;
}

/** At this many failures in a row the pool says `launch failing`, and tries one worker at a time. */
export const LAUNCH_FAILING = 3;
const MOST_REPLACED_SHARE = 0.25;

/** Pure: what the pool needs now, from what is there. Says how many before which ones. */
export function plan(pool: PlannedPool, workers: readonly Worker[], now: number): Plan {
  const leaving = workers.filter((worker) => worker.state === "draining");
  const staying = workers.filter(isStaying);
  if (pool.stopping) return stopAll(pool, staying, leaving);

  const interrupted = interruptions(staying, now);
  const faulty = mergeReplacements(
    interrupted,
    replacements(
      pool,
      staying.filter(({ reason }) => reason.kind !== "interruption"),
      now,
    ),
  );
  const requested = staying.filter(
    (worker) => worker.request !== null && !faulty.victims.some(({ id }) => id === worker.id),
  );
  const drains = requested.filter((worker) => worker.request !== "replacement");
  const asked = requested.filter((worker) => worker.request === "replacement").map((worker) => worker.id);
  const swaps = [
    ...new Set([
      ...asked,
      ...faulty.swaps.map(({ id }) => id).filter((id) => !drains.some((worker) => worker.id === id)),
    ]),
  ];

  const ended = new Set([...faulty.victims.map(({ id }) => id), ...drains.map(({ id }) => id)]);
  const remaining = staying.filter((worker) => !ended.has(worker.id));
  const outdated = swaps.length > 0 ? null : chooseOutdated(pool, remaining, leaving);
  const leave = outdated === null ? swaps : [outdated];
  const serving = remaining.filter((worker) => worker.state === "in service" && !leave.includes(worker.id)).length;
  // Those to be swapped go as soon as the pool is complete without them; until then each has another one launched
  // beside it.
  const mayLeave = serving >= pool.desired && (outdated === null || pool.update?.replaces === true);
  const released = mayLeave ? leave : [];
  const wanted = pool.desired + leave.length - released.length;
  const kept = remaining.filter((worker) => !released.includes(worker.id));
  const surplus = chooseSurplus(pool, kept, Math.max(0, kept.length - wanted));

  const victims: readonly Victim[] = [
    ...faulty.victims,
    ...drains.map((worker): Victim => ({ id: worker.id, cause: "shrink", because: null })),
    ...released.map((id): Victim => {
      if (id === outdated) return { id, cause: "update", because: null };
      return faulty.swaps.find((swap) => swap.id === id) ?? replacement(id);
    }),
    ...surplus.chosen.map((id): Victim => ({ id, cause: "shrink", because: null })),
  ];
  return {
    launch: launchesNow(pool, Math.max(0, wanted - kept.length - pool.launching), now),
    register: pool.balanced
      ? staying
          .filter((worker) => worker.running && !worker.registered && !victims.some(({ id }) => id === worker.id))
          .map(({ id }) => id)
      : [],
    victims,
    ...endings(pool, workers, victims, leaving),
    blockedBy: surplus.blockedBy,
    unhealthyButKept: faulty.kept,
  };
}

/** Counts towards the desired capacity: nobody chose it to end. */
export function isStaying({ state }: Pick<Worker, "state">): boolean {
  return state !== "draining" && state !== "terminating" && state !== "terminated";
}

interface Replacements {
  readonly victims: readonly Victim[];
  /** Unhealthy ones that go only after another one came. */
  readonly swaps: readonly Victim[];
  readonly kept: number;
}

/** Of its last requests and the deregistration: what a worker that EC2 takes back needs at the end. */
const LAST_MS = 30_000;

/**
 * Workers that EC2 is about to end. One that it takes back within minutes leaves at once while others serve, so that
 * its last requests end in time; the only one serves on until another one came, or until its end is near. Those with
 * more time leave when the pool is complete without them.
 */
function interruptions(staying: readonly Worker[], now: number): Replacements {
  const othersServe = staying.some(({ state, reason }) => state === "in service" && reason.kind !== "interruption");
  const victims: Victim[] = [];
  const swaps: Victim[] = [];
  for (const { id, reason } of staying) {
    if (reason.kind !== "interruption") continue;
    const isNear = reason.at !== null && now >= reason.at - LAST_MS;
    const leavesNow = isNear || (reason.what === "spot" && othersServe);
    (leavesNow ? victims : swaps).push(replacement(id, reason));
  }
  return { victims, swaps, kept: 0 };
}

function mergeReplacements(...each: readonly Replacements[]): Replacements {
  return {
    victims: each.flatMap(({ victims }) => victims),
    swaps: each.flatMap(({ swaps }) => swaps),
    kept: each.reduce((sum, { kept }) => sum + kept, 0),
  };
}

function replacements(pool: PlannedPool, staying: readonly Worker[], now: number): Replacements {
  const late = staying.flatMap(({ id, reason }) => (reason.kind === "overdue" ? [replacement(id, reason)] : []));
  const unhealthy = staying.filter(({ state }) => state === "unhealthy");
  const due = unhealthy
    .filter(({ unhealthySince }) => unhealthySince !== null && now - unhealthySince >= pool.unhealthyGraceMs)
    .sort((a, b) => (a.unhealthySince ?? 0) - (b.unhealthySince ?? 0) || compare(a.id, b.id));
  const served = staying.filter(({ state }) => state === "in service" || state === "unhealthy").length;
  const allowed = allowedReplacements(pool, { unhealthy, due, served }, now);
  const chosen = due.slice(0, allowed).map(({ id, reason }) => replacement(id, WorkerFault.safeParse(reason).data));
  const kept = due.length - chosen.length;
  if (pool.replacesByAddingFirst) return { victims: late, swaps: chosen, kept };
  return { victims: [...late, ...chosen], swaps: [], kept };
}

function replacement(id: string, because: WorkerFault | null = null): Victim {
  return { id, cause: "replacement", because };
}

/**
 * At most max(1, 25 %) at a time, and none when more than half are unhealthy, because overload is no fault of theirs. A
 * single worker can be nothing but replaced; and when the majority stays unhealthy for a whole boot deadline longer,
 * waiting has not helped: then one at a time.
 */
function allowedReplacements(
  pool: PlannedPool,
  seen: {
    readonly unhealthy: readonly Worker[];
    readonly due: readonly Worker[];
    readonly served: number;
  },
  now: number,
): number {
  // A swap stays chosen until it is over, so that it needs no counting.
  const free = (limit: number): number => Math.max(0, limit - (pool.replacesByAddingFirst ? 0 : pool.replacing));
  if (seen.served > 1 && seen.unhealthy.length * 2 > seen.served) {
    const isLasting = seen.due.some(
      ({ unhealthySince }) => now - (unhealthySince ?? now) >= pool.unhealthyGraceMs + pool.bootDeadlineMs,
    );
    return isLasting ? free(1) : 0;
  }
  return free(Math.max(1, Math.floor(pool.desired * MOST_REPLACED_SHARE)));
}

/**
 * The next worker that an update replaces, null when none is to be: one at a time, the one before has ended. Unhealthy
 * ones first, idle ones before busy ones, then the oldest. While an update is held, a worker that was added for it
 * stays beside the old ones.
 */
function chooseOutdated(pool: PlannedPool, remaining: readonly Worker[], leaving: readonly Worker[]): string | null {
  const { update } = pool;
  if (update === null || leaving.some(({ reason }) => reason.kind === "draining" && reason.cause === "update"))
    return null;
  if (!update.adds && remaining.length <= pool.desired) return null;
  const rank = ({ state, busy }: Worker): number => (state === "in service" ? (busy === true ? 2 : 1) : 0);
  const [next] = remaining
    .filter(({ releaseId }) => releaseId !== update.target)
    .sort((a, b) => rank(a) - rank(b) || a.launchedAt - b.launchedAt || compare(a.id, b.id));
  return next?.id ?? null;
}

/**
 * Unhealthy first, then those that boot, then the newest; never a protected one, and where jobs run only idle ones. In
 * an update those of another release go first, as far as enough others serve.
 */
function chooseSurplus(
  pool: PlannedPool,
  kept: readonly Worker[],
  count: number,
): { chosen: readonly string[]; blockedBy: Plan["blockedBy"] } {
  const order: Readonly<Record<Worker["state"], number>> = {
    unhealthy: 0,
    pending: 1,
    warming: 2,
    "in service": 3,
    draining: 4,
    terminating: 4,
    terminated: 4,
  };
  const newestFirst = kept.toSorted((a, b) => b.launchedAt - a.launchedAt || compare(a.id, b.id));
  const serving = newestFirst.filter(({ state }) => state === "in service");
  const isOutdated = ({ releaseId }: Worker): boolean => pool.update !== null && releaseId !== pool.update.target;
  const spare = new Set(serving.filter(isOutdated).slice(0, Math.max(0, serving.length - pool.desired)));
  const rank = (worker: Worker): number => {
    if (spare.has(worker)) return 0.5;
    return order[worker.state] - (isOutdated(worker) ? 0.5 : 0);
  };
  const sorted = newestFirst.toSorted((a, b) => rank(a) - rank(b));
  const isBusy = (worker: Worker): boolean =>
    pool.shrinksIdleOnly && worker.state === "in service" && worker.busy !== false;
  const free = sorted.filter((worker) => !worker.protected && !isBusy(worker));
  const chosen = free.slice(0, count).map(({ id }) => id);
  if (chosen.length === count) return { chosen, blockedBy: { protected: [], busy: 0 } };
  const blocking = sorted.filter((worker) => !chosen.includes(worker.id));
  return {
    chosen,
    blockedBy: {
      protected: blocking.filter((worker) => worker.protected).map(({ id }) => id),
      busy: blocking.filter((worker) => !worker.protected && isBusy(worker)).length,
    },
  };
}

function launchesNow(pool: PlannedPool, missing: number, now: number): number {
  const { inARow, retryAt } = pool.launchFailures;
  if (retryAt !== null && now < retryAt) return 0;
  if (inARow < LAUNCH_FAILING) return missing;
  return pool.launching > 0 ? 0 : Math.min(1, missing);
}

function stopAll(pool: PlannedPool, staying: readonly Worker[], leaving: readonly Worker[]): Plan {
  const victims = staying.map(({ id }): Victim => ({ id, cause: "stop", because: null }));
  return {
    launch: 0,
    register: [],
    victims,
    ...endings(pool, [...staying, ...leaving], victims, leaving),
    blockedBy: { protected: [], busy: 0 },
    unhealthyButKept: 0,
  };
}

/** A victim that nobody sends work to can go at once; any other drains first. */
function endings(
  pool: PlannedPool,
  workers: readonly Worker[],
  victims: readonly Victim[],
  leaving: readonly Worker[],
): Pick<Plan, "deregister" | "terminate"> {
  const chosen = workers.filter((worker) => victims.some(({ id }) => id === worker.id));
  const idle = chosen.filter((worker) => worker.state === "pending" && !worker.registered);
  return {
    deregister: pool.balanced ? [...leaving, ...chosen].filter(({ registered }) => registered).map(({ id }) => id) : [],
    terminate: [...leaving.filter(({ drained }) => drained), ...idle].map(({ id }) => id),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
