import type { Worker } from "./worker-state.ts";

/** Why a worker ends; stored in `workers.victim_reason`. */
export type VictimReason = "shrink" | "replacement" | "stop";

export interface PlannedPool {
  readonly name: string;
  readonly desired: number;
  readonly stopping: boolean;
  /** Behind the load balancer. */
  readonly balanced: boolean;
  /** A worker with a job is never chosen when the pool shrinks. */
  readonly idleOnly: boolean;
  /** A sick worker leaves only when another one is in service. */
  readonly addFirst: boolean;
  readonly bootDeadlineMs: number;
  readonly unhealthyGraceMs: number;
  /** Launches that were asked for and whose instance has not been seen yet. */
  readonly launching: number;
  /** Replacements of sick workers that are not over yet. */
  readonly replacing: number;
  readonly launchFailures: LaunchFailures;
}

export interface LaunchFailures {
  /** Failed launches since the last one that came into service. */
  readonly inARow: number;
  /** No launch before this instant. */
  readonly retryAt: number | null;
}

export interface Victim {
  readonly id: string;
  readonly reason: VictimReason;
  /** The sentence of the activity; empty for a shrink or stop, which have their own. */
  readonly why: string;
  /** It never came into service: a failed launch. */
  readonly failedLaunch: boolean;
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
  /** Sick workers that stay because too many are sick or too many are being replaced. */
  readonly sickButKept: number;
}

/** At this many failures in a row the pool says `launch failing`, and tries one worker at a time. */
export const LAUNCH_FAILING = 3;
const MOST_REPLACED_SHARE = 0.25;

/** Pure: what the pool needs now, from what is there. Says how many before which ones. */
export function plan(pool: PlannedPool, workers: readonly Worker[], now: number): Plan {
  const leaving = workers.filter((worker) => worker.state === "draining");
  const staying = workers.filter((worker) => worker.state !== "draining" && worker.state !== "terminating");
  if (pool.stopping) return stopAll(pool, staying, leaving);

  const sick = replacements(pool, staying, now);
  const wished = staying.filter((worker) => worker.wish !== null && !sick.victims.some(({ id }) => id === worker.id));
  const drains = wished.filter((worker) => worker.wish !== "replacement");
  const asked = wished.filter((worker) => worker.wish === "replacement").map((worker) => worker.id);
  const swaps = [
    ...new Set([
      ...asked,
      ...sick.swaps.map(({ id }) => id).filter((id) => !drains.some((worker) => worker.id === id)),
    ]),
  ];

  const ended = new Set([...sick.victims.map(({ id }) => id), ...drains.map(({ id }) => id)]);
  const remaining = staying.filter((worker) => !ended.has(worker.id));
  const serving = remaining.filter((worker) => worker.state === "in service" && !swaps.includes(worker.id)).length;
  // Those to be swapped go as soon as the pool is complete without them; until then each has another one launched beside it.
  const released = serving >= pool.desired ? swaps : [];
  const wanted = pool.desired + swaps.length - released.length;
  const kept = remaining.filter((worker) => !released.includes(worker.id));
  const surplus = chooseSurplus(pool, kept, Math.max(0, kept.length - wanted));

  const victims: readonly Victim[] = [
    ...sick.victims,
    ...drains.map((worker): Victim => ({ id: worker.id, reason: "shrink", why: "", failedLaunch: false })),
    ...released.map(
      (id): Victim => ({
        id,
        reason: "replacement",
        why:
          sick.swaps.find((swap) => swap.id === id)?.why ??
          `${pool.name} replaced ${id}: as asked for, after another worker came into service.`,
        failedLaunch: false,
      }),
    ),
    ...surplus.chosen.map((id): Victim => ({ id, reason: "shrink", why: "", failedLaunch: false })),
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
    sickButKept: sick.kept,
  };
}

interface Replacements {
  readonly victims: readonly Victim[];
  /** Sick ones that go only after another one came. */
  readonly swaps: readonly { readonly id: string; readonly why: string }[];
  readonly kept: number;
}

function replacements(pool: PlannedPool, staying: readonly Worker[], now: number): Replacements {
  const late = staying
    .filter(
      ({ state, launchedAt }) => (state === "pending" || state === "warming") && now - launchedAt > pool.bootDeadlineMs,
    )
    .map(
      ({ id }): Victim => ({
        id,
        reason: "replacement",
        why: `${id} was not in service after ${minutes(pool.bootDeadlineMs)}; replaced.`,
        failedLaunch: true,
      }),
    );
  const unhealthy = staying.filter(({ state }) => state === "unhealthy");
  const due = unhealthy
    .filter(({ unhealthySince }) => unhealthySince !== null && now - unhealthySince >= pool.unhealthyGraceMs)
    .sort((a, b) => (a.unhealthySince ?? 0) - (b.unhealthySince ?? 0) || compare(a.id, b.id));
  const served = staying.filter(({ state }) => state === "in service" || state === "unhealthy").length;
  const allowed = allowedReplacements(pool, { unhealthy, due, served }, now);
  const chosen = due.slice(0, allowed).map((worker) => ({
    id: worker.id,
    why: `${pool.name} replaced ${worker.id}: unhealthy for ${Math.round((now - (worker.unhealthySince ?? now)) / 1000)}\u00a0s (${worker.illness ?? "unknown"}).`,
  }));
  const kept = due.length - chosen.length;
  if (pool.addFirst) return { victims: late, swaps: chosen, kept };
  const victims = chosen.map(({ id, why }): Victim => ({ id, reason: "replacement", why, failedLaunch: false }));
  return { victims: [...late, ...victims], swaps: [], kept };
}

/**
 * At most max(1, 25 %) at a time, and none when more than half are unhealthy, because overload is not illness. A single worker can be nothing but
 * replaced; and when the majority stays sick for a whole boot deadline longer, waiting has not helped: then one at a time.
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
  const free = (limit: number): number => Math.max(0, limit - (pool.addFirst ? 0 : pool.replacing));
  if (seen.served > 1 && seen.unhealthy.length * 2 > seen.served) {
    const longSick = seen.due.some(
      ({ unhealthySince }) => now - (unhealthySince ?? now) >= pool.unhealthyGraceMs + pool.bootDeadlineMs,
    );
    return longSick ? free(1) : 0;
  }
  return free(Math.max(1, Math.floor(pool.desired * MOST_REPLACED_SHARE)));
}

/** Unhealthy first, then those that boot, then the newest; never a protected one, and where jobs run only idle ones. */
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
  };
  const sorted = kept.toSorted(
    (a, b) => order[a.state] - order[b.state] || b.launchedAt - a.launchedAt || compare(a.id, b.id),
  );
  const isBusy = (worker: Worker): boolean => pool.idleOnly && worker.state === "in service" && worker.busy !== false;
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
  const victims = staying.map(({ id }): Victim => ({ id, reason: "stop", why: "", failedLaunch: false }));
  return {
    launch: 0,
    register: [],
    victims,
    ...endings(pool, [...staying, ...leaving], victims, leaving),
    blockedBy: { protected: [], busy: 0 },
    sickButKept: 0,
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

function minutes(milliseconds: number): string {
  return milliseconds < 120_000
    ? `${Math.round(milliseconds / 1000)}\u00a0s`
    : `${Math.round(milliseconds / 60_000)}\u00a0min`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
