import { randomUUID } from "node:crypto";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { startTestApp, type TestApp } from "@elastic-gas/testing/user-app/test-app";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Entry, fromBuffer, type ZipFile } from "yauzl";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(await startTestCloud());
});
afterAll(() => app?.[Symbol.asyncDispose]());

/** The files of a zip by their paths, read by another library than the one that wrote it. */
async function unzip(bytes: Uint8Array): Promise<ReadonlyMap<string, string>> {
  const open = promisify<Buffer, { lazyEntries: true }, ZipFile>(fromBuffer);
  const zip = await open(Buffer.from(bytes), { lazyEntries: true });
  const files = new Map<string, string>();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  zip.on("error", reject).on("end", resolve);
  zip.on("entry", (entry: Entry) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error !== null) return reject(error);
      text(stream)
        .then((content) => files.set(entry.fileName, content))
        .then(() => zip.readEntry(), reject);
    });
  });
  zip.readEntry();
  await promise;
  return files;
}

async function addJob(userId: number, inputName: string, columns: object = {}) {
  const id = randomUUID();
  const keyOf = (name: string) => `test/${userId}/${id}~${name}`;
  const put = (Bucket: string, Key: string, Body: string) => app.s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  const [inputKey, resultKey, logKey] = [keyOf("in"), keyOf("in.annot.vcf"), keyOf("in.count.log")];
  await put("test-inputs", inputKey, `input of ${inputName}`);
  await put("test-results", resultKey, `result of ${inputName}`);
  await put("test-results", logKey, `log of ${inputName}`);
  const job = { id, userId, inputName, inputKey, inputEtag: "e", inputSize: 1, resultKey, logKey };
  await app.db
    .insertInto("jobs")
    .values({ ...job, status: "COMPLETED", completedAt: new Date(), ...columns })
    .execute();
  return id;
}

it("gives everything of the reader and nothing of others as one zip", async () => {
  const userId = await app.makeUser("owner");
  const other = await app.makeUser("other");
  const [own, archived, foreign] = await Promise.all([
    addJob(userId, "a.vcf"),
    addJob(userId, "..", { archiveState: "archived" }),
    addJob(other, "secret.vcf"),
  ]);
  const ended = { status: "FAILED", failure: "The file ends early.", runningLog: "Records so far: 7\n" };
  const failed = await addJob(userId, "f.vcf", { ...ended, runningLogAttempt: 2, attempt: 2, logKey: null });
  const browser = await app.signedIn("owner");
  expect((await browser.get("/profile")).text).toContain("Download all your data");
  const answer = await browser.submit("/profile/export");
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/zip"]);
  const files = await unzip(answer.bytes);
  expect(files.get(`annotations/${own}/a.vcf`)).toBe("input of a.vcf");
  expect(files.get(`annotations/${own}/in.annot.vcf`)).toBe("result of a.vcf");
  expect(files.get(`annotations/${own}/a.vcf.count.log`)).toBe("log of a.vcf");
  expect(files.get(`annotations/${failed}/f.vcf.count.log`)).toBe(
    "Records so far: 7\n\nEnded without a result: The file ends early.\n",
  );
  // A Free user's archived result is not for downloading; a name that leads out of its folder is replaced.
  expect([...files.keys()].filter((path) => path.includes(archived))).toEqual([
    `annotations/${archived}/file`,
    `annotations/${archived}/...count.log`,
  ]);
  expect(JSON.parse(files.get("profile.json") ?? "")).toMatchObject({ username: "owner", subscriptions: [] });
  const whole = [...files].flat().join("\n");
  for (const hidden of [foreign, "secret.vcf", "$2b$", "passwordHash"]) expect(whole).not.toContain(hidden);
});

it("is refused without the form's token", async () => {
  const browser = await app.signedIn("owner");
  const answer = await fetch(`${app.origin}/profile/export`, { method: "POST", redirect: "manual" });
  expect(answer.status).not.toBe(200);
  expect((await browser.get("/profile/export")).status).toBe(405);
});
