import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { sql } from "kysely";
import type { Database } from "../database/connect.ts";
import type { Resources } from "../resources.ts";
import { releaseLostJobs } from "./leased-claim.ts";
import { putMessage } from "./outbox.ts";

/*
 * A message in the queue of job requests stands for one job that waits, any of them: a worker that gets one claims the
 * job whose turn it is. So the number of messages is the number of waiting jobs, which the queue's scaling rule reads,
 * and no job waits as long as there are as many messages as jobs. One message too many does no harm: the worker that
 * gets it finds nothing to claim and deletes it.
 */

/**
 * Jobs whose worker is gone wait again, each with a message, so that an idle worker takes them up at once. Returns how
 * many.
 */
export async function wakeLostJobs(db: Database, goneAfterSeconds: number): Promise<number> {
  const jobs = await releaseLostJobs(db, goneAfterSeconds);
  for (const job of jobs) await putMessage(db, "jobRequests", { version: 1, ...job });
  return jobs.length;
}

/** A message that was just put may not be counted by SQS yet. */
const GRACE_SECONDS = 60;
const WOKEN_AT_ONCE = 500;

/** Sends a message for each waiting job that there is none for. Returns how many. */
export async function wakeStuckJobs(
  db: Database,
  sqs: SQSClient,
  { queues }: Pick<Resources, "queues">,
): Promise<number> {
  const messages = await countMessages(sqs, queues.jobRequests.name);
  const { rows } = await sql<{ waiting: number; running: number; unsent: number }>`
    select
      (select count(*) from jobs where status = 'PENDING'
        and submitted_at < utc_timestamp(3) - interval ${sql.lit(GRACE_SECONDS)} second) as waiting,
      (select count(*) from jobs where status = 'RUNNING') as running,
      (select count(*) from outbox where queue = 'jobRequests' and sent_at is null) as unsent`.execute(db);
  const [counts] = rows;
  if (counts === undefined) return 0;
  const missing = Number(counts.waiting) - Number(counts.unsent) - Math.max(0, messages - Number(counts.running));
  if (missing <= 0) return 0;
  const jobs = await db
    .selectFrom("jobs")
    .select(["id", "userId"])
    .where("status", "=", "PENDING")
    .orderBy("submittedAt")
    .limit(Math.min(WOKEN_AT_ONCE, missing))
    .execute();
  for (const { id, userId } of jobs) await putMessage(db, "jobRequests", { version: 1, jobId: id, userId });
  return jobs.length;
}

async function countMessages(sqs: SQSClient, QueueName: string): Promise<number> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
      ],
    }),
  );
  return Object.values(Attributes).reduce((sum, each) => sum + Number(each), 0);
}
