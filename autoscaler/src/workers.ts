import type { Victim } from "@elastic-gas/scaling/reconcile-plan";
import type { Worker, WorkerMemory } from "@elastic-gas/scaling/worker-state";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Tables } from "@elastic-gas/shared/database/tables";
import type { PoolName } from "@elastic-gas/shared/resources";
import type { Transaction } from "kysely";

/** Rows of workers that ended are kept that long, for the pages. */
const KEPT_MS = 2 * 3_600_000;

export async function listMemories(db: Database, pool: PoolName): Promise<readonly WorkerMemory[]> {
  const rows = await db.selectFrom("workers").selectAll().where("pool", "=", pool).execute();
  return rows.map((row) => ({
    instanceId: row.instanceId,
    jobId: row.jobId,
    draining: row.draining,
    drainingAt: row.drainingAt?.getTime() ?? null,
    protected: row.protectedFromShrinking,
    victimReason: row.victimReason,
    inServiceAt: row.inServiceAt?.getTime() ?? null,
    unhealthySince: row.unhealthySince?.getTime() ?? null,
    heartbeatAt: row.at?.getTime() ?? null,
  }));
}

/** Writes down what was seen for the first time: that a worker exists, came into service, fell ill or recovered. Returns the worker with it. */
export async function noteWorker(
  db: Database,
  pool: PoolName,
  worker: Worker,
  seen: { readonly memory: WorkerMemory | undefined; readonly now: number },
): Promise<Worker> {
  const { memory, now } = seen;
  const inServiceAt = worker.inServiceAt ?? (worker.state === "in service" ? now : null);
  const unhealthySince =
    worker.state === "unhealthy"
      ? (worker.unhealthySince ?? now)
      : worker.state === "in service"
        ? null
        : worker.unhealthySince;
  const isNew = memory === undefined;
  if (isNew || inServiceAt !== worker.inServiceAt || unhealthySince !== worker.unhealthySince) {
    const change = { inServiceAt: toDate(inServiceAt), unhealthySince: toDate(unhealthySince) };
    await db
      .insertInto("workers")
      .values({ instanceId: worker.id, pool, ...change })
      .onDuplicateKeyUpdate(change)
      .execute();
  }
  return { ...worker, inServiceAt, unhealthySince };
}

export async function noteRegistered(db: Database, instanceIds: readonly string[], now: number): Promise<void> {
  if (instanceIds.length === 0) return;
  await db
    .updateTable("workers")
    .set({ registeredAt: new Date(now) })
    .where("instanceId", "in", instanceIds)
    .execute();
}

/** From now on the worker is draining, whoever acts next. */
export async function writeVictims(
  trx: Transaction<Tables>,
  victims: readonly Pick<Victim, "id" | "reason">[],
  epoch: number,
  now: number,
): Promise<void> {
  for (const { id, reason } of victims) {
    await trx
      .updateTable("workers")
      .set({ victimReason: reason, victimEpoch: epoch, draining: true, drainingAt: new Date(now) })
      .where("instanceId", "=", id)
      .where("draining", "=", false)
      .execute();
  }
}

/** The instance is gone and nobody of us ended it. */
export async function writeVanished(
  trx: Transaction<Tables>,
  instanceId: string,
  epoch: number,
  now: number,
): Promise<void> {
  await trx
    .updateTable("workers")
    .set({ victimReason: "vanished", victimEpoch: epoch, draining: true, drainingAt: new Date(now) })
    .where("instanceId", "=", instanceId)
    .execute();
}

/** Clears away the rows of workers that ended long ago. */
export async function forgetWorkers(
  db: Database,
  pool: PoolName,
  alive: readonly string[],
  now: number,
): Promise<void> {
  await db
    .deleteFrom("workers")
    .where("pool", "=", pool)
    .where("draining", "=", true)
    .where("drainingAt", "<", new Date(now - KEPT_MS))
    .where("instanceId", "not in", alive.length > 0 ? alive : [""])
    .execute();
}

function toDate(instant: number | null): Date | null {
  return instant === null ? null : new Date(instant);
}
