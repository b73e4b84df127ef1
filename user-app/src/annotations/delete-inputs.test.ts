import { randomUUID } from "node:crypto";
import { HeadObjectCommand, NotFound, PutObjectCommand } from "@aws-sdk/client-s3";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { startTestApp, type TestApp } from "@elastic-gas/testing/user-app/test-app";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sweepInputs } from "./delete-inputs.ts";

const NOW = new Date("2026-11-28T12:00:00Z");
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000);

let app: TestApp;
let userId: number;
beforeAll(async () => {
  app = await startTestApp(await startTestCloud(), { INPUT_RETENTION_DAYS: "30" });
  userId = await app.makeUser("keeper");
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
});

async function addJob(status: "COMPLETED" | "RUNNING", completedAt: Date | null, inputKey?: string) {
  const id = randomUUID();
  const key = inputKey ?? `test/${userId}/${id}~in.vcf`;
  await app.s3.send(new PutObjectCommand({ Bucket: "test-inputs", Key: key, Body: "x" }));
  const job = { id, userId, inputName: "in.vcf", inputKey: key, inputEtag: "e", inputSize: 1 };
  await app.db
    .insertInto("jobs")
    .values({ ...job, status, completedAt })
    .execute();
  return { id, key };
}

async function isStored(Key: string): Promise<boolean> {
  try {
    await app.s3.send(new HeadObjectCommand({ Bucket: "test-inputs", Key }));
    return true;
  } catch (error) {
    if (error instanceof NotFound) return false;
    throw error;
  }
}

it("deletes the inputs of jobs that are long over, unless another job still needs them, and says so", async () => {
  const deps = { db: app.db, s3: app.s3, resources: resourcesOf(app.config) };
  const old = await addJob("COMPLETED", daysAgo(31));
  const young = await addJob("COMPLETED", daysAgo(29));
  const shared = await addJob("COMPLETED", daysAgo(31));
  await addJob("RUNNING", null, shared.key);
  expect(await sweepInputs(deps, { retentionDays: 0, now: NOW })).toBe(0);
  expect(await sweepInputs(deps, { retentionDays: 30, now: NOW })).toBe(1);
  expect(await sweepInputs(deps, { retentionDays: 30, now: NOW })).toBe(0);
  expect(await Promise.all([old, young, shared].map(({ key }) => isStored(key)))).toEqual([false, true, true]);

  const browser = await app.signedIn("keeper");
  const { text } = await browser.get(`/annotations/${old.id}`);
  expect(text).toMatch(/in\.vcf<br\/><span class="eg-secondary">deleted /);
  expect(text).not.toContain("Annotate the file again");
  expect((await browser.get(`/annotations/${old.id}/input`)).status).toBe(410);
  expect((await browser.submit(`/annotations/${old.id}/annotate-again`)).status).toBe(410);
  expect((await browser.get("/annotate")).text).toContain("30 days");
});

it("deletes the input of one job for its owner, not while a job needs it, and keeps the result", async () => {
  const done = await addJob("COMPLETED", daysAgo(1));
  const busy = await addJob("COMPLETED", daysAgo(1));
  await addJob("RUNNING", null, busy.key);
  await app.makeUser("stranger");
  const stranger = await app.signedIn("stranger");
  await stranger.get("/profile");
  expect((await stranger.submit(`/annotations/${done.id}/input/delete`)).status).toBe(403);
  const browser = await app.signedIn("keeper");
  await browser.get(`/annotations/${done.id}`);
  await browser.submit(`/annotations/${busy.id}/input/delete`);
  expect((await browser.get(`/annotations/${busy.id}`)).text).toContain("A job on this input waits or runs.");
  await browser.submit(`/annotations/${done.id}/input/delete`);
  expect((await browser.get(`/annotations/${done.id}`)).text).toContain("Result and log stay.");
  expect(await Promise.all([done, busy].map(({ key }) => isStored(key)))).toEqual([false, true]);
  expect((await browser.get(`/annotations/${done.id}/input`)).status).toBe(410);
});
