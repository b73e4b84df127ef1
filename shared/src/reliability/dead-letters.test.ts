import { randomUUID } from "node:crypto";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { createTestQueues, type TestQueues } from "@elastic-gas/testing/queues";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../database/connect.ts";
import { drainDeadLetters, sendAllDeadLetters, sendDeadLetter } from "./dead-letters.ts";
import { DEAD_JOB_SENTENCE, putLetter } from "./fail-job.ts";
import { claimNextJob } from "./leased-claim.ts";

let cloud: TestCloud;
let queues: TestQueues;
let database: TestDatabase;
let db: Database;
let userId: number;

beforeAll(async () => {
  [cloud, database] = await Promise.all([startTestCloud(), createTestDatabase()]);
  db = database.db;
  const { insertId } = await db
    .insertInto("users")
    .values({ username: "ada", email: null, passwordHash: null })
    .executeTakeFirstOrThrow();
  userId = Number(insertId);
});
beforeEach(async () => {
  for (const table of ["jobs", "outbox", "deadLetters", "workers"] as const) await db.deleteFrom(table).execute();
  queues = await createTestQueues(cloud.clientConfig, `kit-${randomUUID().slice(0, 8)}`);
});
afterAll(async () => {
  await cloud[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const drain = () => drainDeadLetters({ db, ...queues, log: pino({ level: "silent" }) });
const request = (jobId: string) => ({ version: 1, jobId, userId });

async function addJob(): Promise<string> {
  const id = randomUUID();
  await db
    .insertInto("jobs")
    .values({ id, userId, inputName: "a.vcf", inputKey: "k", inputEtag: "e", inputSize: 1 })
    .execute();
  return id;
}

const job = (id: string) => db.selectFrom("jobs").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
const letters = () => db.selectFrom("deadLetters").selectAll().orderBy("id").execute();
const outbox = async () =>
  (await db.selectFrom("outbox").select(["queue", "body"]).orderBy("id").execute()).map(({ queue, body }) => [
    queue,
    JSON.parse(body) as unknown,
  ]);

async function addLetter(queue: "jobRequests" | "thaw" | "archive", body: unknown): Promise<number> {
  const messageId = randomUUID();
  await putLetter(db, { queue, messageId, body: JSON.stringify(body), outcome: "Set aside.", reason: "No." });
  const { id } = await db
    .selectFrom("deadLetters")
    .select("id")
    .where("messageId", "=", messageId)
    .executeTakeFirstOrThrow();
  return id;
}

const check = () => ({ version: 1, jobId: randomUUID(), retrievalId: "r", generation: 1 });

describe("a message in a dead-letter queue", () => {
  it("of a job request ends the job as failed, tells its owner, and becomes a row; a job that a worker holds is left alone", async () => {
    const running = await addJob();
    await claimNextJob(db, { owner: "i-a", leaseSeconds: 60, goneAfterSeconds: 30 });
    const dead = await addJob();
    for (const jobId of [running, dead]) await queues.sendDead("jobRequests", JSON.stringify(request(jobId)));
    await drain();
    expect(await job(dead)).toMatchObject({ status: "FAILED", failure: DEAD_JOB_SENTENCE });
    expect(await outbox()).toEqual([["jobResults", { ...request(dead), outcome: "FAILED" }]]);
    expect((await job(running)).status).toBe("RUNNING");
    expect((await letters()).every(({ body }) => body.includes(dead))).toBe(true);
  });

  it("that is not a message at all becomes a row with the reason, and leaves the queue", async () => {
    await queues.sendDead("thaw", "not json");
    await drain();
    await drain();
    expect(await letters()).toMatchObject([{ queue: "thaw", body: "not json", resolvedAt: null }]);
    expect(await queues.deadLetters("thaw")).toEqual([]);
  });
});

describe("send again", () => {
  it("puts the message back once and resolves its row, however often it is asked for at once", async () => {
    const body = check();
    const id = await addLetter("thaw", body);
    const kinds = await Promise.all([1, 2, 3].map(() => sendDeadLetter(db, id)));
    expect(kinds.map(({ kind }) => kind).toSorted()).toEqual(["resolved", "resolved", "sent"]);
    expect(await outbox()).toEqual([["thaw", body]]);
    const [letter] = await letters();
    expect(letter?.sentAgainAt).not.toBeNull();
    expect(letter?.resolvedAt).not.toBeNull();
  });

  it("lets the job that had failed for it wait again, to be claimed", async () => {
    const jobId = await addJob();
    await queues.sendDead("jobRequests", JSON.stringify(request(jobId)));
    await drain();
    await sendAllDeadLetters(db);
    expect(await job(jobId)).toMatchObject({ status: "PENDING", failure: null, completedAt: null, notifiedAt: null });
    expect((await outbox()).at(-1)).toEqual(["jobRequests", request(jobId)]);
    expect(await claimNextJob(db, { owner: "i-a", leaseSeconds: 60, goneAfterSeconds: 30 })).toMatchObject({ jobId });
  });

  it("leaves a job alone that failed for a reason of its file", async () => {
    const jobId = await addJob();
    const failed = { status: "FAILED", failure: "The file is empty." } as const;
    await db.updateTable("jobs").set(failed).where("id", "=", jobId).execute();
    await sendDeadLetter(db, await addLetter("jobRequests", request(jobId)));
    expect(await job(jobId)).toMatchObject(failed);
  });

  it("refuses what would come back at once, and what it does not know", async () => {
    const id = await addLetter("thaw", { version: 9 });
    expect(await sendDeadLetter(db, id)).toMatchObject({ kind: "never" });
    expect(await sendDeadLetter(db, id + 1_000)).toEqual({ kind: "unknown" });
    expect((await letters())[0]?.resolvedAt).toBeNull();
  });

  it("of all, or of all of one queue, counts what it did", async () => {
    for (let index = 0; index < 3; index += 1) await addLetter("thaw", check());
    await addLetter("archive", { ...request(randomUUID()), dueAt: "2026-01-01T00:00:00Z" });
    await addLetter("thaw", { version: 9 });
    expect(await sendAllDeadLetters(db, "thaw")).toEqual({ sent: 3, never: 1 });
    expect(await sendAllDeadLetters(db)).toEqual({ sent: 1, never: 1 });
    expect(await sendAllDeadLetters(db)).toEqual({ sent: 0, never: 1 });
  });
});
