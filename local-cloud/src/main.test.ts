import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
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
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { parseCredentials } from "./credentials.ts";

const MAIN = join(import.meta.dirname, "main.ts");
const addressBlock = `127.${randomInt(64, 250)}.${randomInt(1, 250)}`;
let dataDir: string;
let port: number;
let loadBalancerPort: number;
let cloud: ChildProcess;
let s3: S3Client;
let clientConfig: {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: ReturnType<typeof parseCredentials>;
  readonly forcePathStyle: true;
};

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "local-cloud-main-"));
  port = await freePort();
  loadBalancerPort = await freePort();
  cloud = await start();
  const path = join(dataDir, "credentials");
  clientConfig = {
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    credentials: parseCredentials(await readFile(path, "utf8"), path),
    forcePathStyle: true,
  };
  s3 = new S3Client(clientConfig);
});
afterAll(async () => {
  s3?.destroy();
  if (cloud && cloud.exitCode === null && cloud.signalCode === null) {
    cloud.kill("SIGKILL");
    await once(cloud, "exit");
  }
  await rm(dataDir, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function start(): Promise<ChildProcess> {
  const env = {
    PATH: process.env.PATH,
    DATA_DIR: dataDir,
    LOCAL_CLOUD_PORT: String(port),
    LB_PORT: String(loadBalancerPort),
    LOCAL_ADDRESS_BLOCK: addressBlock,
    HEALTH_CHECK_INTERVAL_SECONDS: "1",
    PREFIX: "test",
    LOG_LEVEL: "warn",
  };
  const child = spawn(process.execPath, [MAIN], { env, stdio: "ignore" });
  await vi.waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}`);
      expect((await fetch(`http://127.0.0.1:${port}/_health`)).status).toBe(200);
    },
    { timeout: 20_000, interval: 50 },
  );
  return child;
}

test("creates the access key once, readable by its owner only", async () => {
  expect((await stat(join(dataDir, "credentials"))).mode & 0o777).toBe(0o600);
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
  expect(CORSRules?.[0]?.AllowedOrigins).toContain(`http://localhost:${loadBalancerPort}`);
  const sqs = new SQSClient(clientConfig);
  expect((await sqs.send(new ListQueuesCommand({ QueueNamePrefix: "test-" }))).QueueUrls).toHaveLength(10);
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: "test-job-requests" }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["RedrivePolicy"] }));
  expect(JSON.parse(Attributes?.RedrivePolicy ?? "{}")).toMatchObject({
    deadLetterTargetArn: expect.stringMatching(/:test-job-requests-dlq$/),
    maxReceiveCount: 4,
  });
  const vault = new DescribeVaultCommand({ accountId: "-", vaultName: "test-results" });
  expect((await new GlacierClient(clientConfig).send(vault)).VaultName).toBe("test-results");
  const elbv2 = new ElasticLoadBalancingV2Client(clientConfig);
  expect((await elbv2.send(new DescribeLoadBalancersCommand({ Names: ["test-gas"] }))).LoadBalancers).toHaveLength(1);
  expect((await fetch(`http://127.0.0.1:${loadBalancerPort}/`)).status).toBe(503); // no worker yet
});

test("a kill in the middle of an upload keeps what was acknowledged and nothing of the rest", async () => {
  const kept = randomBytes(100_000);
  await s3.send(new PutObjectCommand({ Bucket: "test-inputs", Key: "kept", Body: kept }));
  const temporaryFiles = () => readdir(join(dataDir, "s3", "tmp"));
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
  cloud.kill("SIGKILL");
  await once(cloud, "exit");
  body.destroy();
  expect(await upload).toBe("failed");

  cloud = await start();
  const got = await s3.send(new GetObjectCommand({ Bucket: "test-inputs", Key: "kept" }));
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(kept)).toBe(true);
  await expect(s3.send(new HeadObjectCommand({ Bucket: "test-inputs", Key: "half" }))).rejects.toMatchObject({
    name: "NotFound",
  });
  expect(await temporaryFiles()).toEqual([]);
}, 40_000);

test("SIGTERM ends it with exit code 0 and frees the port", async () => {
  cloud.kill("SIGTERM");
  expect(await once(cloud, "exit")).toEqual([0, null]);
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  server.close();
}, 20_000);
