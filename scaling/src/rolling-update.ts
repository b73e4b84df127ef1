import { type LoadPoint, readLoadPoints } from "@elastic-gas/shared/pools/load-points";
import type { WorkerRecord } from "@elastic-gas/shared/pools/worker-record";
import { isStaying, type PlannedUpdate } from "./reconcile-plan.ts";
import type { RequestCounts, RollBackReason, UpdateStep } from "./update-reason.ts";
import type { Worker } from "./worker-state.ts";
import { readFault } from "./worker-state-reason.ts";

/** An update as one pool sees it. Instants are epoch milliseconds. */
export interface PoolUpdate {
  readonly state: "running" | "paused" | "rolling back";
  readonly from: string;
  readonly to: string;
  readonly startedAt: number;
  readonly canarySeconds: number;
  /** Pools are updated one after another: a release that fails in the first one never reaches the others. */
  readonly isTurn: boolean;
  readonly canaryPassedAt: number | null;
}

export interface UpdatedPool {
  readonly workers: readonly Worker[];
  /** Ended workers too, while their rows are kept. */
  readonly records: ReadonlyMap<string, WorkerRecord>;
  /** What the launches whose instance was not seen yet will run. */
  readonly launching: readonly (string | null)[];
  /** Instances that EC2 made and that never came into service. */
  readonly failedLaunches: readonly FailedLaunch[];
  readonly unhealthyGraceMs: number;
}

interface FailedLaunch {
  readonly instanceId: string;
  readonly releaseId: string | null;
  readonly at: number;
}

/** After the canary one may fail by itself: machines do, and spot instances are taken away. */
const MOST_FAILED = 1;
/** Fewer failed requests prove nothing. */
const FEWEST_FAILED_REQUESTS = 3;
/** Of all requests: what the new workers may fail more often than twice the others' share. */
const SHARE_MARGIN = 0.01;

/** Pure: where the update stands in a pool, and whether it must go back. */
export function judgeUpdate(update: PoolUpdate, pool: UpdatedPool, now: number): UpdateStep {
  const { target } = updateFor(update);
  const staying = pool.workers.filter(isStaying);
  const isFresh = ({ releaseId }: { readonly releaseId: string | null }): boolean => releaseId === target;
  const fresh = staying.filter(isFresh);
  const old = pool.workers.filter(
    (worker) => !isFresh(worker) && (isStaying(worker) || worker.state === "draining"),
  ).length;
  const counts = { fresh: fresh.length, old };
  const isOver = old === 0 && pool.launching.every((release) => release === target);
  if (update.state === "rolling back")
    return isOver ? { kind: "done", ...counts } : { kind: "rolling back", ...counts };
  if (!update.isTurn) return { kind: "waiting", ...counts };

  const failure = failureOf(update, pool, now);
  if (failure !== null) return { kind: "failed", because: failure };
  if (update.canaryPassedAt !== null || staying.length === 0) {
    if (isOver) return { kind: "done", ...counts };
    return update.state === "paused" ? { kind: "paused", ...counts } : { kind: "replacing", ...counts };
  }
  const [canary] = fresh
    .filter(({ state, inServiceAt }) => state === "in service" && inServiceAt !== null)
    .sort((a, b) => (a.inServiceAt ?? 0) - (b.inServiceAt ?? 0));
  if (canary === undefined)
    return update.state === "paused" ? { kind: "paused", ...counts } : { kind: "launching canary", ...counts };
  const { canarySeconds } = update;
  const since = canary.inServiceAt ?? now;
  const requests = countRequests(pool, target).fresh;
  const proof = { instanceId: canary.id, since, canarySeconds, requests };
  return now - since < canarySeconds * 1_000 ? { kind: "proving", ...proof } : { kind: "proved", ...proof };
}

export function updateFor({ state, from, to, isTurn, canaryPassedAt }: PoolUpdate): PlannedUpdate {
  if (state === "rolling back") return { target: from, adds: true, replaces: true };
  const goesOn = state === "running" && isTurn;
  return { target: to, adds: goesOn, replaces: goesOn && canaryPassedAt !== null };
}

/**
 * What the next launch runs. Until the canary has proved itself it stays the only one of its release: a peak of load
 * then grows the pool with the release that is known to work.
 */
export function releaseOfLaunch(update: PoolUpdate, present: readonly (string | null)[]): string {
  const { target } = updateFor(update);
  if (update.state === "rolling back" || update.canaryPassedAt !== null) return target;
  const isCanary = update.isTurn && update.state === "running" && !present.includes(target);
  return isCanary ? target : update.from;
}

function failureOf(update: PoolUpdate, pool: UpdatedPool, now: number): RollBackReason | null {
  const { to, startedAt, canaryPassedAt } = update;
  const ended = [...pool.records.values()].flatMap(({ instanceId, releaseId, drainingAt, victimReason, endedFor }) => {
    const fault = readFault(endedFor);
    // That EC2 takes an instance back is no fault of what it runs.
    if (fault?.kind === "interruption") return [];
    const isOfUpdate = releaseId === to && drainingAt !== null && drainingAt >= startedAt;
    return isOfUpdate && (victimReason === "lost" || fault !== null) ? [{ instanceId, fault }] : [];
  });
  const failing = pool.workers
    .filter((worker) => isStaying(worker) && worker.releaseId === to)
    .flatMap(({ id, state, reason, unhealthySince }) => {
      const isPast = state === "unhealthy" && unhealthySince !== null && now - unhealthySince >= pool.unhealthyGraceMs;
      return reason.kind === "overdue" || isPast ? [{ instanceId: id, fault: readFault(reason) }] : [];
    });
  // One that ended before anybody saw it has no row.
  const unseen = pool.failedLaunches
    .filter(({ instanceId, releaseId, at }) => releaseId === to && at >= startedAt && !pool.records.has(instanceId))
    .map(({ instanceId }) => ({ instanceId, fault: null }));
  const failed = [...ended, ...failing, ...unseen];
  const [first] = failed;
  const allowed = canaryPassedAt === null ? 0 : MOST_FAILED;
  if (first !== undefined && failed.length > allowed)
    return { kind: "workers failed", count: failed.length, isCanary: canaryPassedAt === null, ...first };
  const counts = countRequests(pool, to);
  return isWorse(counts) ? { kind: "requests failed", ...counts } : null;
}

interface BothCounts {
  readonly fresh: RequestCounts;
  readonly others: RequestCounts;
}

/** Requests since the first new worker came into service, of the workers that tell how many of them failed. */
function countRequests({ workers, records }: UpdatedPool, target: string): BothCounts {
  const served = workers.filter(({ inServiceAt }) => inServiceAt !== null);
  const isFresh = ({ releaseId }: Worker): boolean => releaseId === target;
  const since = Math.min(...served.filter(isFresh).map(({ inServiceAt }) => inServiceAt ?? 0));
  const sum = (of: readonly Worker[]): RequestCounts => {
    const points = of.flatMap(({ id }): readonly LoadPoint[] => {
      const told = readLoadPoints(records.get(id)?.loadPoints ?? null)?.points ?? [];
      return told.filter(({ at, failures }) => at >= since && failures !== undefined);
    });
    return {
      requests: points.reduce((total, { requests }) => total + requests, 0),
      failures: points.reduce((total, { failures = 0 }) => total + failures, 0),
    };
  };
  return { fresh: sum(served.filter(isFresh)), others: sum(served.filter((worker) => !isFresh(worker))) };
}

/** More than twice the others' share and 1 % of all: what differs less may be chance. */
function isWorse({ fresh, others }: BothCounts): boolean {
  if (fresh.failures < FEWEST_FAILED_REQUESTS) return false;
  const share = ({ requests, failures }: RequestCounts): number => (requests === 0 ? 0 : failures / requests);
  return share(fresh) > 2 * share(others) + SHARE_MARGIN;
}
