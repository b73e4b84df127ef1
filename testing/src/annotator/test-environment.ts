import { randomUUID } from "node:crypto";
import { CreateBucketCommand, HeadObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, GetQueueUrlCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { JobsTable, Role } from "@elastic-gas/shared/database/tables";
import { createLogger } from "@elastic-gas/shared/logger";
import { createOutboxSender, type OutboxSender } from "@elastic-gas/shared/reliability/outbox";
import { jobKey, QUEUE_KEYS, type QueueKey, type Resources, resourcesOf } from "@elastic-gas/shared/resources";
import type { Selectable } from "kysely";

/** For tests: buckets, queues, users and jobs on a cloud and a database that the test started. */
export interface Setting {
  readonly db: Database;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly resources: Resources;
  readonly outbox: OutboxSender;
  readonly log: ReturnType<typeof createLogger>;
  addUser(role?: Role, email?: string | null): Promise<number>;
  /** Uploads `content` and records a PENDING job for it. */
  addJob(
    userId: number,
    content: string | Buffer,
    columns?: { readonly inputName?: string; readonly build?: string; readonly inputEtag?: string },
  ): Promise<string>;
  job(id: string): Promise<Selectable<JobsTable>>;
  /** Bodies put into the outbox for a queue, in order. */
  messages(queue: QueueKey): Promise<readonly Record<string, unknown>[]>;
  hasObject(bucket: string, key: string): Promise<boolean>;
  /** Puts a message into a queue, past the outbox. */
  send(queue: QueueKey, body: unknown): Promise<void>;
}

type ClientConfig = {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { accessKeyId: string; secretAccessKey: string };
};

export async function createSetting(db: Database, clientConfig: ClientConfig): Promise<Setting> {
  const s3 = new S3Client({ ...clientConfig, forcePathStyle: true });
  const sqs = new SQSClient(clientConfig);
  const resources = resourcesOf({ PREFIX: "test" });
  const log = createLogger("test", process.env.LOG_LEVEL ?? "silent");
  await Promise.all([
    ...Object.values(resources.buckets).map((Bucket) => s3.send(new CreateBucketCommand({ Bucket }))),
    ...QUEUE_KEYS.flatMap((key) => {
      const { name, deadLetterName } = resources.queues[key];
      return [name, deadLetterName].map((QueueName) => sqs.send(new CreateQueueCommand({ QueueName })));
    }),
  ]);
  return {
    db,
    s3,
    sqs,
    resources,
    log,
    outbox: createOutboxSender({ db, sqs, resources, log, sweepSeconds: 60 }),
    async addUser(role = "free_user", email = "ann@example.org") {
      const { insertId } = await db
        .insertInto("users")
        .values({
          username: randomUUID(),
          email,
          role,
        })
        .executeTakeFirstOrThrow();
      return Number(insertId);
    },
    async addJob(userId, content, { inputName = "in.vcf", build, inputEtag } = {}) {
      const id = randomUUID();
      const inputKey = jobKey(resources.prefix, userId, id, inputName);
      const { ETag = "" } = await s3.send(
        new PutObjectCommand({ Bucket: resources.buckets.inputs, Key: inputKey, Body: Buffer.from(content) }),
      );
      await db
        .insertInto("jobs")
        .values({
          id,
          userId,
          inputName,
          inputKey,
          inputEtag: inputEtag ?? ETag,
          inputSize: content.length,
          build: build ?? null,
        })
        .execute();
      return id;
    },
    job: (id) => db.selectFrom("jobs").selectAll().where("id", "=", id).executeTakeFirstOrThrow(),
    async messages(queue) {
      const rows = await db.selectFrom("outbox").select("body").where("queue", "=", queue).orderBy("id").execute();
      return rows.map(({ body }) => JSON.parse(body) as Record<string, unknown>); // what putMessage wrote
    },
    hasObject: (Bucket, Key) =>
      s3.send(new HeadObjectCommand({ Bucket, Key })).then(
        () => true,
        () => false,
      ),
    async send(queue, body) {
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: resources.queues[queue].name }));
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(body) }));
    },
  };
}
