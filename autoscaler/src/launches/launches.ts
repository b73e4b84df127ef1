import type { LaunchFailures } from "@elastic-gas/scaling/reconcile-plan";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Tables } from "@elastic-gas/shared/database/tables";
import type { PoolName } from "@elastic-gas/shared/resources";
import type { Transaction } from "kysely";

/** A launch that was asked for; its id is ClientToken and tag of the instance. Instants are epoch milliseconds. */
export interface Launch {
  readonly id: string;
  readonly pool: PoolName;
  readonly subnetId: string | null;
  readonly state: "wanted" | "launched" | "failed";
  readonly instanceId: string | null;
  readonly failure: string | null;
  /** The activity that it was made for. */
  readonly activityId: number | null;
  /** What its worker runs; null in rows of earlier versions. */
  readonly releaseId: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** EC2's answers lag: that long a launch counts as pending without its instance being seen. */
const UNSEEN_MS = 120_000;
/** Older than that, a launch that was never settled is not looked at any more. */
const EXPIRED_MS = 10 * UNSEEN_MS;
const FIRST_WAIT_MS = 10_000;
const LONGEST_WAIT_MS = 300_000;
const LOOKED_AT = 60;
const AVOIDED_MS = 300_000;

/**
 * The latest launches of a pool, newest first: as many as tell of failures in a row, and all whose instance may still
 * appear.
 */
export async function listLaunches(db: Database, pool: PoolName, now: number): Promise<readonly Launch[]> {
  const newest = db.selectFrom("launchIntents").selectAll().where("pool", "=", pool).orderBy("createdAt", "desc");
  let rows = await newest.limit(LOOKED_AT).execute();
  const since = now - EXPIRED_MS;
  if (rows.length === LOOKED_AT && (rows.at(-1)?.createdAt.getTime() ?? 0) > since)
    rows = await newest.where("createdAt", ">", new Date(since)).execute();
  return rows.map(({ epoch: _, ...row }) => ({
    ...row,
    createdAt: row.createdAt.getTime(),
    updatedAt: row.updatedAt.getTime(),
  }));
}

export async function insertLaunch(
  trx: Transaction<Tables>,
  launch: {
    readonly id: string;
    readonly pool: PoolName;
    readonly subnetId: string | null;
    readonly activityId: number | null;
    readonly releaseId: string;
    readonly epoch: number;
    readonly now: number;
  },
): Promise<void> {
  const { now, ...row } = launch;
  await trx
    .insertInto("launchIntents")
    .values({ ...row, state: "wanted", createdAt: new Date(now), updatedAt: new Date(now) })
    .execute();
}

/**
 * Workers whose rows are there and whose instances EC2 does not show, although they were launched so lately that an
 * older answer of EC2 cannot know them yet: nothing tells whether they are gone.
 */
export function doubtfulWorkers(
  launches: readonly Launch[],
  missing: readonly string[],
  now: number,
): readonly string[] {
  return launches.flatMap(({ instanceId, createdAt }) =>
    instanceId !== null && now - createdAt <= UNSEEN_MS && missing.includes(instanceId) ? [instanceId] : [],
  );
}

/** Notes what became of a launch; a failure is never turned into a success afterwards. */
export async function settleLaunch(
  db: Database | Transaction<Tables>,
  id: string,
  outcome: { readonly instanceId: string } | { readonly failure: string },
  now: number,
): Promise<void> {
  const change =
    "instanceId" in outcome
      ? { state: "launched" as const, instanceId: outcome.instanceId }
      : { state: "failed" as const, failure: outcome.failure.slice(0, 500) };
  await db
    .updateTable("launchIntents")
    .set({ ...change, updatedAt: new Date(now) })
    .where("id", "=", id)
    .where("state", "!=", "failed")
    .execute();
}

/** Takes a launch back that EC2 was never asked for: it must not count as pending. */
export async function withdrawLaunch(db: Database, id: string): Promise<void> {
  await db.deleteFrom("launchIntents").where("id", "=", id).where("state", "=", "wanted").execute();
}

/**
 * Launches whose instance may still appear: they count as pending. `seen` holds intent ids and instance ids that were
 * seen at any time.
 */
export function openLaunches(launches: readonly Launch[], seen: ReadonlySet<string>, now: number): readonly Launch[] {
  return launches.filter(
    (launch) =>
      launch.state !== "failed" &&
      now - launch.createdAt <= UNSEEN_MS &&
      !seen.has(launch.id) &&
      (launch.instanceId === null || !seen.has(launch.instanceId)),
  );
}

/** Launches whose instance did not appear in time. */
export function expiredLaunches(
  launches: readonly Launch[],
  seen: ReadonlySet<string>,
  now: number,
): readonly Launch[] {
  return launches.filter(
    (launch) =>
      launch.state !== "failed" &&
      now - launch.createdAt > UNSEEN_MS &&
      !seen.has(launch.id) &&
      (launch.instanceId === null || !seen.has(launch.instanceId)) &&
      // Later than that its worker's row may have been cleared away: it did appear once.
      now - launch.createdAt < EXPIRED_MS,
  );
}

/**
 * Failures since the last launch that came into service; `reachedService` says whether an instance did. What was
 * launched before `begunAt`, when this run of start.sh began, ended with the run before it and proves nothing about
 * this one.
 */
export function launchFailures(
  launches: readonly Launch[],
  reachedService: (launch: Launch) => boolean,
  begunAt: number,
): LaunchFailures {
  let inARow = 0;
  let last: number | null = null;
  for (const launch of launches) {
    if (launch.createdAt < begunAt) break;
    if (launch.state === "failed") {
      inARow += 1;
      last ??= launch.updatedAt;
    } else if (reachedService(launch)) break;
  }
  return { inARow, retryAt: last === null ? null : last + waitAfter(inARow) };
}

export function waitAfter(failures: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, failures - 1));
}

/** The subnet with the fewest workers; one where a launch just failed comes last. Null: EC2's default. */
export function chooseSubnet(
  subnets: readonly string[],
  workers: readonly { readonly subnetId: string | null }[],
  launches: readonly Launch[],
  now: number,
): string | null {
  const failedIn = (subnet: string): boolean =>
    launches.some(
      (launch) => launch.subnetId === subnet && launch.state === "failed" && now - launch.updatedAt < AVOIDED_MS,
    );
  const load = (subnet: string): number =>
    workers.filter((worker) => worker.subnetId === subnet).length + (failedIn(subnet) ? 1_000 : 0);
  return subnets.toSorted((a, b) => load(a) - load(b))[0] ?? null;
}
