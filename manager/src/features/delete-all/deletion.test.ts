import { randomUUID } from "node:crypto";
import { GlacierClient, UploadArchiveCommand } from "@aws-sdk/client-glacier";
import { ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { bootstrap } from "@elastic-gas/local-cloud/bootstrap";
import { readConfig } from "@elastic-gas/shared/config";
import { DELETION_SETTING } from "@elastic-gas/shared/database/tables";
import { findFreePort } from "@elastic-gas/shared/free-port";
import { createLogger } from "@elastic-gas/shared/logger";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { startTestCloud, TEST_CREDENTIALS, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import {
  ADMIN,
  makePools,
  startTestManager,
  TestBrowser,
  type TestManager,
} from "@elastic-gas/testing/manager/test-manager";
import { createKill, createOutage, type Steps } from "@elastic-gas/testing/steps";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readDeletion, readLastDeletion } from "../../read/deletion-progress.ts";
import { createDeletion, type DeletionOptions } from "./deletion.ts";

let cloud: TestCloud;
let manager: TestManager;
let browser: TestBrowser;
let s3: S3Client;
const resources = resourcesOf({ PREFIX: "dev" });

beforeAll(async () => {
  cloud = await startTestCloud();
  const settings = readConfig({ AWS_ENDPOINT_URL: cloud.endpoint, LB_PORT: String(await findFreePort()) });
  await bootstrap({
    endpoint: cloud.endpoint,
    region: "us-east-1",
    credentials: TEST_CREDENTIALS,
    resources,
    settings,
    log: createLogger("test", "silent"),
  });
  s3 = new S3Client({ ...cloud.clientConfig, forcePathStyle: true });
  manager = await startTestManager({ cloud: { endpoint: cloud.endpoint, ...TEST_CREDENTIALS } });
  await makePools(manager.db);
  browser = new TestBrowser(manager.url);
  await browser.signIn();
});
afterAll(async () => {
  await manager[Symbol.asyncDispose]();
  s3.destroy();
  await cloud[Symbol.asyncDispose]();
});

async function addData(objects: number): Promise<void> {
  const user = await manager.db.selectFrom("users").select("id").where("isAdmin", "=", false).executeTakeFirstOrThrow();
  const keys = Array.from({ length: objects }, (_, index) => `dev/${user.id}/${index}.jpg`);
  for (let first = 0; first < keys.length; first += 50) {
    await Promise.all(
      keys
        .slice(first, first + 50)
        .map((Key) => s3.send(new PutObjectCommand({ Bucket: resources.buckets.images, Key, Body: "x" }))),
    );
  }
  for (const id of ["0c9e4d71-0000-4000-8000-000000000001", "0c9e4d71-0000-4000-8000-000000000002"]) {
    await manager.db
      .insertInto("jobs")
      .values({ id, userId: user.id, inputName: "a.vcf", inputKey: "k", inputEtag: "e", inputSize: 1 })
      .execute();
  }
}

describe("deleting all data", () => {
  it("shows what it would delete, and refuses without the word or with a wrong password", async () => {
    await addData(1_020);
    const html = await (await browser.get("/settings/delete")).text();
    expect(html).toContain("Delete 3 rows and 1,020 objects");
    const wrongWord = await browser.post("/settings/delete", { word: "delete", password: ADMIN.password });
    expect(wrongWord.status).toBe(400);
    const wrongPassword = await browser.post("/settings/delete", { word: "DELETE", password: "wrong" });
    expect(await wrongPassword.text()).toContain("This is not your password.");
    expect(await manager.db.selectFrom("jobs").select("id").execute()).toHaveLength(2);
  });

  it("removes rows and more than a thousand objects, keeps administrators and pools, and raises the data generation", async () => {
    const generation = () =>
      manager.db.selectFrom("settings").select("value").where("name", "=", "data_generation").executeTakeFirstOrThrow();
    const before = Number((await generation()).value);
    const response = await browser.post("/settings/delete", { word: "DELETE", password: ADMIN.password });
    expect(response.status).toBe(303);
    const last = await waitUntil("the deletion ended", () => readLastDeletion(manager.db), { deadlineMs: 120_000 });
    expect(last).toMatchObject({ by: ADMIN.username, objects: 1_020, rows: 3, failure: null });
    const users = await manager.db.selectFrom("users").select("username").execute();
    expect(users).toEqual([{ username: ADMIN.username }]);
    expect(await manager.db.selectFrom("jobs").select("id").execute()).toEqual([]);
    expect(await manager.db.selectFrom("pools").select("name").execute()).toHaveLength(3);
    expect(Number((await generation()).value)).toBe(before + 1);
    // Uploads are taken again.
    const flag = await manager.db.selectFrom("settings").select("name").where("name", "=", DELETION_SETTING).execute();
    expect(flag).toEqual([]);
    expect(await (await browser.get("/settings/delete")).text()).toContain("Deleted 3 rows and 1,020 objects");
  });

  it("goes on after a restart with what was cut", async () => {
    await s3.send(new PutObjectCommand({ Bucket: resources.buckets.inputs, Key: "dev/9/left", Body: "x" }));
    await manager.db
      .insertInto("settings")
      .values({ name: DELETION_SETTING, value: JSON.stringify({ by: "anna", at: 1, total: 1, deleted: 0, doing: "" }) })
      .execute();
    await manager.manager.deletion.resume();
    await manager.manager.deletion.idle();
    expect(await readLastDeletion(manager.db)).toMatchObject({ objects: 1, failure: null });
  });
});

describe("deleting all data that is cut", () => {
  const own = (steps: Steps, glacier = new GlacierClient(cloud.clientConfig)): DeletionOptions => ({
    db: steps.database(manager.db),
    s3: steps.client(new S3Client({ ...cloud.clientConfig, forcePathStyle: true })),
    sqs: steps.client(new SQSClient(cloud.clientConfig)),
    glacier: steps.client(glacier),
    resources,
    config: { STRIPE_SECRET_KEY: undefined, STRIPE_API_URL: undefined },
    log: createLogger("test", "silent"),
    now: () => Date.now(),
    longestRetrySeconds: 0,
  });

  async function addOneOfEach(): Promise<void> {
    const { insertId } = await manager.db
      .insertInto("users")
      .values({ username: randomUUID(), email: null, passwordHash: null })
      .executeTakeFirstOrThrow();
    const userId = Number(insertId);
    const glacier = new GlacierClient(cloud.clientConfig);
    const { archiveId = "" } = await glacier.send(
      new UploadArchiveCommand({ accountId: "-", vaultName: resources.vault, body: "archived" }),
    );
    const archive = { archiveStore: "glacier-vault", resultsFileArchiveId: archiveId } as const;
    const input = { inputName: "a.vcf", inputKey: "k", inputEtag: "e", inputSize: 1 };
    await manager.db
      .insertInto("jobs")
      .values({ id: randomUUID(), userId, ...input, ...archive })
      .execute();
    await manager.db.insertInto("pendingDeletes").values({ store: "results", name: "x" }).execute();
    for (const Bucket of [resources.buckets.inputs, resources.buckets.images])
      await s3.send(new PutObjectCommand({ Bucket, Key: `dev/${userId}/x`, Body: "x" }));
  }

  async function expectNothingLeft(moment: string): Promise<void> {
    const { db } = manager;
    for (const table of ["jobs", "pendingDeletes", "images"] as const)
      expect(await db.selectFrom(table).selectAll().execute(), `${table} ${moment}`).toEqual([]);
    expect(await db.selectFrom("users").select("username").where("isAdmin", "=", false).execute(), moment).toEqual([]);
    for (const Bucket of [resources.buckets.inputs, resources.buckets.images])
      expect((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount, `${Bucket} ${moment}`).toBe(0);
    const flag = await db.selectFrom("settings").select("name").where("name", "=", DELETION_SETTING).execute();
    expect(flag, `flag ${moment}`).toEqual([]);
    expect(await readLastDeletion(db), moment).toMatchObject({ by: "anna", failure: null });
  }

  it("goes on by itself after the database or a service was away for some calls, at any step", async () => {
    for (let at = 2; ; at += 7) {
      await addOneOfEach();
      const outage = createOutage(at, 12);
      const deletion = createDeletion(own(outage));
      // Where even the start's answer was lost, the manager's loop finds what it had written.
      await deletion.start({ by: "anna", total: 5 }).catch(() => false);
      await waitUntil("it is over", async () => {
        await deletion.resume();
        await deletion.idle();
        return (await readDeletion(manager.db)) === null;
      });
      await expectNothingLeft(`after an outage at step ${at}`);
      if (outage.count() < at) break;
    }
  }, 240_000);

  it("is finished by the next manager after kill -9 at any step, and counts what both deleted", async () => {
    for (let at = 4; ; at += 5) {
      await addOneOfEach();
      const kill = createKill(at);
      const killed = createDeletion(own(kill));
      await killed.start({ by: "anna", total: 5 }).catch(() => false);
      await killed.idle();
      const next = createDeletion(own(createOutage(0, 0)));
      await next.resume();
      await next.idle();
      await expectNothingLeft(`after a kill at step ${at}`);
      if (!kill.isDead()) break;
    }
  }, 240_000);

  it("ends with the reason when it meets what does not pass, and can be started again", async () => {
    const { insertId } = await manager.db
      .insertInto("users")
      .values({ username: randomUUID(), email: null, passwordHash: null })
      .executeTakeFirstOrThrow();
    await manager.db
      .insertInto("subscriptions")
      .values({ id: "sub_1", userId: Number(insertId), status: "active" })
      .execute();
    const deletion = createDeletion(own(createOutage(0, 0)));
    await deletion.start({ by: "anna", total: 1 });
    await deletion.idle();
    expect((await readLastDeletion(manager.db))?.failure).toContain("STRIPE_SECRET_KEY is not set");
    await manager.db.deleteFrom("subscriptions").execute();
    expect(await deletion.start({ by: "anna", total: 1 })).toBe(true);
    await deletion.idle();
    await expectNothingLeft("after the second start");
  });
});
