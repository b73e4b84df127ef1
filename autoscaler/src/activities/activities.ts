import type { Database } from "@elastic-gas/shared/database/connect";
import type { ActivityCause, Tables } from "@elastic-gas/shared/database/tables";
import type { PoolName } from "@elastic-gas/shared/resources";
import type { Transaction } from "kysely";
import type { Closing, OwnLaunch } from "./closing.ts";
import type { Activity, Owned } from "./owner.ts";

export interface NewActivity {
  readonly pool: PoolName;
  readonly cause: ActivityCause;
  readonly actor: string;
  readonly desiredBefore: number;
  readonly desiredAfter: number;
  readonly measured?: number | null;
  readonly forecast?: number | null;
  readonly reason: string;
  readonly instanceIds?: readonly string[];
  /** Over at once, with this result. */
  readonly ended?: { readonly status: "successful" | "failed"; readonly result: string };
}

/** Returns its id. */
export async function insertActivity(
  trx: Transaction<Tables>,
  activity: NewActivity,
  epoch: number,
  now: number,
): Promise<number> {
  const { instanceIds = [], ended, reason, ...row } = activity;
  const { insertId } = await trx
    .insertInto("activities")
    .values({
      ...row,
      at: new Date(now),
      reason: reason.slice(0, 1_000),
      instanceIds: JSON.stringify(instanceIds),
      epoch,
      status: ended?.status ?? "in progress",
      result: ended?.result ?? null,
      finishedAt: ended === undefined ? null : new Date(now),
    })
    .executeTakeFirstOrThrow();
  return Number(insertId);
}

/** Oldest first. */
export async function listOpenActivities(db: Database, pool: PoolName): Promise<readonly Activity[]> {
  const rows = await db
    .selectFrom("activities")
    .select(["id", "at", "cause", "desiredBefore", "desiredAfter", "instanceIds"])
    .where("pool", "=", pool)
    .where("status", "=", "in progress")
    .orderBy("id")
    .execute();
  return rows.map((row) => ({ ...row, at: row.at.getTime() }));
}

/**
 * Of all pools. What is not among them when the desired state is read may belong to a request that the pass does not
 * know yet: it must not be closed by it.
 */
export async function listOpenActivityIds(db: Database): Promise<ReadonlySet<number>> {
  const rows = await db.selectFrom("activities").select("id").where("status", "=", "in progress").execute();
  return new Set(rows.map(({ id }) => id));
}

/** When the latest run of start.sh began for this pool, epoch milliseconds; 0 when none did. */
export async function findRunBegan(db: Database, pool: PoolName): Promise<number> {
  const row = await db
    .selectFrom("activities")
    .select("at")
    .where("pool", "=", pool)
    .where("cause", "=", "start")
    .orderBy("at", "desc")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? 0 : row.at.getTime();
}

/** Adds instances to what they were launched or ended for. */
export async function attachInstances(
  trx: Transaction<Tables>,
  activityId: number,
  instanceIds: readonly string[],
): Promise<void> {
  const row = await trx
    .selectFrom("activities")
    .select("instanceIds")
    .where("id", "=", activityId)
    .forUpdate()
    .executeTakeFirst();
  const all = [...new Set([...(row?.instanceIds ?? []), ...instanceIds])];
  await trx
    .updateTable("activities")
    .set({ instanceIds: JSON.stringify(all) })
    .where("id", "=", activityId)
    .execute();
}

/** What these activities have launched and ended so far. */
export async function countOwned(db: Database, open: readonly Activity[]): Promise<Owned> {
  if (open.length === 0) return { launches: new Map(), ends: new Map() };
  const ids = open.map(({ id }) => id);
  const [launches, ends] = await Promise.all([
    db
      .selectFrom("launchIntents")
      .select(({ fn }) => ["activityId as id", fn.countAll<number>().as("count")])
      .where("activityId", "in", ids)
      .where("state", "!=", "failed")
      .groupBy("activityId")
      .execute(),
    db
      .selectFrom("workers")
      .select(({ fn }) => ["endedBy as id", fn.countAll<number>().as("count")])
      .where("endedBy", "in", ids)
      .groupBy("endedBy")
      .execute(),
  ]);
  const toMap = (rows: readonly { readonly id: number | null; readonly count: number }[]): Map<number, number> =>
    new Map(rows.map(({ id, count }) => [id ?? 0, Number(count)]));
  return { launches: toMap(launches), ends: toMap(ends) };
}

/** The launches that these activities made, failed ones included. */
export async function listOwnLaunches(db: Database, open: readonly Activity[]): Promise<readonly OwnLaunch[]> {
  if (open.length === 0) return [];
  const ids = open.map(({ id }) => id);
  return db
    .selectFrom("launchIntents")
    .select(["activityId", "state", "instanceId"])
    .where("activityId", "in", ids)
    .execute();
}

export async function closeActivities(db: Database, closings: readonly Closing[], now: number): Promise<void> {
  for (const { id, status, result } of closings) {
    await db
      .updateTable("activities")
      .set({ status, result, finishedAt: new Date(now) })
      .where("id", "=", id)
      .execute();
  }
}
