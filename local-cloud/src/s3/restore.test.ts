import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  RestoreObjectCommand,
  S3Client,
  type StorageClass,
} from "@aws-sdk/client-s3";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { expect, test } from "vitest";
import { restorationState } from "./restore.ts";

const Bucket = "restore-test";

/** A cloud whose clock the test moves; its client signs by the same clock. */
async function startCloud() {
  let now = new Date();
  const cloud = await startTestCloud({ now: () => now, retrievalSeconds: { Expedited: 60 } });
  const s3 = new S3Client({ ...cloud.clientConfig, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket }));
  return {
    s3,
    moveTo(time: string) {
      now = new Date(time);
      s3.config.systemClockOffset = now.getTime() - Date.now();
    },
    put: (Key: string, Body = "x", more: { StorageClass?: StorageClass } = {}) =>
      s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more })),
    read: async (Key: string) => (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString(),
    async [Symbol.asyncDispose]() {
      s3.destroy();
      await cloud[Symbol.asyncDispose]();
    },
  };
}

const failure = (name: string, statusCode: number) =>
  expect.objectContaining({ name, $metadata: expect.objectContaining({ httpStatusCode: statusCode }) });

test("an archived object can be read after its restore, until the copy expires", async () => {
  await using cloud = await startCloud();
  const { s3, put, read } = cloud;
  cloud.moveTo("2030-01-01T10:00:00Z");
  await put("cold", "ice", { StorageClass: "GLACIER" });
  await expect(read("cold")).rejects.toEqual(failure("InvalidObjectState", 403));
  const restore = () =>
    s3.send(
      new RestoreObjectCommand({
        Bucket,
        Key: "cold",
        RestoreRequest: { Days: 1, GlacierJobParameters: { Tier: "Expedited" } },
      }),
    );
  expect((await restore()).$metadata.httpStatusCode).toBe(202);
  await expect(restore()).rejects.toEqual(failure("RestoreAlreadyInProgress", 409));
  const head = () => s3.send(new HeadObjectCommand({ Bucket, Key: "cold" }));
  expect((await head()).Restore).toBe('ongoing-request="true"');
  cloud.moveTo("2030-01-01T10:01:00Z");
  expect((await head()).Restore).toBe('ongoing-request="false", expiry-date="Thu, 03 Jan 2030 00:00:00 GMT"');
  expect(await read("cold")).toBe("ice");
  expect((await restore()).$metadata.httpStatusCode).toBe(200);
  cloud.moveTo("2030-01-03T00:00:00Z");
  await expect(read("cold")).rejects.toEqual(failure("InvalidObjectState", 403));
  await put("warm");
  await expect(s3.send(new RestoreObjectCommand({ Bucket, Key: "warm", RestoreRequest: { Days: 1 } }))).rejects.toEqual(
    failure("InvalidObjectState", 403),
  );
});

test("a restoration begins, is there, and is over at its very expiry", () => {
  const at = (seconds: number) => new Date(seconds * 1000);
  const restoration = { readyAt: at(10), expiresAt: at(20) };
  expect([9, 10, 19, 20].map((second) => restorationState(restoration, at(second)))).toEqual([
    "in progress",
    "ready",
    "ready",
    "none",
  ]);
  expect(restorationState(undefined, at(0))).toBe("none");
});
