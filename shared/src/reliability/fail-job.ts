import { type Kysely, sql, type Transaction } from "kysely";
import type { Tables } from "../database/tables.ts";
import { putMessage } from "./outbox.ts";
import { LOG_SO_FAR } from "./running-log.ts";

/** The sentence of a job that failed for a reason which its owner cannot change. */
export const DEAD_JOB_SENTENCE = "The annotation failed 4 times for a reason of ours, not of your file. Run it again.";
export const LOST_WORKERS_SENTENCE =
  "The annotation ended its worker 4 times. The file may need more memory than a worker has. Run it again, or split the file.";

/**
 * Ends a job as FAILED with its log so far, tells its owner and puts it before a person as a dead letter that can be
 * sent again; in the caller's transaction, which holds the job's row. A higher attempt shuts out a worker that still
 * believes that the job is its own.
 */
export async function failJob(
  trx: Transaction<Tables>,
  { id, userId, attempt }: { readonly id: string; readonly userId: number; readonly attempt: number },
  { failure, reason }: { readonly failure: string; readonly reason: string },
): Promise<void> {
  await trx
    .updateTable("jobs")
    .set({
      status: "FAILED",
      failure,
      completedAt: sql<Date>`utc_timestamp(3)`,
      owner: null,
      leaseUntil: null,
      retryAt: null,
      ...LOG_SO_FAR,
      failures: 0,
      lostWorkers: 0,
      runningLogAttempt: attempt + 1,
      attempt: attempt + 1,
    })
    .where("id", "=", id)
    .execute();
  await putMessage(trx, "jobResults", { version: 1, jobId: id, userId, outcome: "FAILED" });
  await putLetter(trx, {
    queue: "jobRequests",
    messageId: `job ${id} attempt ${attempt}`,
    body: JSON.stringify({ version: 1, jobId: id, userId }),
    outcome: `Job ${id} was set to failed.`,
    reason,
  });
}

interface Letter {
  readonly queue: Tables["deadLetters"]["queue"];
  readonly messageId: string;
  readonly body: string;
  readonly outcome: string;
  readonly reason: string | null;
}

/** Longer bodies are none of ours; they are kept for people to read. */
const MAX_BODY = 10_000;

/** A second time changes nothing. */
export async function putLetter(db: Kysely<Tables>, letter: Letter): Promise<void> {
  const { outcome } = letter;
  await db
    .insertInto("deadLetters")
    .values({
      ...letter,
      body: letter.body.slice(0, MAX_BODY),
      outcome: outcome.slice(0, 1_000),
      reason: letter.reason?.slice(0, 1_000) ?? null,
    })
    .onDuplicateKeyUpdate({ outcome })
    .execute();
}
