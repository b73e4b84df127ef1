import { HeadObjectCommand, NotFound, PutObjectCommand } from "@aws-sdk/client-s3";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { startTestApp, TEST_PASSWORD, type TestApp } from "@elastic-gas/testing/user-app/test-app";
import { afterAll, beforeAll, expect, it } from "vitest";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(await startTestCloud());
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
});

const exists = async (username: string) =>
  (await app.db.selectFrom("users").select("id").where("username", "=", username).execute()).length === 1;

it("deletes the reader's account with its files after the password, and signs out", async () => {
  const userId = await app.makeUser("leaver");
  const buckets = ["test-inputs", "test-results", "test-images", "test-archive"];
  const [Key, kept] = [`test/${userId}/a~b.vcf`, `test/${await app.makeUser("stayer")}/a~b.vcf`];
  for (const Bucket of buckets) {
    await app.s3.send(new PutObjectCommand({ Bucket, Key, Body: "x" }));
    await app.s3.send(new PutObjectCommand({ Bucket, Key: kept, Body: "x" }));
  }
  const browser = await app.signedIn("leaver");
  const page = await browser.get("/profile/delete");
  expect(page.text).toContain("Profile, sessions and API tokens");
  const wrong = await browser.submit("/profile/delete", { confirm: "wrong" });
  expect([wrong.status, await exists("leaver")]).toEqual([400, true]);
  expect(wrong.text).toContain("This is not your password. Nothing was deleted.");
  expect((await browser.submit("/profile/delete", { confirm: TEST_PASSWORD })).location).toBe("/");
  expect(await exists("leaver")).toBe(false);
  for (const Bucket of buckets) {
    await expect(app.s3.send(new HeadObjectCommand({ Bucket, Key }))).rejects.toThrow(NotFound);
    await app.s3.send(new HeadObjectCommand({ Bucket, Key: kept }));
  }
  expect((await browser.get("/profile")).location).toMatch(/^\/login/);
});

it("asks accounts without a password for their name", async () => {
  await app.makeUser("elsewhere");
  const browser = await app.signedIn("elsewhere");
  await app.db.updateTable("users").set({ passwordHash: null }).where("username", "=", "elsewhere").execute();
  expect((await browser.get("/profile/delete")).text).toContain("Your user name");
  expect((await browser.submit("/profile/delete", { confirm: "somebody" })).status).toBe(400);
  expect((await browser.submit("/profile/delete", { confirm: "elsewhere" })).status).toBe(303);
  expect(await exists("elsewhere")).toBe(false);
});

it("keeps who may use the manager", async () => {
  await app.makeUser("chief", { isAdmin: true });
  const browser = await app.signedIn("chief");
  await browser.get("/profile/delete");
  expect((await browser.submit("/profile/delete", { confirm: TEST_PASSWORD })).status).toBe(409);
  expect(await exists("chief")).toBe(true);
});
