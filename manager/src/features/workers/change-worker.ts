import type { Database } from "@elastic-gas/shared/database/connect";
import type { PoolName } from "@elastic-gas/shared/resources";
import { drainRefusal } from "../../model/fleet/refusals.ts";
import { type ChangeRequest, isFirst, noteActivity } from "../pools/change-pool.ts";

export type WorkerChange =
  | { readonly kind: "done"; readonly sentence: string }
  | { readonly kind: "refused"; readonly reason: string };

interface Worker {
  readonly id: string;
  readonly pool: PoolName;
}

/** Keeps a worker when its pool shrinks, or no longer. Succeeds when it already is so. */
export async function requestProtection(db: Database, worker: Worker, protect: boolean): Promise<WorkerChange> {
  await db
    .insertInto("workers")
    .values({ instanceId: worker.id, pool: worker.pool, protectedFromShrinking: protect, ...EMPTY_ROW })
    .onDuplicateKeyUpdate({ protectedFromShrinking: protect })
    .execute();
  const sentence = protect
    ? `${worker.id} is protected from shrinking. Stopping, draining and replacement still end it.`
    : `${worker.id} is no longer protected from shrinking.`;
  return { kind: "done", sentence };
}

/**
 * Asks for one worker to leave: `replacement` launches another one first, `shrink` lowers the desired capacity by 1 and
 * drains it. The autoscaler reads the request from `workers.victim_reason`.
 */
export async function requestLeaving(
  db: Database,
  worker: Worker,
  reason: "replacement" | "shrink",
  { actor, now, key, holdSeconds }: ChangeRequest & { readonly holdSeconds: number },
): Promise<WorkerChange> {
  return db.transaction().execute(async (trx): Promise<WorkerChange> => {
    const pool = await trx
      .selectFrom("pools")
      .selectAll()
      .where("name", "=", worker.pool)
      .forUpdate()
      .executeTakeFirst();
    if (pool === undefined) return { kind: "refused", reason: "the autoscaler has not made this pool yet" };
    if (pool.stopping) return { kind: "refused", reason: "the manager is stopping" };
    const row = await trx
      .selectFrom("workers")
      .select(["draining", "victimReason"])
      .where("instanceId", "=", worker.id)
      .forUpdate()
      .executeTakeFirst();
    if (row?.draining === true || row?.victimReason != null)
      return { kind: "refused", reason: "it is leaving already" };
    if (key !== undefined && !(await isFirst(trx, key, now))) return { kind: "done", sentence: "Already asked for." };
    const after = reason === "shrink" ? pool.desired - 1 : pool.desired;
    const refusal = reason === "shrink" ? drainRefusal(pool) : null;
    if (refusal !== null) return { kind: "refused", reason: refusal };
    await trx
      .insertInto("workers")
      .values({ instanceId: worker.id, pool: worker.pool, ...EMPTY_ROW, victimReason: reason })
      .onDuplicateKeyUpdate({ victimReason: reason })
      .execute();
    if (after !== pool.desired) {
      const manualUntil = new Date(now.getTime() + holdSeconds * 1000);
      await trx
        .updateTable("pools")
        .set({ desired: after, manualUntil, updatedAt: now })
        .where("name", "=", worker.pool)
        .execute();
    }
    const sentence =
      reason === "shrink"
        ? `${actor} drains ${worker.id}: ${worker.pool} shrinks ${pool.desired} → ${after}.`
        : `${actor} replaces ${worker.id} of ${worker.pool}: another one is launched first.`;
    await noteActivity(trx, worker.pool, {
      actor,
      now,
      before: pool.desired,
      after,
      reason: sentence,
      instanceIds: [worker.id],
    });
    return { kind: "done", sentence };
  });
}

const EMPTY_ROW = {
  jobId: null,
  drainingAt: null,
  victimReason: null,
  victimEpoch: null,
  registeredAt: null,
  inServiceAt: null,
  unhealthySince: null,
  at: null,
} as const;
