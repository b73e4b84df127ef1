import { isDeepStrictEqual } from "node:util";
import type { Victim } from "@elastic-gas/scaling/reconcile-plan";
import type { Worker } from "@elastic-gas/scaling/worker-state";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Tables } from "@elastic-gas/shared/database/tables";
import type { WorkerRecord } from "@elastic-gas/shared/pools/worker-record";
import type { PoolName } from "@elastic-gas/shared/resources";
import type { Transaction } from "kysely";
import { noteHistory } from "./worker-history.ts";

/** Rows of workers that ended are kept that long, for the pages. */
const KEPT_MS = 2 * 3_600_000;

/**
 * Writes down what was seen for the first time: that a worker exists, came into service, became unhealthy or recovered.
 * Returns the worker with it; the very same one when nothing was new.
 */
export async function noteWorker(
  db: Database,
  pool: PoolName,
  worker: Worker,
  seen: { readonly record: WorkerRecord | undefined; readonly now: number },
): Promise<Worker> {
  const { record, now } = seen;
  const inServiceAt = worker.inServiceAt ?? (worker.state === "in service" ? now : null);
  const unhealthySince =
    worker.state === "unhealthy"
      ? (worker.unhealthySince ?? now)
      : worker.state === "in service"
        ? null
        : worker.unhealthySince;
  const isKnown =
    record !== undefined && inServiceAt === worker.inServiceAt && unhealthySince === worker.unhealthySince;
  if (isKnown) return worker;
  const change = { inServiceAt: toDate(inServiceAt), unhealthySince: toDate(unhealthySince) };
  await db
    .insertInto("workers")
    .values({ instanceId: worker.id, pool, releaseId: worker.releaseId, ...change })
    .onDuplicateKeyUpdate({ releaseId: worker.releaseId, ...change })
    .execute();
  return { ...worker, inServiceAt, unhealthySince };
}

/** Ids of the workers that no shrink may end. */
export async function listProtected(db: Database, pool: PoolName): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom("workers")
    .select("instanceId")
    .where("pool", "=", pool)
    .where("protectedFromShrinking", "=", true)
    .execute();
  return new Set(rows.map(({ instanceId }) => instanceId));
}

export async function noteRegistered(db: Database, instanceIds: readonly string[], now: number): Promise<void> {
  if (instanceIds.length === 0) return;
  await db
    .updateTable("workers")
    .set({ registeredAt: new Date(now) })
    .where("instanceId", "in", instanceIds)
    .execute();
}

/** From now on the worker is draining, whoever acts next. False when it was already. */
export async function writeVictim(
  trx: Transaction<Tables>,
  { id, cause, because }: Victim,
  epoch: number,
  now: number,
): Promise<boolean> {
  const endedFor = because === null ? null : JSON.stringify(because);
  const { numUpdatedRows } = await trx
    .updateTable("workers")
    .set({ victimReason: cause, endedFor, victimEpoch: epoch, draining: true, drainingAt: new Date(now) })
    .where("instanceId", "=", id)
    .where("draining", "=", false)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** The activity that ends a worker. */
export async function writeEndedBy(trx: Transaction<Tables>, instanceId: string, activityId: number): Promise<void> {
  await trx.updateTable("workers").set({ endedBy: activityId }).where("instanceId", "=", instanceId).execute();
}

/** The instance is gone and nobody of us ended it. */
export async function writeLost(
  trx: Transaction<Tables>,
  instanceId: string,
  epoch: number,
  now: number,
): Promise<void> {
  await trx
    .updateTable("workers")
    .set({ victimReason: "lost", victimEpoch: epoch, draining: true, drainingAt: new Date(now) })
    .where("instanceId", "=", instanceId)
    .execute();
}

/**
 * Publishes what the autoscaler acts on: the state and reason of each worker where they changed, and the instant of
 * this look.
 */
export async function publishStates(
  trx: Transaction<Tables>,
  pool: PoolName,
  workers: readonly Worker[],
  { records, now }: { readonly records: ReadonlyMap<string, WorkerRecord>; readonly now: number },
): Promise<void> {
  for (const worker of workers) {
    const { id, state, reason } = worker;
    const before = records.get(id)?.published;
    if (before?.state === state && isDeepStrictEqual(before.reason, reason)) continue;
    await noteHistory(trx, pool, worker, now);
    await trx
      .updateTable("workers")
      .set({ state, stateReason: JSON.stringify(reason), stateAt: new Date(now) })
      .where("instanceId", "=", id)
      .execute();
  }
  await trx
    .updateTable("pools")
    .set({ observedAt: new Date(now) })
    .where("name", "=", pool)
    .execute();
}

/** Clears away the rows of workers that ended long ago. */
export async function forgetWorkers(
  db: Database,
  pool: PoolName,
  alive: ReadonlySet<string>,
  now: number,
): Promise<void> {
  const drained = await db
    .selectFrom("workers")
    .select("instanceId")
    .where("pool", "=", pool)
    .where("draining", "=", true)
    .where("drainingAt", "<", new Date(now - KEPT_MS))
    .execute();
  const forgotten = drained.map(({ instanceId }) => instanceId).filter((id) => !alive.has(id));
  if (forgotten.length > 0) await db.deleteFrom("workers").where("instanceId", "in", forgotten).execute();
}

function toDate(instant: number | null): Date | null {
  return instant === null ? null : new Date(instant);
}
