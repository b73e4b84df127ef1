import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import { failureDelay, MAX_FAILURES, messageOf, transientDelay } from "@elastic-gas/shared/reliability/after-failure";
import { DONE, type Handled } from "@elastic-gas/shared/reliability/consumer";
import { DEAD_JOB_SENTENCE, failJob } from "@elastic-gas/shared/reliability/fail-job";
import { type JobClaim, releaseClaim } from "@elastic-gas/shared/reliability/leased-claim";
import { isTransient } from "@elastic-gas/shared/reliability/transient";

/**
 * What becomes of a job whose attempt ended with an error. While a service is away it waits and is tried again for as
 * long as it takes; what fails the same way MAX_FAILURES times ends as FAILED. The message goes the way of its job: it
 * comes back when the job may be claimed again.
 */
export async function handBack(
  { db, log }: { readonly db: Database; readonly log: Logger },
  claim: JobClaim,
  error: unknown,
): Promise<Handled> {
  const { jobId, attempt } = claim;
  if (isTransient(error)) {
    const retrySeconds = transientDelay(attempt, Math.random());
    log.warn({ jobId, attempt, retrySeconds, err: error }, "job interrupted, tried again later");
    return later(await releaseClaim(db, claim, { retrySeconds }), retrySeconds);
  }
  const failures = claim.failures + 1;
  if (failures < MAX_FAILURES) {
    const retrySeconds = failureDelay(failures);
    log.warn({ jobId, attempt, failures, retrySeconds, err: error }, "job failed, tried again");
    return later(await releaseClaim(db, claim, { retrySeconds, failures }), retrySeconds);
  }
  log.error({ jobId, attempt, failures, err: error }, "job given up");
  const reason = `Failed ${failures} times, at last with: ${messageOf(error)}`;
  await db.transaction().execute(async (trx) => {
    const job = await trx
      .selectFrom("jobs")
      .select(["id", "userId", "attempt"])
      .where("id", "=", jobId)
      .where("status", "=", "RUNNING")
      .where("attempt", "=", attempt)
      .forUpdate()
      .executeTakeFirst();
    if (job !== undefined) await failJob(trx, job, { failure: DEAD_JOB_SENTENCE, reason });
  });
  return DONE;
}

/** Another worker has the job by now, or it was deleted: then nothing waits for this message. */
function later(isReleased: boolean, seconds: number): Handled {
  return isReleased ? { kind: "later", seconds } : DONE;
}
