import { DeleteMessageCommand, GetQueueUrlCommand, ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { sql, type Transaction } from "kysely";
import type { Database } from "../database/connect.ts";
import type { Tables } from "../database/tables.ts";
import type { Logger } from "../logger.ts";
import { JobRequest, MESSAGE_SCHEMAS } from "../messages.ts";
import { QUEUE_KEYS, type QueueKey, type Resources } from "../resources.ts";
import { DEAD_JOB_SENTENCE, failJob, LOST_WORKERS_SENTENCE, putLetter } from "./fail-job.ts";
import { REASON } from "./message-attributes.ts";
import { putMessage } from "./outbox.ts";

export interface DeadLetterOptions {
  readonly db: Database;
  readonly sqs: SQSClient;
  readonly resources: Resources;
  readonly log: Logger;
}

/**
 * Turns every message of the dead-letter queues into a state that a person sees: a job request ends its job as FAILED,
 * and each message becomes a row in dead_letters, which the dashboard shows as an alert. Safe to run twice and in
 * several processes.
 */
export async function drainDeadLetters(options: DeadLetterOptions): Promise<void> {
  for (const queue of QUEUE_KEYS) await drainQueue(options, queue);
}

async function drainQueue({ db, sqs, resources, log }: DeadLetterOptions, queue: QueueKey): Promise<void> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: resources.queues[queue].deadLetterName }));
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 60,
        WaitTimeSeconds: 0,
        MessageAttributeNames: [REASON],
      }),
    );
    if (Messages.length === 0) return;
    for (const { MessageId = "", Body = "", ReceiptHandle, MessageAttributes } of Messages) {
      const reason = MessageAttributes?.[REASON]?.StringValue ?? null;
      const outcome = queue === "jobRequests" ? await endJob(db, Body) : "The message was set aside.";
      if (outcome === undefined) continue; // a worker still runs the job: the message is seen again when its lease may be over
      await putLetter(db, { queue, messageId: MessageId, body: Body, outcome, reason });
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      log.error({ queue, messageId: MessageId, outcome, reason }, "message set aside");
    }
  }
}

/** Says what became of the job; undefined while a worker holds it. */
async function endJob(db: Database, text: string): Promise<string | undefined> {
  const parsed = JobRequest.safeParse(parseJson(text));
  if (!parsed.success) return "The message was not a job request.";
  const { jobId } = parsed.data;
  return db.transaction().execute(async (trx) => {
    const job = await trx
      .selectFrom("jobs")
      .select(["id", "userId", "attempt", "status", sql<number>`lease_until >= utc_timestamp(3)`.as("leased")])
      .where("id", "=", jobId)
      .forUpdate()
      .executeTakeFirst();
    if (job?.status === "RUNNING" && Number(job.leased) === 1) return undefined;
    if (job?.status !== "PENDING" && job?.status !== "RUNNING") return `Job ${jobId} had already ended.`;
    await failJob(trx, job, { failure: DEAD_JOB_SENTENCE, reason: "Its request could not be handled." });
    return `Job ${jobId} was set to failed.`;
  });
}

export type SentAgain =
  | { readonly kind: "sent" }
  /** Somebody sent it again or marked it as looked after before. */
  | { readonly kind: "resolved" }
  | { readonly kind: "unknown" }
  /** It would come back at once: its body is not a message of that queue. */
  | { readonly kind: "never"; readonly reason: string };

/**
 * "Send again": puts a dead letter back into its queue and resolves its row, once, however often it is asked for. The
 * message leaves with the next sweep of the outbox. A job that had failed for it waits again.
 */
export function sendDeadLetter(db: Database, id: number): Promise<SentAgain> {
  return db.transaction().execute(async (trx): Promise<SentAgain> => {
    const letter = await trx
      .selectFrom("deadLetters")
      .select(["queue", "body", "resolvedAt"])
      .where("id", "=", id)
      .forUpdate()
      .executeTakeFirst();
    if (letter === undefined) return { kind: "unknown" };
    if (letter.resolvedAt !== null) return { kind: "resolved" };
    const parsed = MESSAGE_SCHEMAS[letter.queue].safeParse(parseJson(letter.body));
    if (!parsed.success) return { kind: "never", reason: `Its body is not a message of queue ${letter.queue}.` };
    if (letter.queue === "jobRequests") await wakeJob(trx, JobRequest.parse(parsed.data).jobId);
    await putMessage(trx, letter.queue, parsed.data);
    const now = sql<Date>`utc_timestamp(3)`;
    await trx.updateTable("deadLetters").set({ resolvedAt: now, sentAgainAt: now }).where("id", "=", id).execute();
    return { kind: "sent" };
  });
}

/**
 * All that are not resolved, or those of one queue; `never` counts those that would come back at once and therefore
 * stay.
 */
export async function sendAllDeadLetters(
  db: Database,
  queue?: QueueKey,
): Promise<{ readonly sent: number; readonly never: number }> {
  const letters = await db
    .selectFrom("deadLetters")
    .select("id")
    .where("resolvedAt", "is", null)
    .$if(queue !== undefined, (query) => query.where("queue", "=", queue ?? "jobRequests"))
    .orderBy("id")
    .execute();
  const count = { sent: 0, never: 0 };
  for (const { id } of letters) {
    const { kind } = await sendDeadLetter(db, id);
    if (kind === "sent" || kind === "never") count[kind] += 1;
  }
  return count;
}

/** Only a job that failed for a reason of ours waits again; what its owner ran again meanwhile is left alone. */
async function wakeJob(trx: Transaction<Tables>, jobId: string): Promise<void> {
  await trx
    .updateTable("jobs")
    .set({ status: "PENDING", failure: null, startedAt: null, completedAt: null, notifiedAt: null })
    .where("id", "=", jobId)
    .where("status", "=", "FAILED")
    .where("failure", "in", [DEAD_JOB_SENTENCE, LOST_WORKERS_SENTENCE])
    .execute();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON: the schema refuses it just as well
  }
}
