import type { Selectable, Transaction } from "kysely";
import type { Database } from "../database/connect.ts";
import { insertUnlessThere } from "../database/insert-unless-there.ts";
import type { ReleaseUpdatesTable, Tables, UpdateState } from "../database/tables.ts";
import { POOL_NAMES, type PoolName } from "../resources.ts";
import { formatRelease } from "./format-release.ts";

/**
 * One release replacing another. Instants are epoch milliseconds; `reason` and `step` are JSON that `scaling` reads.
 *
 *     running <-> paused
 *     running, paused -> completed | rolling back -> rolled back
 */
export interface ReleaseUpdate {
  readonly id: number;
  /** Null: there was none. */
  readonly from: string | null;
  readonly to: string;
  readonly state: UpdateState;
  readonly canarySeconds: number;
  readonly startedBy: string;
  readonly startedAt: number;
  readonly reason: unknown;
  readonly finishedAt: number | null;
}

export interface PoolProgress {
  readonly canaryPassedAt: number | null;
  readonly step: unknown;
  /** The release that all its workers run; the pool is through when it is the update's target. */
  readonly doneRelease: string | null;
}

export interface ActiveUpdate extends ReleaseUpdate {
  readonly from: string;
  readonly pools: ReadonlyMap<PoolName, PoolProgress>;
}

/** What workers run outside of an update; null before the first release. */
export async function findCurrentRelease(db: Database | Transaction<Tables>): Promise<string | null> {
  const row = await db
    .selectFrom("releaseUpdates")
    .select("toRelease")
    .where("state", "=", "completed")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.toRelease ?? null;
}

/** The update that is under way, with how far each pool is; null when none is. */
export async function findActiveUpdate(db: Database | Transaction<Tables>): Promise<ActiveUpdate | null> {
  const row = await db.selectFrom("releaseUpdates").selectAll().where("active", "=", true).executeTakeFirst();
  if (row === undefined || row.fromRelease === null) return null;
  const pools = await db.selectFrom("releaseUpdatePools").selectAll().where("updateId", "=", row.id).execute();
  const progress = pools.map(({ pool, canaryPassedAt, step, doneRelease }): [PoolName, PoolProgress] => [
    pool,
    { canaryPassedAt: canaryPassedAt?.getTime() ?? null, step, doneRelease },
  ]);
  return { ...toUpdate(row), from: row.fromRelease, pools: new Map(progress) };
}

/** Newest first. */
export async function listUpdates(db: Database, limit: number): Promise<readonly ReleaseUpdate[]> {
  const rows = await db.selectFrom("releaseUpdates").selectAll().orderBy("id", "desc").limit(limit).execute();
  return rows.map(toUpdate);
}

export type UpdateChange =
  | { readonly kind: "done"; readonly sentence: string }
  | { readonly kind: "refused"; readonly reason: string };

/** Begins to replace the current release. One update at a time: another one to the same release is the same. */
export async function beginUpdate(
  trx: Transaction<Tables>,
  request: { readonly to: string; readonly canarySeconds: number; readonly actor: string; readonly now: Date },
): Promise<UpdateChange> {
  const { to, canarySeconds, actor, now } = request;
  const active = await lockActive(trx);
  const words = formatRelease(to);
  if (active !== undefined) {
    if (active.toRelease === to && active.state !== "rolling back")
      return { kind: "done", sentence: `The update to ${words} is under way already.` };
    return {
      kind: "refused",
      reason: `an update to ${formatRelease(active.toRelease)} is ${active.state}; wait for its end, or roll it back`,
    };
  }
  const from = await findCurrentRelease(trx);
  if (from === to) return { kind: "done", sentence: `Release ${words} is in use already.` };
  if (from === null) return { kind: "refused", reason: "no release is in use yet" };
  const row = { fromRelease: from, toRelease: to, canarySeconds, startedBy: actor, startedAt: now };
  // Of two that begin at once, the second one finds the key taken.
  const isFirst = await insertUnlessThere(
    trx.insertInto("releaseUpdates").values({ ...row, state: "running", active: true }),
  );
  if (!isFirst) return { kind: "refused", reason: "another update began at the same moment" };
  return { kind: "done", sentence: `${actor} updates the workers ${formatRelease(from)} → ${words}, one by one.` };
}

const VERBS = {
  pause: { from: ["running"], to: "paused", already: ["paused"], done: "paused" },
  resume: { from: ["paused"], to: "running", already: ["running"], done: "resumed" },
  "roll-back": { from: ["running", "paused"], to: "rolling back", already: ["rolling back"], done: "rolled back" },
} as const;
export type UpdateVerb = keyof typeof VERBS;

/** Pauses, resumes or rolls back the update that is under way. Succeeds when it already is so. */
export async function changeUpdate(
  trx: Transaction<Tables>,
  verb: UpdateVerb,
  { actor }: { readonly actor: string },
): Promise<UpdateChange> {
  const active = await lockActive(trx);
  if (active === undefined) return { kind: "refused", reason: "no update is under way" };
  const { from, to, already, done } = VERBS[verb];
  const words = formatRelease(active.toRelease);
  if ((already as readonly UpdateState[]).includes(active.state))
    return { kind: "done", sentence: `The update to ${words} is ${active.state} already.` };
  if (!(from as readonly UpdateState[]).includes(active.state))
    return { kind: "refused", reason: `the update to ${words} is ${active.state}` };
  const reason = verb === "roll-back" ? { reason: JSON.stringify({ kind: "asked", by: actor }) } : {};
  await trx
    .updateTable("releaseUpdates")
    .set({ state: to, ...reason })
    .where("id", "=", active.id)
    .execute();
  const ending = verb === "roll-back" ? `: workers go back to ${formatRelease(active.fromRelease)}` : "";
  return { kind: "done", sentence: `The update to ${words} is ${done} by ${actor}${ending}.` };
}

/**
 * Takes a release into use without a roll, as no worker runs: at the first start, and at a start after everything was
 * stopped. An update that was under way is over with it. Succeeds when it is in use already.
 */
export async function adoptRelease(
  trx: Transaction<Tables>,
  { to, actor, now }: { readonly to: string; readonly actor: string; readonly now: Date },
): Promise<void> {
  const active = await lockActive(trx);
  const ended = { active: null, finishedAt: now, reason: JSON.stringify({ kind: "no workers", by: actor }) };
  if (active !== undefined)
    await trx
      .updateTable("releaseUpdates")
      .set({ ...ended, state: active.toRelease === to ? "completed" : "rolled back" })
      .where("id", "=", active.id)
      .execute();
  const from = await findCurrentRelease(trx);
  if (from === to) return;
  await trx
    .insertInto("releaseUpdates")
    .values({
      ...ended,
      fromRelease: from,
      toRelease: to,
      state: "completed",
      canarySeconds: 0,
      startedBy: actor,
      startedAt: now,
    })
    .execute();
}

/** Whether all workers of these pools run what the update goes to now: the new release, or the old one again. */
export function isThrough(
  { state, from, to, pools }: Pick<ActiveUpdate, "state" | "from" | "to" | "pools">,
  names: readonly PoolName[] = POOL_NAMES,
): boolean {
  const target = state === "rolling back" ? from : to;
  return names.every((pool) => pools.get(pool)?.doneRelease === target);
}

async function lockActive(trx: Transaction<Tables>) {
  return trx.selectFrom("releaseUpdates").selectAll().where("active", "=", true).forUpdate().executeTakeFirst();
}

function toUpdate(row: Selectable<ReleaseUpdatesTable>): ReleaseUpdate {
  const { fromRelease: from, toRelease: to, startedAt, finishedAt, id, state, canarySeconds, startedBy, reason } = row;
  const times = { startedAt: startedAt.getTime(), finishedAt: finishedAt?.getTime() ?? null };
  return { id, from, to, state, canarySeconds, startedBy, reason, ...times };
}
