import type { Worker, WorkerState } from "@elastic-gas/scaling/worker-state";
import type { Tables } from "@elastic-gas/shared/database/tables";
import type { PoolName } from "@elastic-gas/shared/resources";
import { type RawBuilder, sql, type Transaction } from "kysely";

/** Which instant of the row a state sets; being unhealthy is no step of a worker's life. */
const COLUMNS: Readonly<Record<WorkerState, "warmingAt" | "inServiceAt" | "drainingAt" | "endedAt" | null>> = {
  pending: null,
  warming: "warmingAt",
  "in service": "inServiceAt",
  unhealthy: null,
  draining: "drainingAt",
  terminating: "drainingAt",
  terminated: "endedAt",
};

/**
 * Notes that a worker is in a state from now on. The first instant of each state stays, however often it is written.
 */
export async function noteHistory(
  trx: Transaction<Tables>,
  pool: PoolName,
  { id, state, launchedAt, inServiceAt }: Pick<Worker, "id" | "state" | "launchedAt" | "inServiceAt">,
  now: number,
): Promise<void> {
  const column = COLUMNS[state];
  await trx
    .insertInto("workerHistory")
    .values({
      instanceId: id,
      pool,
      // EC2 no longer tells it of a worker that is gone.
      launchedAt: new Date(launchedAt === 0 ? (inServiceAt ?? now) : launchedAt),
      inServiceAt: inServiceAt === null ? null : new Date(inServiceAt),
      ...(column === null ? {} : { [column]: new Date(column === "inServiceAt" ? (inServiceAt ?? now) : now) }),
    })
    .onDuplicateKeyUpdate({
      warmingAt: first("warming_at"),
      inServiceAt: first("in_service_at"),
      drainingAt: first("draining_at"),
      endedAt: first("ended_at"),
    })
    .execute();
}

function first(column: string): RawBuilder<Date | null> {
  return sql`coalesce(worker_history.${sql.ref(column)}, values(${sql.ref(column)}))`;
}
