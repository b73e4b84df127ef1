import type { Config } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import { putMessage } from "@elastic-gas/shared/reliability/outbox";
import { markSent, mayBeSent } from "@elastic-gas/shared/reliability/sweeps";
import { sql } from "kysely";

const SWEEP = "due results";
/** The message of a result that just fell due is still on its way. */
const GRACE_SECONDS = 120;
const AT_ONCE = 500;

/**
 * Has each result of a Free user that is past its retention archived: its message was lost, or its archiver died.
 * Returns how many.
 */
export async function sweepDueResults(
  db: Database,
  { FREE_RETENTION_SECONDS }: Pick<Config, "FREE_RETENTION_SECONDS">,
): Promise<number> {
  return db.transaction().execute(async (trx) => {
    const jobs = await trx
      .selectFrom("jobs")
      .innerJoin("users", "users.id", "jobs.userId")
      .select(["jobs.id", "jobs.userId", "jobs.completedAt"])
      .where("users.role", "=", "free_user")
      .where("jobs.status", "=", "COMPLETED")
      .where("jobs.archiveState", "in", ["kept", "archiving"])
      .where(
        "jobs.completedAt",
        "<",
        sql<Date>`utc_timestamp(3) - interval ${Math.round(FREE_RETENTION_SECONDS + GRACE_SECONDS)} second`,
      )
      .where(mayBeSent({ sweep: SWEEP, queue: "archive" }, "jobs.id"))
      .limit(AT_ONCE)
      .execute();
    for (const { id, userId, completedAt } of jobs) {
      const dueAt = new Date((completedAt ?? new Date()).getTime() + FREE_RETENTION_SECONDS * 1_000).toISOString();
      await putMessage(trx, "archive", { version: 1, jobId: id, userId, dueAt });
    }
    await markSent(
      trx,
      SWEEP,
      jobs.map(({ id }) => id),
    );
    return jobs.length;
  });
}
