import { randomUUID } from "node:crypto";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { createTestQueues, type TestQueues } from "@elastic-gas/testing/queues";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { createOutboxSender, putMessage } from "./outbox.ts";

const log = pino({ level: "silent" });
const userId = 7;
let cloud: TestCloud;
let queues: TestQueues;
let database: TestDatabase;

beforeAll(async () => {
  [cloud, database] = await Promise.all([startTestCloud(), createTestDatabase()]);
});
beforeEach(async () => {
  await database.db.deleteFrom("outbox").execute();
  queues = await createTestQueues(cloud.clientConfig, `kit-${randomUUID().slice(0, 8)}`);
});
afterAll(async () => {
  await cloud[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const sender = () => createOutboxSender({ db: database.db, ...queues, log, sweepSeconds: 60 });
const archiveRequest = (jobId: string) => ({ version: 1, jobId, userId, dueAt: "2026-01-01T00:00:00Z" }) as const;

it("a message is sent when its transaction commits, and not when it is rolled back", async () => {
  const [kept, dropped] = [randomUUID(), randomUUID()];
  await database.db.transaction().execute((trx) => putMessage(trx, "archive", archiveRequest(kept)));
  await database.db
    .transaction()
    .execute(async (trx) => {
      await putMessage(trx, "archive", archiveRequest(dropped));
      throw new Error("changed our mind");
    })
    .catch(() => {});
  await sender().flush();
  expect(await queues.bodies("archive")).toEqual([archiveRequest(kept)]);
});

it("two senders at once send each message once", async () => {
  for (let index = 0; index < 40; index += 1) {
    await putMessage(database.db, "jobResults", { version: 1, jobId: randomUUID(), userId, outcome: "COMPLETED" });
  }
  await Promise.all([sender(), sender()].map((each) => each.flush()));
  expect(await queues.count("jobResults")).toBe(40);
});

it("what a dead sender had in hand is sent by the next one after its claim", async () => {
  await putMessage(database.db, "restore", { version: 1, userId });
  const claimUntil = (claimedUntil: Date) => database.db.updateTable("outbox").set({ claimedUntil }).execute();
  await claimUntil(new Date(Date.now() + 60_000));
  await sender().flush();
  expect(await queues.bodies("restore")).toEqual([]);
  await claimUntil(new Date(Date.now() - 1_000));
  await sender().flush();
  expect(await queues.bodies("restore")).toEqual([{ version: 1, userId }]);
});
