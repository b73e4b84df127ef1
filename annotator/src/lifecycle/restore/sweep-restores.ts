import { messageOf } from "@elastic-gas/shared/reliability/after-failure";
import { putLetter } from "@elastic-gas/shared/reliability/fail-job";
import { markSent, mayBeSent } from "@elastic-gas/shared/reliability/sweeps";
import { isTransient } from "@elastic-gas/shared/reliability/transient";
import { askFor, type RestoreDeps } from "./restore-user.ts";

const SWEEP = "restores";
const AT_ONCE = 500;

/**
 * Asks for each archived result of a Premium user that nobody asked for: the message was lost. Returns how many it
 * looked at.
 */
export async function sweepRestores(deps: RestoreDeps): Promise<number> {
  const { db, outbox, log } = deps;
  const jobs = await db
    .selectFrom("jobs")
    .innerJoin("users", "users.id", "jobs.userId")
    .select(["jobs.id", "jobs.userId"])
    .where("users.role", "=", "premium_user")
    .where("jobs.archiveState", "=", "archived")
    .where(mayBeSent({ sweep: SWEEP, queue: "restore" }, "jobs.id"))
    .limit(AT_ONCE)
    .execute();
  for (const { id, userId } of jobs) {
    try {
      await askFor(deps, id, "archived");
    } catch (error) {
      log.warn({ jobId: id, err: error }, "retrieval not asked for, tried again later");
      await markSent(db, SWEEP, [id]);
      // Such as an archive that is gone: a person has to know, once.
      if (isTransient(error)) continue;
      await putLetter(db, {
        queue: "restore",
        messageId: `restore of job ${id}`,
        body: JSON.stringify({ version: 1, userId }),
        outcome: `The archived result of job ${id} was not asked for.`,
        reason: messageOf(error),
      });
    }
  }
  if (jobs.length > 0) await outbox.flush();
  return jobs.length;
}
