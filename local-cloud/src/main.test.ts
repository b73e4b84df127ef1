import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { DescribeLoadBalancersCommand, ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { DescribeVaultCommand, GlacierClient } from "@aws-sdk/client-glacier";
import {
  GetBucketCorsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { GetQueueAttributesCommand, GetQueueUrlCommand, ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { MAX_RECEIVE_COUNT } from "@elastic-gas/shared/resources";
import { type MainProcess, startMainProcess } from "@elastic-gas/testing/local-cloud/main-process";
import { afterAll, beforeAll, expect, test } from "vitest";

let cloud: MainProcess;
let s3: S3Client;

beforeAll(async () => {
  cloud = await startMainProcess();
  s3 = new S3Client(cloud.clientConfig);
});
afterAll(async () => {
  s3?.destroy();
  await cloud?.[Symbol.asyncDispose]();
});

test("creates the access key once, readable by its owner only", async () => {
  expect((await stat(join(cloud.dataDir, "credentials"))).mode & 0o777).toBe(0o600);
});

test("creates what the product needs", async () => {
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
  expect(Buckets.map(({ Name }) => Name)).toEqual([
    "test-archive",
    "test-images",
    "test-inputs",
    "test-releases",
    "test-results",
  ]);
  const { CORSRules } = await s3.send(new GetBucketCorsCommand({ Bucket: "test-inputs" }));
  expect(CORSRules?.[0]?.AllowedOrigins).toContain(`http://localhost:${cloud.loadBalancerPort}`);
  const sqs = new SQSClient(cloud.clientConfig);
  expect((await sqs.send(new ListQueuesCommand({ QueueNamePrefix: "test-" }))).QueueUrls).toHaveLength(10);
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: "test-job-requests" }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["RedrivePolicy"] }));
  expect(JSON.parse(Attributes?.RedrivePolicy ?? "{}")).toMatchObject({
    deadLetterTargetArn: expect.stringMatching(/:test-job-requests-dlq$/),
    maxReceiveCount: MAX_RECEIVE_COUNT,
  });
  const vault = new DescribeVaultCommand({ accountId: "-", vaultName: "test-results" });
  expect((await new GlacierClient(cloud.clientConfig).send(vault)).VaultName).toBe("test-results");
  const elbv2 = new ElasticLoadBalancingV2Client(cloud.clientConfig);
  expect((await elbv2.send(new DescribeLoadBalancersCommand({ Names: ["test-gas"] }))).LoadBalancers).toHaveLength(1);
  expect((await fetch(`http://127.0.0.1:${cloud.loadBalancerPort}/`)).status).toBe(503); // no worker yet
});

test("a kill in the middle of an upload keeps what was acknowledged and nothing of the rest", async () => {
  const kept = randomBytes(100_000);
  await s3.send(new PutObjectCommand({ Bucket: "test-inputs", Key: "kept", Body: kept }));
  const temporaryFiles = () => readdir(join(cloud.dataDir, "s3", "tmp"));
  // Two of three pieces arrive; the third waits for ever.
  const body = Readable.from(
    (async function* () {
      yield Buffer.alloc(200_000);
      yield Buffer.alloc(200_000);
      await new Promise(() => undefined);
    })(),
  );
  const upload = s3
    .send(new PutObjectCommand({ Bucket: "test-inputs", Key: "half", Body: body, ContentLength: 600_000 }))
    .catch(() => "failed");
  await expect.poll(async () => (await temporaryFiles()).length).toBe(1);
  await cloud.end("SIGKILL");
  body.destroy();
  expect(await upload).toBe("failed");

  await cloud.start();
  const got = await s3.send(new GetObjectCommand({ Bucket: "test-inputs", Key: "kept" }));
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(kept)).toBe(true);
  await expect(s3.send(new HeadObjectCommand({ Bucket: "test-inputs", Key: "half" }))).rejects.toMatchObject({
    name: "NotFound",
  });
  expect(await temporaryFiles()).toEqual([]);
}, 300_000);

test("SIGTERM ends it with exit code 0 and frees the port", async () => {
  expect(await cloud.end("SIGTERM")).toEqual([0, null]);
  const server = createServer().listen(cloud.port, "127.0.0.1");
  await once(server, "listening");
  server.close();
}, 300_000);
