import type { Database } from "@elastic-gas/shared/database/connect";
import { putMessage } from "@elastic-gas/shared/reliability/outbox";
import { markSent, mayBeSent } from "@elastic-gas/shared/reliability/sweeps";
import { sql } from "kysely";

const SWEEP = "mails";
/** The message of a job that just ended is still on its way. */
const GRACE_SECONDS = 120;
const AT_ONCE = 500;

/** Has the owner of each job that ended without a mail told: its message was lost. Returns how many. */
export async function sweepMails(db: Database): Promise<number> {
  return db.transaction().execute(async (trx) => {
    const jobs = await trx
      .selectFrom("jobs")
      .select(["id", "userId", "status"])
      .where("notifiedAt", "is", null)
      .where("status", "in", ["COMPLETED", "FAILED"])
      .where("completedAt", "<", sql<Date>`utc_timestamp(3) - interval ${sql.lit(GRACE_SECONDS)} second`)
      .where(mayBeSent({ sweep: SWEEP, queue: "jobResults" }, "jobs.id"))
      .limit(AT_ONCE)
      .execute();
    for (const { id, userId, status } of jobs) {
      const outcome = status === "COMPLETED" ? "COMPLETED" : "FAILED";
      await putMessage(trx, "jobResults", { version: 1, jobId: id, userId, outcome });
    }
    await markSent(
      trx,
      SWEEP,
      jobs.map(({ id }) => id),
    );
    return jobs.length;
  });
}
