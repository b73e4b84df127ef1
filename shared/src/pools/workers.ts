import type { Database } from "../database/connect.ts";
import type { PoolName } from "../resources.ts";
import type { Beat, WorkerRecord } from "./worker-record.ts";

const COLUMNS = [
  "instanceId",
  "jobId",
  "draining",
  "drainingAt",
  "protectedFromShrinking",
  "victimReason",
  "endedFor",
  "endedBy",
  "inServiceAt",
  "unhealthySince",
  "at",
  "releaseId",
  "interruption",
  "state",
  "stateReason",
  "stateAt",
] as const;

/**
 * The rows of one pool, or those of these instances, ended ones included while they are kept. `loadPoints`, which are
 * most of a row, are null unless asked for.
 */
export async function listWorkerRecords(
  db: Database,
  which: { readonly pool: PoolName } | { readonly instanceIds: readonly string[] },
  { loadPoints = false }: { readonly loadPoints?: boolean } = {},
): Promise<readonly WorkerRecord[]> {
  const all = db
    .selectFrom("workers")
    .select(COLUMNS)
    .$if(loadPoints, (query) => query.select("loadPoints"));
  if ("instanceIds" in which && which.instanceIds.length === 0) return [];
  const rows = await ("pool" in which
    ? all.where("pool", "=", which.pool)
    : all.where("instanceId", "in", which.instanceIds)
  ).execute();
  return rows.map((row) => ({
    instanceId: row.instanceId,
    jobId: row.jobId,
    draining: row.draining,
    drainingAt: row.drainingAt?.getTime() ?? null,
    protected: row.protectedFromShrinking,
    victimReason: row.victimReason,
    endedFor: row.endedFor,
    endedBy: row.endedBy,
    inServiceAt: row.inServiceAt?.getTime() ?? null,
    unhealthySince: row.unhealthySince?.getTime() ?? null,
    heartbeatAt: row.at?.getTime() ?? null,
    releaseId: row.releaseId,
    loadPoints: row.loadPoints ?? null,
    interruption: row.interruption,
    published:
      row.state === null || row.stateAt === null
        ? null
        : { state: row.state, reason: row.stateReason, since: row.stateAt.getTime() },
  }));
}

/** The heartbeats of all workers of all pools, old ones included. */
export async function listBeats(db: Database): Promise<readonly Beat[]> {
  const rows = await db.selectFrom("workers").select(["instanceId", "at", "beatingSince"]).execute();
  return rows.flatMap(({ instanceId, at, beatingSince }) =>
    at === null || beatingSince === null ? [] : [{ instanceId, at: at.getTime(), since: beatingSince.getTime() }],
  );
}

/**
 * Notes that all workers end with the cloud that runs them, as when the system on one machine is stopped: the next
 * start finds none of them lost, and waits for no launch of this one.
 */
export async function noteAllStopped(db: Database, now: Date): Promise<void> {
  await db
    .updateTable("workers")
    .set({ victimReason: "stop", draining: true, drainingAt: now })
    .where("draining", "=", false)
    .execute();
  await db
    .updateTable("launchIntents")
    .set({ state: "failed", failure: "the system was stopped", updatedAt: now })
    .where("state", "!=", "failed")
    .where((eb) =>
      eb.or([
        eb("instanceId", "is", null),
        eb("instanceId", "not in", eb.selectFrom("workers").select("workers.instanceId")),
      ]),
    )
    .execute();
}
