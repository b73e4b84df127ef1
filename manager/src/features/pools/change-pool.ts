import type { Database } from "@elastic-gas/shared/database/connect";
import { insertUnlessThere } from "@elastic-gas/shared/database/insert-unless-there";
import type { Tables } from "@elastic-gas/shared/database/tables";
import type { PoolName } from "@elastic-gas/shared/resources";
import type { Transaction } from "kysely";
import { resizeRefusal } from "../../model/fleet/refusals.ts";

export type PoolChange =
  | { readonly kind: "done"; readonly before: number; readonly after: number }
  /** The same request came before, with the same key: nothing more was done. */
  | { readonly kind: "repeated"; readonly desired: number }
  | { readonly kind: "refused"; readonly reason: string };

export interface ChangeRequest {
  readonly actor: string;
  readonly now: Date;
  /** One per click; a request that is sent twice counts once. */
  readonly key?: string | undefined;
}

export interface SizeRequest extends ChangeRequest {
  readonly holdSeconds: number;
  readonly why?: string;
  readonly to?: number | undefined;
}

const KEY_HOURS = 1;

/**
 * Asks for `by` workers more, or less when negative; with `to` for that many workers, if that lies on this side of the
 * present number. The policy leaves the pool alone for `holdSeconds`. The autoscaler launches or ends the workers.
 */
export async function requestSize(
  db: Database,
  pool: PoolName,
  by: number,
  { actor, now, key, holdSeconds, why = "", to }: SizeRequest,
): Promise<PoolChange> {
  return db.transaction().execute(async (trx) => {
    const row = await trx.selectFrom("pools").selectAll().where("name", "=", pool).forUpdate().executeTakeFirst();
    if (row === undefined) return { kind: "refused", reason: "the autoscaler has not made this pool yet" };
    if (key !== undefined && !(await isFirst(trx, key, now))) return { kind: "repeated", desired: row.desired };
    const after = to ?? row.desired + by;
    const refusal = resizeRefusal(row, by > 0 ? "grow" : "shrink", after);
    if (refusal !== null) return { kind: "refused", reason: refusal };
    await trx
      .updateTable("pools")
      .set({ desired: after, manualUntil: new Date(now.getTime() + holdSeconds * 1000), updatedAt: now })
      .where("name", "=", pool)
      .execute();
    const verb = by > 0 ? "grew" : "shrank";
    await noteActivity(trx, pool, {
      actor,
      now,
      before: row.desired,
      after,
      reason: `${actor} ${verb} ${pool} ${row.desired} → ${after}${why === "" ? "." : `: “${why}”.`}`,
    });
    return { kind: "done", before: row.desired, after };
  });
}

/** Stops the policy; replacement, limits and buttons go on. False when it was paused already. */
export async function requestPause(db: Database, pool: PoolName, { actor, now }: ChangeRequest): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("pools")
    .set({ paused: true, pausedBy: actor, pausedAt: now, updatedAt: now })
    .where("name", "=", pool)
    .where("paused", "=", false)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/**
 * Lets the policy decide from the next check on: ends a pause, and the hold after a manual change. False when there was
 * neither.
 */
export async function requestResume(db: Database | Transaction<Tables>, pool: PoolName, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("pools")
    .set({ paused: false, pausedBy: null, pausedAt: null, manualUntil: null, updatedAt: now })
    .where("name", "=", pool)
    .where((eb) => eb.or([eb("paused", "=", true), eb("manualUntil", ">", now)]))
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Keys of requests that were carried out, in the table of things that expire. */
export async function isFirst(trx: Transaction<Tables>, key: string, now: Date): Promise<boolean> {
  const row = { key: `once:${key}`.slice(0, 255), points: 1, expire: now.getTime() + KEY_HOURS * 3_600_000 };
  return insertUnlessThere(trx.insertInto("rateLimits").values(row));
}

/** The row that says who asked; the autoscaler completes it with what came of it. */
export async function noteActivity(
  trx: Transaction<Tables>,
  pool: PoolName,
  change: {
    readonly actor: string;
    readonly now: Date;
    readonly before: number;
    readonly after: number;
    readonly reason: string;
    readonly instanceIds?: readonly string[];
  },
): Promise<void> {
  const lease = await trx.selectFrom("leases").select("epoch").where("name", "=", "autoscaler").executeTakeFirst();
  await trx
    .insertInto("activities")
    .values({
      pool,
      at: change.now,
      cause: "manual",
      actor: change.actor,
      desiredBefore: change.before,
      desiredAfter: change.after,
      measured: null,
      forecast: null,
      reason: change.reason,
      instanceIds: JSON.stringify(change.instanceIds ?? []),
      status: "in progress",
      result: null,
      finishedAt: null,
      epoch: lease?.epoch ?? 0,
    })
    .execute();
}
