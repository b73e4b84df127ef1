import { isStaying } from "@elastic-gas/scaling/reconcile-plan";
import type { Worker } from "@elastic-gas/scaling/worker-state";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { ActivityCause, Tables } from "@elastic-gas/shared/database/tables";
import type { WorkerRecord } from "@elastic-gas/shared/pools/worker-record";
import type { PoolName } from "@elastic-gas/shared/resources";
import type { Transaction } from "kysely";

/** Something that is being done to a pool. Instants are epoch milliseconds. */
export interface Activity {
  readonly id: number;
  readonly at: number;
  readonly cause: ActivityCause;
  readonly desiredBefore: number;
  readonly desiredAfter: number;
  readonly instanceIds: readonly string[];
}

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

const LONGEST_MS = 3_600_000;

export async function insertActivity(
  trx: Transaction<Tables>,
  activity: NewActivity,
  epoch: number,
  now: number,
): Promise<void> {
  const { instanceIds = [], ended, reason, ...row } = activity;
  await trx
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
    .execute();
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

/** Of all pools. What is not among them when the desired state is read may belong to a request that the pass does not know yet: it must not be closed by it. */
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
  activity: Activity | undefined,
  instanceIds: readonly string[],
): Promise<void> {
  if (activity === undefined || instanceIds.length === 0) return;
  const row = await trx
    .selectFrom("activities")
    .select("instanceIds")
    .where("id", "=", activity.id)
    .forUpdate()
    .executeTakeFirst();
  const all = [...new Set([...(row?.instanceIds ?? []), ...instanceIds])];
  await trx
    .updateTable("activities")
    .set({ instanceIds: JSON.stringify(all) })
    .where("id", "=", activity.id)
    .execute();
}

/** What a launch or an end is most likely for: the newest change in that direction, else the newest replacement. */
export function activityFor(direction: "launch" | "shrink", open: readonly Activity[]): Activity | undefined {
  const sign = direction === "launch" ? 1 : -1;
  return (
    open.findLast((activity) => Math.sign(activity.desiredAfter - activity.desiredBefore) === sign) ??
    (direction === "launch" ? open.findLast(({ cause }) => cause === "replacement" || cause === "launch") : undefined)
  );
}

export interface PoolAtRest {
  readonly workers: readonly Worker[];
  readonly records: ReadonlyMap<string, WorkerRecord>;
  /** Nothing is missing, nothing is being launched. */
  readonly complete: boolean;
  readonly desired: number;
}

export interface Closing {
  readonly id: number;
  readonly status: "successful" | "failed";
  readonly result: string;
}

/** Pure: the activities that are over, and how. */
export function closedActivities(open: readonly Activity[], seen: PoolAtRest, now: number): readonly Closing[] {
  return open.flatMap((activity): readonly Closing[] => {
    const present = activity.instanceIds.map((id) => seen.workers.find((worker) => worker.id === id));
    const underway = present.some(
      (worker) => worker !== undefined && worker.state !== "in service" && worker.state !== "unhealthy",
    );
    if (underway || !seen.complete || hasSurplus(activity, seen)) {
      return now - activity.at > LONGEST_MS
        ? [{ id: activity.id, status: "failed", result: "not finished within an hour" }]
        : [];
    }
    const gone = activity.instanceIds.filter((_, index) => present[index] === undefined);
    const neverUp = gone.filter((id) => seen.records.get(id)?.inServiceAt == null);
    const drained = gone.filter((id) => !neverUp.includes(id) && seen.records.get(id)?.victimReason !== "lost");
    const ups = activity.instanceIds.flatMap((id, index) =>
      present[index] === undefined ? [] : (seen.records.get(id)?.inServiceAt ?? now),
    );
    const parts = [
      ups.length > 0 ? `in service after ${seconds(Math.max(...ups) - activity.at)}` : "",
      drained.length > 0 ? `drained in ${seconds(now - activity.at)}` : "",
      neverUp.length > 0 && activity.cause !== "launch" ? `${neverUp.length} never came into service` : "",
    ].filter((part) => part !== "");
    const status =
      neverUp.length > 0 && ups.length === 0 && drained.length === 0 && activity.cause !== "launch"
        ? "failed"
        : "successful";
    return [{ id: activity.id, status, result: parts.length > 0 ? parts.join(", ") : "done" }];
  });
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

/** A shrink that protected or busy workers still block is not over. */
function hasSurplus(activity: Activity, seen: PoolAtRest): boolean {
  const staying = seen.workers.filter(isStaying).length;
  return (
    activity.desiredAfter < activity.desiredBefore && activity.desiredAfter === seen.desired && staying > seen.desired
  );
}

function seconds(milliseconds: number): string {
  const all = Math.max(0, Math.round(milliseconds / 1_000));
  return all < 120 ? `${all}\u00a0s` : `${Math.round(all / 60)}\u00a0min`;
}
