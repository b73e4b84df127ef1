import { spawnSync } from "node:child_process";
import { closeSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { EC2Client, RunInstancesCommand } from "@aws-sdk/client-ec2";
import { CreateVaultCommand, GlacierClient, UploadArchiveCommand } from "@aws-sdk/client-glacier";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { expect, onTestFinished, test, vi } from "vitest";

const MEBIBYTE = 1024 * 1024;

/** Everything that goes on and everything that does not, as promises of outcomes. */
async function connect(cloud: TestCloud) {
  const config = { ...cloud.clientConfig, forcePathStyle: true };
  const [s3, sqs, glacier] = [new S3Client(config), new SQSClient(config), new GlacierClient(config)];
  const [cloudwatch, ec2] = [new CloudWatchClient(config), new EC2Client(config)];
  onTestFinished(() => {
    for (const client of [s3, sqs, glacier, cloudwatch, ec2]) client.destroy();
  });
  await s3.send(new CreateBucketCommand({ Bucket: "files" }));
  await glacier.send(new CreateVaultCommand({ accountId: "-", vaultName: "vault" }));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "jobs" }));
  const outcome = (call: Promise<unknown>) =>
    call.then(
      () => "done",
      (error: Error & { $metadata?: { httpStatusCode?: number } }) =>
        `${error.$metadata?.httpStatusCode} ${error.name}`,
    );
  return {
    put: (sizeBytes: number) =>
      outcome(s3.send(new PutObjectCommand({ Bucket: "files", Key: "file", Body: Buffer.alloc(sizeBytes, 1) }))),
    async get(): Promise<string> {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: "files", Key: "file" }));
      return Body ? outcome(Body.transformToByteArray()) : "empty";
    },
    archive: () =>
      outcome(glacier.send(new UploadArchiveCommand({ accountId: "-", vaultName: "vault", body: Buffer.from("x") }))),
    send: () => outcome(sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "text" }))),
    async receive(): Promise<string> {
      try {
        const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
        const [message] = Messages;
        if (!message) return "nothing";
        return await outcome(sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle })));
      } catch (error) {
        return String(error);
      }
    },
    measure: () =>
      outcome(
        cloudwatch.send(new PutMetricDataCommand({ Namespace: "Gas", MetricData: [{ MetricName: "m", Value: 1 }] })),
      ),
    launch: () =>
      outcome(ec2.send(new RunInstancesCommand({ ImageId: "ami-0123456789abcdef0", MinCount: 1, MaxCount: 1 }))),
    health: async () => (await fetch(`${cloud.endpoint}/_health`)).status,
  };
}

test("a full disk refuses objects and archives in the caller's protocol; everything else goes on", async () => {
  await using cloud = await startTestCloud();
  const { put, get, archive, send, receive, measure, launch, health } = await connect(cloud);
  expect(await put(10)).toBe("done");
  const faults = { method: "POST", headers: { "content-type": "application/json" }, body: '{"kind":"disk-full"}' };
  expect((await fetch(`${cloud.endpoint}/_faults`, faults)).status).toBe(201);
  expect([await put(10), await put(MEBIBYTE), await archive()]).toEqual(
    Array.from({ length: 3 }, () => "503 ServiceUnavailable"),
  );
  expect([await get(), await send(), await receive(), await measure(), await launch(), await health()]).toEqual([
    ...Array.from({ length: 5 }, () => "done"),
    200,
  ]);
  await fetch(`${cloud.endpoint}/_faults`, { method: "DELETE" });
  expect([await put(10), await archive()]).toEqual(["done", "done"]);
});

test("a disk that somebody fills costs uploads only, to the last byte, until there is room again", async ({ skip }) => {
  const folder = await mkdtemp(join(tmpdir(), "full-disk-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", folder]);
  if (mounted.status !== 0) skip("needs the right to mount a small disk");
  onTestFinished(() => void spawnSync("umount", ["-l", folder]));
  const dataDir = join(folder, "data");
  await mkdir(dataDir);
  await using cloud = await startTestCloud({ dataDir, diskReserveBytes: 16 * MEBIBYTE });
  const { put, get, send, receive, measure, health } = await connect(cloud);
  expect(await put(MEBIBYTE)).toBe("done");
  for (let count = 0; count < 20; count += 1) expect(await send()).toBe("done");

  const filler = join(folder, "filler");
  fill(filler);
  await vi.waitFor(async () => expect(await put(MEBIBYTE)).toBe("503 ServiceUnavailable"), 20_000);
  // The reserve has been given up.
  await vi.waitFor(() => expect(freeBytes(folder)).toBeGreaterThan(8 * MEBIBYTE), 20_000);
  expect(await put(10)).toBe("503 ServiceUnavailable");
  expect([await get(), await send(), await receive(), await measure(), await health()]).toEqual([
    ...Array.from({ length: 4 }, () => "done"),
    200,
  ]);

  fill(filler); // the reserve too
  for (let count = 0; count < 3; count += 1) {
    for (const call of [put(10), send(), receive(), measure()]) expect(await call).toMatch(/^done|^503 |nothing|disk/);
    expect([await get(), await health()]).toEqual(["done", 200]);
  }

  rmSync(filler);
  await vi.waitFor(async () => expect(await put(MEBIBYTE)).toBe("done"), 20_000);
  expect([await send(), await receive(), await measure()]).toEqual(["done", "done", "done"]);
});

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Writes until nothing more fits. */
function fill(path: string): void {
  const file = openSync(path, "a");
  try {
    for (let sizeBytes = MEBIBYTE; sizeBytes >= 1; ) {
      try {
        writeSync(file, Buffer.alloc(sizeBytes, 1));
      } catch {
        sizeBytes = Math.floor(sizeBytes / 2);
      }
    }
  } finally {
    closeSync(file);
  }
}
