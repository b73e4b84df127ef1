import { DeleteMessageCommand, GetQueueUrlCommand, ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { sql } from "kysely";
import type { Database } from "../database/connect.ts";
import type { Logger } from "../logger.ts";
import { JobRequest } from "../messages.ts";
import { QUEUE_KEYS, type QueueKey, type Resources } from "../resources.ts";
import { runLoop } from "../shutdown.ts";

export interface DeadLetterOptions {
  readonly db: Database;
  readonly sqs: SQSClient;
  readonly resources: Resources;
  readonly log: Logger;
  readonly intervalSeconds: number;
}

/** The sentence of a job whose request failed 4 times. */
export const DEAD_JOB_SENTENCE = "The annotation failed 4 times for a reason of ours, not of your file. Run it again.";

/**
 * Turns every message of the dead-letter queues into a state that a person sees: a job request ends its job as FAILED, and each message becomes a row in
 * dead_letters, which the dashboard shows as an alert. Safe to run twice and in several processes.
 */
export function watchDeadLetters(options: DeadLetterOptions, signal: AbortSignal): Promise<void> {
  const { log, intervalSeconds } = options;
  return runLoop({ name: "dead letters", intervalMs: intervalSeconds * 1_000, signal, log }, async () => {
    for (const queue of QUEUE_KEYS) await drainDeadLetters(options, queue);
  });
}

async function drainDeadLetters({ db, sqs, resources, log }: DeadLetterOptions, queue: QueueKey): Promise<void> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: resources.queues[queue].deadLetterName }));
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 60, WaitTimeSeconds: 0 }),
    );
    if (Messages.length === 0) return;
    for (const { MessageId = "", Body = "", ReceiptHandle } of Messages) {
      const outcome = queue === "jobRequests" ? await failJob(db, Body) : "The message was set aside.";
      if (outcome === undefined) continue; // a worker still runs the job: the message is seen again when its lease may be over
      await db
        .insertInto("deadLetters")
        .values({ queue, messageId: MessageId, body: Body.slice(0, 10_000), outcome })
        .onDuplicateKeyUpdate({ outcome })
        .execute();
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      log.error({ queue, messageId: MessageId, outcome }, "message set aside after 4 receives");
    }
  }
}

/** Says what became of the job; undefined while a worker holds it. */
async function failJob(db: Database, text: string): Promise<string | undefined> {
  const parsed = JobRequest.safeParse(parseJson(text));
  if (!parsed.success) return "The message was not a job request.";
  const { jobId } = parsed.data;
  const updated = await db
    .updateTable("jobs")
    // A higher attempt shuts out a worker that still believes that the job is its own.
    .set((set) => ({
      status: "FAILED",
      failure: DEAD_JOB_SENTENCE,
      completedAt: new Date(),
      owner: null,
      leaseUntil: null,
      attempt: set("attempt", "+", 1),
    }))
    .where("id", "=", jobId)
    .where((where) =>
      where.or([
        where("status", "=", "PENDING"),
        where.and([where("status", "=", "RUNNING"), where("leaseUntil", "<", sql<Date>`utc_timestamp(3)`)]),
      ]),
    )
    .executeTakeFirst();
  if (updated.numUpdatedRows > 0n) return `Job ${jobId} was set to failed.`;
  const job = await db.selectFrom("jobs").select("status").where("id", "=", jobId).executeTakeFirst();
  return job?.status === "RUNNING" ? undefined : `Job ${jobId} had already ended.`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON: the schema refuses it just as well
  }
}
