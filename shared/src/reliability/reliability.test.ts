import { randomUUID } from "node:crypto";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Database } from "../database/connect.ts";
import { JobRequest } from "../messages.ts";
import { MAX_RECEIVE_COUNT, QUEUE_KEYS, type QueueKey, resourcesOf } from "../resources.ts";
import { consume, DONE, type Handled } from "./consumer.ts";
import { DEAD_JOB_SENTENCE, watchDeadLetters } from "./dead-letters.ts";
import { claimJob, finishClaim, releaseClaim, renewClaim } from "./leased-claim.ts";
import { createOutboxSender, putMessage } from "./outbox.ts";

const log = pino({ level: "silent" });
const resources = resourcesOf({ PREFIX: "kit" });
let cloud: TestCloud;
let sqs: SQSClient;
let database: TestDatabase;
let db: Database;
let userId: number;

beforeAll(async () => {
  cloud = await startTestCloud();
  sqs = new SQSClient(cloud.clientConfig);
  database = await createTestDatabase();
  db = database.db;
  const { insertId } = await db
    .insertInto("users")
    .values({
      username: "ada",
      email: null,
      passwordHash: null,
    })
    .executeTakeFirstOrThrow();
  userId = Number(insertId);
});

afterAll(async () => {
  sqs.destroy();
  await cloud[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await db.deleteFrom("outbox").execute();
  await db.deleteFrom("jobs").execute();
  for (const key of QUEUE_KEYS) {
    const { name, deadLetterName } = resources.queues[key];
    const dead = await sqs.send(new CreateQueueCommand({ QueueName: deadLetterName }));
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: dead.QueueUrl, AttributeNames: ["QueueArn"] }),
    );
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: Attributes?.QueueArn,
      maxReceiveCount: MAX_RECEIVE_COUNT,
    });
    await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { RedrivePolicy } }));
  }
});

async function queueUrl(name: string): Promise<string> {
  return (await sqs.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl ?? "";
}

async function receive(queue: QueueKey): Promise<readonly unknown[]> {
  const QueueUrl = await queueUrl(resources.queues[queue].name);
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }),
  );
  return Messages.map((message) => JSON.parse(message.Body ?? ""));
}

async function addJob(status: "PENDING" | "RUNNING" = "PENDING"): Promise<string> {
  const id = randomUUID();
  await db
    .insertInto("jobs")
    .values({ id, userId, inputName: "a.vcf", inputKey: "k", inputEtag: "e", inputSize: 1, status })
    .execute();
  return id;
}

function request(jobId: string) {
  return { version: 1 as const, jobId, userId };
}

test("a message is sent when its transaction commits, and not when it is rolled back", async () => {
  const sender = createOutboxSender({ db, sqs, resources, log, sweepSeconds: 60 });
  const [kept, dropped] = [randomUUID(), randomUUID()];
  await db
    .transaction()
    .execute((trx) => putMessage(trx, "archive", { ...request(kept), dueAt: "2026-01-01T00:00:00Z" }));
  await db
    .transaction()
    .execute(async (trx) => {
      await putMessage(trx, "archive", { ...request(dropped), dueAt: "2026-01-01T00:00:00Z" });
      throw new Error("changed our mind");
    })
    .catch(() => {});
  await sender.flush();
  expect(await receive("archive")).toEqual([expect.objectContaining({ jobId: kept })]);
});

test("two senders at once send each message once", async () => {
  const ids = Array.from({ length: 40 }, () => randomUUID());
  for (const id of ids) await putMessage(db, "jobResults", { ...request(id), outcome: "COMPLETED" });
  const senders = [1, 2].map(() => createOutboxSender({ db, sqs, resources, log, sweepSeconds: 60 }));
  await Promise.all(senders.map((sender) => sender.flush()));
  const QueueUrl = await queueUrl(resources.queues.jobResults.name);
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["ApproximateNumberOfMessages"] }),
  );
  expect(Attributes?.ApproximateNumberOfMessages).toBe("40");
});

test("what a dead sender had in hand is sent by the next one after its claim", async () => {
  const id = randomUUID();
  await putMessage(db, "restore", { version: 1, userId });
  await db
    .updateTable("outbox")
    .set({ claimedUntil: new Date(Date.now() + 60_000) })
    .execute();
  const sender = createOutboxSender({ db, sqs, resources, log, sweepSeconds: 60 });
  await sender.flush();
  expect(await receive("restore"), id).toEqual([]);
  await db
    .updateTable("outbox")
    .set({ claimedUntil: new Date(Date.now() - 1_000) })
    .execute();
  await sender.flush();
  expect(await receive("restore")).toEqual([{ version: 1, userId }]);
});

test("a job is claimed by one of many workers; after its lease another takes it over and the first changes nothing", async () => {
  const jobId = await addJob();
  const outcomes = await Promise.all(
    ["a", "b", "c", "d"].map((owner) => claimJob(db, { jobId, owner, leaseSeconds: 60 })),
  );
  const claimed = outcomes.filter((outcome) => outcome.kind === "claimed");
  expect(claimed).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome.kind === "held")).toHaveLength(3);
  const first = claimed[0];
  if (first?.kind !== "claimed") throw new Error("nobody claimed");

  await db
    .updateTable("jobs")
    .set({ leaseUntil: new Date(Date.now() - 1) })
    .where("id", "=", jobId)
    .execute();
  const second = await claimJob(db, { jobId, owner: "e", leaseSeconds: 60 });
  if (second.kind !== "claimed") throw new Error("not taken over");
  expect(second.claim.attempt).toBe(2);

  const end = { status: "COMPLETED", completedAt: new Date() } as const;
  expect(await renewClaim(db, first.claim, { leaseSeconds: 60 })).toBe(false);
  expect(await releaseClaim(db, first.claim)).toBe(false);
  expect(await finishClaim(db, first.claim, end)).toBe(false);
  expect(await finishClaim(db, second.claim, end)).toBe(true);
  expect(await claimJob(db, { jobId, owner: "f", leaseSeconds: 60 })).toEqual({ kind: "over" });
});

test("a released job can be claimed at once", async () => {
  const jobId = await addJob();
  const first = await claimJob(db, { jobId, owner: "a", leaseSeconds: 60 });
  if (first.kind !== "claimed") throw new Error("not claimed");
  expect(await releaseClaim(db, first.claim)).toBe(true);
  expect((await claimJob(db, { jobId, owner: "b", leaseSeconds: 60 })).kind).toBe("claimed");
});

interface Run {
  readonly handle: (body: JobRequest) => Promise<Handled>;
  readonly until: () => boolean | Promise<boolean>;
  readonly draining?: () => boolean;
}

async function runConsumer({ handle, until, draining }: Run): Promise<void> {
  const controller = new AbortController();
  const consuming = consume({
    sqs,
    queueName: resources.queues.jobRequests.name,
    schema: JobRequest,
    log,
    signal: controller.signal,
    visibilityTimeoutSeconds: 2,
    ...(draining === undefined ? {} : { isDraining: draining }),
    handle,
  });
  try {
    await waitUntil("the consumer to get there", until);
  } finally {
    controller.abort();
    await consuming;
  }
}

async function send(body: string): Promise<void> {
  await sqs.send(
    new SendMessageCommand({ QueueUrl: await queueUrl(resources.queues.jobRequests.name), MessageBody: body }),
  );
}

async function deadCount(): Promise<number> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: await queueUrl(resources.queues.jobRequests.deadLetterName),
      AttributeNames: ["ApproximateNumberOfMessages"],
    }),
  );
  return Number(Attributes?.ApproximateNumberOfMessages);
}

test("a poison message goes to the dead-letter queue after 4 receives and does not stop the next good one", async () => {
  const good = randomUUID();
  const handled: string[] = [];
  await send("not json");
  await send(JSON.stringify(request(good)));
  await runConsumer({
    handle: async (body) => {
      handled.push(body.jobId);
      return DONE;
    },
    until: async () => handled.length > 0 && (await deadCount()) === 1,
  });
  expect(handled).toEqual([good]);
});

test("a message is held while its handler works longer than the visibility timeout", async () => {
  await send(JSON.stringify(request(randomUUID())));
  let starts = 0;
  let finished = false;
  await runConsumer({
    handle: async () => {
      starts += 1;
      const end = Date.now() + 3_500;
      await waitUntil("longer than the timeout of 2 s", () => Date.now() > end);
      finished = true;
      return DONE;
    },
    until: () => finished,
  });
  expect(starts).toBe(1);
  expect(await receive("jobRequests")).toEqual([]);
});

test("a draining worker takes no message", async () => {
  await send(JSON.stringify(request(randomUUID())));
  let draining = true;
  let handledWhileDraining = false;
  let handled = false;
  let looks = 0;
  await runConsumer({
    handle: async () => {
      handledWhileDraining = draining;
      handled = true;
      return DONE;
    },
    draining: () => {
      looks += 1;
      if (looks > 3) draining = false;
      return draining;
    },
    until: () => handled,
  });
  expect(handledWhileDraining).toBe(false);
});

test("a dead job request ends its job as failed with a sentence; a job that a worker still holds is left alone", async () => {
  const dead = await addJob();
  const running = await addJob();
  await claimJob(db, { jobId: running, owner: "a", leaseSeconds: 60 });
  const deadUrl = await queueUrl(resources.queues.jobRequests.deadLetterName);
  for (const body of [JSON.stringify(request(running)), JSON.stringify(request(dead)), "not json"]) {
    await sqs.send(new SendMessageCommand({ QueueUrl: deadUrl, MessageBody: body }));
  }
  const controller = new AbortController();
  const watching = watchDeadLetters({ db, sqs, resources, log, intervalSeconds: 1 }, controller.signal);
  const job = await waitUntil("the job to fail", async () => {
    const row = await db
      .selectFrom("jobs")
      .select(["status", "failure"])
      .where("id", "=", dead)
      .executeTakeFirstOrThrow();
    return row.status === "FAILED" ? row : undefined;
  });
  await waitUntil("both rows", async () => (await db.selectFrom("deadLetters").selectAll().execute()).length >= 2);
  controller.abort();
  await watching;
  expect(job.failure).toBe(DEAD_JOB_SENTENCE);
  const held = await db.selectFrom("jobs").select("status").where("id", "=", running).executeTakeFirstOrThrow();
  expect(held.status).toBe("RUNNING");
});
