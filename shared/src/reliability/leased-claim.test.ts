import { randomUUID } from "node:crypto";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { createTestQueues, type TestQueues } from "@elastic-gas/testing/queues";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../database/connect.ts";
import { insertUnlessThere } from "../database/insert-unless-there.ts";
import type { JobStatus } from "../database/tables.ts";
import { LOST_WORKERS_SENTENCE } from "./fail-job.ts";
import { claimNextJob, finishClaim, type JobClaim, releaseClaim, renewClaim } from "./leased-claim.ts";
import { wakeLostJobs, wakeStuckJobs } from "./waiting-jobs.ts";

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
});
beforeEach(async () => {
  for (const table of ["jobs", "users", "workers", "outbox", "deadLetters"] as const)
    await db.deleteFrom(table).execute();
});
afterAll(() => database[Symbol.asyncDispose]());

async function addUser(): Promise<number> {
  const { insertId } = await db
    .insertInto("users")
    .values({ username: randomUUID(), email: null, passwordHash: null })
    .executeTakeFirstOrThrow();
  return Number(insertId);
}

interface JobOptions {
  readonly status?: JobStatus;
  readonly owner?: string;
  readonly leaseSeconds?: number;
  readonly secondsAgo?: number;
}

async function addJob(userId: number, options: JobOptions = {}): Promise<string> {
  const { status = "PENDING", owner, leaseSeconds = 3_600, secondsAgo = 0 } = options;
  const id = randomUUID();
  await db
    .insertInto("jobs")
    .values({
      id,
      userId,
      inputName: "a.vcf",
      inputKey: "k",
      inputEtag: "e",
      inputSize: 1,
      status,
      submittedAt: new Date(Date.now() - secondsAgo * 1_000),
      ...(owner === undefined ? {} : { owner, attempt: 1, leaseUntil: new Date(Date.now() + leaseSeconds * 1_000) }),
    })
    .execute();
  return id;
}

const addWorker = (instanceId: string, { beatSecondsAgo = 0, victimReason = null as string | null } = {}) =>
  db
    .insertInto("workers")
    .values({ instanceId, pool: "annotator", at: new Date(Date.now() - beatSecondsAgo * 1_000), victimReason })
    .execute();

const job = (id: string) => db.selectFrom("jobs").selectAll().where("id", "=", id).executeTakeFirstOrThrow();

async function claim(owner = "i-new"): Promise<JobClaim | undefined> {
  // As a worker does: without a heartbeat it would be taken for lost as soon as it has a job.
  await insertUnlessThere(db.insertInto("workers").values({ instanceId: owner, pool: "annotator", at: new Date() }));
  return claimNextJob(db, { owner, leaseSeconds: 60, goneAfterSeconds: 30 });
}

async function getClaim(owner?: string): Promise<JobClaim> {
  const claimed = await claim(owner);
  if (claimed === undefined) throw new Error("nothing was claimed");
  return claimed;
}

describe("a claim", () => {
  it("of one job succeeds for one of many workers", async () => {
    await addJob(await addUser());
    const claims = await Promise.all(["i-a", "i-b", "i-c", "i-d"].map(claim));
    expect(claims.filter((each) => each !== undefined)).toHaveLength(1);
  });

  it("of as many jobs as workers leaves none waiting, however often all look at once", async () => {
    const userId = await addUser();
    const workers = ["i-a", "i-b", "i-c", "i-d", "i-e", "i-f"];
    for (let round = 0; round < 30; round += 1) {
      for (const _ of workers) await addJob(userId);
      const claims = await Promise.all(workers.map(claim));
      expect([round, new Set(claims.map((each) => each?.jobId)).size]).toEqual([round, workers.length]);
      expect(claims).not.toContain(undefined);
    }
  });

  it("that was taken over changes nothing any more", async () => {
    const jobId = await addJob(await addUser());
    const first = await getClaim("i-a");
    await db
      .updateTable("jobs")
      .set({ leaseUntil: new Date(Date.now() - 1_000) })
      .where("id", "=", jobId)
      .execute();
    const second = await getClaim("i-b");
    expect(second).toMatchObject({ jobId, attempt: 2 });
    const end = { status: "COMPLETED", completedAt: new Date() } as const;
    expect(await renewClaim(db, first, { leaseSeconds: 60 })).toBe(false);
    expect(await releaseClaim(db, first)).toBe(false);
    expect(await finishClaim(db, first, end)).toBe(false);
    expect(await finishClaim(db, second, end)).toBe(true);
    expect(await claim("i-c")).toBeUndefined();
  });

  it("that was released can be taken at once, or after its pause", async () => {
    await addJob(await addUser());
    await releaseClaim(db, await getClaim());
    const second = await getClaim();
    await releaseClaim(db, second, { retrySeconds: 60, failures: 1 });
    expect(await claim()).toBeUndefined();
    await db
      .updateTable("jobs")
      .set({ retryAt: new Date(Date.now() - 1_000) })
      .execute();
    expect(await claim()).toMatchObject({ attempt: 3, failures: 1 });
  });
});

describe("the order", () => {
  it("lets one job of a user pass the hundred of another who came first", async () => {
    const [many, one] = [await addUser(), await addUser()];
    for (let index = 0; index < 100; index += 1) await addJob(many, { secondsAgo: 500 - index });
    const single = await addJob(one);
    const owners = [await getClaim("i-a"), await getClaim("i-b"), await getClaim("i-c")].map(({ userId }) => userId);
    expect(owners).toEqual([many, one, many]);
    expect((await job(single)).status).toBe("RUNNING");
  });

  it("takes turns between users when one worker does all the work", async () => {
    const users = [await addUser(), await addUser(), await addUser()];
    for (const [place, userId] of users.entries()) {
      for (let index = 0; index < 3; index += 1) await addJob(userId, { secondsAgo: 100 - place });
    }
    const turns: number[] = [];
    for (let index = 0; index < 9; index += 1) {
      const next = await getClaim();
      turns.push(next.userId);
      // Starts need not be a millisecond apart on a fast machine.
      await db
        .updateTable("jobs")
        .set({ startedAt: new Date(Date.now() - 60_000 + index * 1_000) })
        .where("id", "=", next.jobId)
        .execute();
      await finishClaim(db, next, { status: "COMPLETED", completedAt: new Date() });
    }
    expect(turns).toEqual([...users, ...users, ...users]);
  });

  it("is first come, first served for one user", async () => {
    const userId = await addUser();
    const newer = await addJob(userId, { secondsAgo: 1 });
    const older = await addJob(userId, { secondsAgo: 2 });
    expect([(await getClaim()).jobId, (await getClaim()).jobId]).toEqual([older, newer]);
  });
});

describe("a job whose worker is gone", () => {
  it.each([
    ["its heartbeat has stopped", { beatSecondsAgo: 31 }],
    ["its instance has vanished", { victimReason: "vanished" }],
  ])("is taken up long before its lease ends, before fifty newer ones: %s", async (_, worker) => {
    const [userId, other] = [await addUser(), await addUser()];
    await addWorker("i-dead", worker);
    const lost = await addJob(userId, { status: "RUNNING", owner: "i-dead", secondsAgo: 100 });
    for (let index = 0; index < 50; index += 1) await addJob(other, { secondsAgo: 90 });
    expect(await claim()).toMatchObject({ jobId: lost, attempt: 2 });
  });

  it("is taken up when nobody knows the worker", async () => {
    const lost = await addJob(await addUser(), { status: "RUNNING", owner: "i-unknown" });
    expect(await claim()).toMatchObject({ jobId: lost });
  });

  it("stays with a worker that lives", async () => {
    await addWorker("i-alive", { beatSecondsAgo: 20 });
    await addJob(await addUser(), { status: "RUNNING", owner: "i-alive" });
    expect(await claim()).toBeUndefined();
  });

  it("gets a message when no worker asks, so that an idle one wakes", async () => {
    const userId = await addUser();
    const lost = await addJob(userId, { status: "RUNNING", owner: "i-dead" });
    expect([await wakeLostJobs(db, 30), await wakeLostJobs(db, 30)]).toEqual([1, 0]);
    expect((await job(lost)).status).toBe("PENDING");
    const rows = await db.selectFrom("outbox").select(["queue", "body"]).execute();
    expect(rows.map(({ queue, body }) => [queue, JSON.parse(body)])).toEqual([
      ["jobRequests", { version: 1, jobId: lost, userId }],
    ]);
  });

  it("ends as failed when it has lost four workers, and is put before a person", async () => {
    const userId = await addUser();
    const lost = await addJob(userId);
    for (let index = 0; index < 4; index += 1) {
      expect(await claimNextJob(db, { owner: "i-dies", leaseSeconds: 60, goneAfterSeconds: 30 })).toMatchObject({
        jobId: lost,
      });
      const said = { runningLog: `said by attempt ${index + 1}`, runningLogAttempt: index + 1 };
      await db.updateTable("jobs").set(said).where("id", "=", lost).execute();
    }
    expect(await claim()).toBeUndefined();
    expect(await job(lost)).toMatchObject({ status: "FAILED", failure: LOST_WORKERS_SENTENCE });
    // Its log as far as the last came; read as that of the attempt which nobody makes.
    expect(await job(lost)).toMatchObject({ runningLog: "said by attempt 4", runningLogAttempt: 5, attempt: 5 });
    const letters = await db.selectFrom("deadLetters").select(["queue", "reason"]).execute();
    expect(letters).toEqual([{ queue: "jobRequests", reason: "Its worker was lost 4 times while it ran." }]);
    expect(await db.selectFrom("outbox").select("queue").execute()).toEqual([{ queue: "jobResults" }]);
  });
});

describe("waiting jobs without messages", () => {
  let cloud: TestCloud;
  let queues: TestQueues;
  beforeAll(async () => {
    cloud = await startTestCloud();
    queues = await createTestQueues(cloud.clientConfig);
  });
  afterAll(() => cloud[Symbol.asyncDispose]());

  it("get as many as are missing, once", async () => {
    const userId = await addUser();
    for (let index = 0; index < 5; index += 1) await addJob(userId, { secondsAgo: 100 });
    await addWorker("i-alive");
    await addJob(userId, { status: "RUNNING", owner: "i-alive", secondsAgo: 100 });
    await addJob(userId); // just submitted: its message may not be counted yet
    // One for the job that runs, one for a waiting job; the others were lost.
    for (let index = 0; index < 2; index += 1) await queues.send("jobRequests", "x");
    const wake = () => wakeStuckJobs(db, queues.sqs, queues.resources);
    expect(await wake()).toBe(4);
    expect(await wake()).toBe(0);
    await db.updateTable("outbox").set({ sentAt: sql<Date>`utc_timestamp(3)` }).execute();
    for (let index = 0; index < 4; index += 1) await queues.send("jobRequests", "x");
    expect(await wake()).toBe(0);
  });
});
