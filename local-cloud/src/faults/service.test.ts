import { readFile } from "node:fs/promises";
import {
  CloudWatchClient,
  GetMetricDataCommand,
  ListMetricsCommand,
  PutMetricDataCommand,
} from "@aws-sdk/client-cloudwatch";
import {
  DescribeAvailabilityZonesCommand,
  DescribeInstancesCommand,
  EC2Client,
  GetConsoleOutputCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { DescribeLoadBalancersCommand, ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { CreateVaultCommand, GlacierClient, InitiateJobCommand, UploadArchiveCommand } from "@aws-sdk/client-glacier";
import { CreateBucketCommand, ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { SESv2Client, SendEmailCommand } from "@aws-sdk/client-sesv2";
import { CreateQueueCommand, ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

let cloud: TestCloud;
let sqs: SQSClient;
let ec2: EC2Client;

beforeAll(async () => {
  cloud = await startTestCloud();
  sqs = new SQSClient(cloud.clientConfig);
  ec2 = new EC2Client(cloud.clientConfig);
});
afterEach(() => faults("DELETE"));
afterAll(async () => {
  sqs?.destroy();
  ec2?.destroy();
  await cloud?.[Symbol.asyncDispose]();
});

function faults(method: string, body?: object, { id = "", headers = {} } = {}): Promise<Response> {
  return fetch(`${cloud.endpoint}/_faults${id === "" ? "" : `/${id}`}`, {
    method,
    headers: { ...(body ? { "content-type": "application/json" } : {}), ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}

async function add(fault: object): Promise<string> {
  const response = await faults("POST", fault);
  const answer: unknown = await response.json();
  expect({ status: response.status, answer }).toMatchObject({ status: 201, answer: { id: expect.any(String) } });
  return String(Reflect.get(Object(answer), "id"));
}

async function list(): Promise<unknown> {
  return Reflect.get(Object(await (await faults("GET")).json()), "rules");
}

const listQueues = () => sqs.send(new ListQueuesCommand({}));
const failure = (name: string, statusCode: number) =>
  expect.objectContaining({ name, $metadata: expect.objectContaining({ httpStatusCode: statusCode }) });

describe("faults of calls", () => {
  test("each service throttles in its own words", async () => {
    await add({ kind: "throttling" });
    const config = cloud.clientConfig;
    const mail = new SendEmailCommand({
      FromEmailAddress: "a@example.org",
      Destination: { ToAddresses: ["b@example.org"] },
      Content: { Simple: { Subject: { Data: "s" }, Body: { Text: { Data: "t" } } } },
    });
    const newVault = new CreateVaultCommand({ accountId: "-", vaultName: "v" });
    const calls: readonly [string, number, () => Promise<unknown>][] = [
      ["RequestThrottled", 403, listQueues],
      ["RequestLimitExceeded", 503, () => ec2.send(new DescribeInstancesCommand({}))],
      ["SlowDown", 503, () => new S3Client(config).send(new ListBucketsCommand({}))],
      ["Throttling", 400, () => new CloudWatchClient(config).send(new ListMetricsCommand({}))],
      ["Throttling", 400, () => new ElasticLoadBalancingV2Client(config).send(new DescribeLoadBalancersCommand({}))],
      ["ThrottlingException", 400, () => new GlacierClient(config).send(newVault)],
      ["TooManyRequestsException", 429, () => new SESv2Client(config).send(mail)],
    ];
    for (const [name, status, call] of calls) await expect(call()).rejects.toEqual(failure(name, status));
  });

  test("the SDK's own retries get over a fault that strikes twice", async () => {
    await add({ kind: "internal-error", service: "sqs", times: 2 });
    const patient = new SQSClient({ ...cloud.clientConfig, maxAttempts: 3 });
    expect((await patient.send(new ListQueuesCommand({}))).$metadata.attempts).toBe(3);
    expect(await list()).toEqual([]);
    patient.destroy();
  });

  test("an error strikes by name, and only the operation it is for", async () => {
    await add({ kind: "error", service: "sqs", operation: "CreateQueue", errorName: "QueueDeletedRecently" });
    await expect(sqs.send(new CreateQueueCommand({ QueueName: "q" }))).rejects.toEqual(
      failure("QueueDeletedRecently", 400),
    );
    await listQueues();
    expect(await list()).toMatchObject([{ kind: "error", strikes: 1, percent: 100, durationSeconds: 60 }]);
  });

  test("a lost response has had its effect", async () => {
    const s3 = new S3Client({ ...cloud.clientConfig, forcePathStyle: true });
    const id = await add({ kind: "lost-response", service: "s3", operation: "CreateBucket" });
    await expect(s3.send(new CreateBucketCommand({ Bucket: "lost" }))).rejects.toThrow(/hang up|ECONNRESET|socket/);
    await faults("DELETE", undefined, { id });
    const { Buckets } = await s3.send(new ListBucketsCommand({}));
    expect(Buckets?.map(({ Name }) => Name)).toEqual(["lost"]);
    s3.destroy();
  });

  test("a call that hangs is cut in the end and has had no effect", async () => {
    await add({ kind: "hang", operation: "CreateQueue", seconds: 0.2 });
    const begun = performance.now();
    await expect(sqs.send(new CreateQueueCommand({ QueueName: "hung" }))).rejects.toThrow(/hang up|ECONNRESET|socket/);
    expect(performance.now() - begun).toBeGreaterThan(190);
    expect((await listQueues()).QueueUrls ?? []).toEqual([]);
  });

  test("latency adds up", async () => {
    await add({ kind: "latency", seconds: 0.1 });
    await add({ kind: "latency", service: "sqs", seconds: 0.15 });
    const begun = performance.now();
    await listQueues();
    expect(performance.now() - begun).toBeGreaterThan(240);
  });

  test("a rule expires by itself", async () => {
    await add({ kind: "throttling", durationSeconds: 0.3 });
    const answers = () =>
      listQueues().then(
        () => true,
        () => false,
      );
    await waitUntil("the fault is over", answers);
    expect(await list()).toEqual([]);
  });
});

describe("faults of state", () => {
  const launch = async (script: string, AvailabilityZone?: string) => {
    const { Instances } = await ec2.send(
      new RunInstancesCommand({
        Placement: { AvailabilityZone },
        ImageId: "ami-0123456789abcdef0",
        MinCount: 1,
        MaxCount: 1,
        UserData: Buffer.from(`#!/bin/bash\n${script}\n`).toString("base64"),
      }),
    );
    return Instances?.[0]?.InstanceId ?? "";
  };
  const stateOf = async (id: string) => {
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    return Reservations?.[0]?.Instances?.[0]?.State?.Name;
  };
  const outputOf = async (InstanceId: string) =>
    Buffer.from((await ec2.send(new GetConsoleOutputCommand({ InstanceId }))).Output ?? "", "base64").toString();
  const end = (...ids: string[]) => ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }));

  test("a killed instance is found terminated", async () => {
    const instanceId = await launch("exec sleep 60");
    await waitUntil("running", async () => (await stateOf(instanceId)) === "running");
    expect((await faults("POST", { kind: "kill-instance", instanceId })).status).toBe(200);
    await waitUntil("ended", async () => ["terminated", "stopped"].includes((await stateOf(instanceId)) ?? ""));
    await end(instanceId);
  });

  test("a hung instance stands still until the fault ends", async () => {
    const instanceId = await launch("echo $$\nexec sleep 60");
    const pid = await waitUntil("its pid", async () => /^\d+/.exec(await outputOf(instanceId))?.[0]);
    const processState = async () => /\) (\w)/.exec(await readFile(`/proc/${pid}/stat`, "utf8"))?.[1];
    const id = await add({ kind: "hang-instance", instanceId });
    await waitUntil("stopped", async () => (await processState()) === "T");
    await faults("DELETE", undefined, { id });
    await waitUntil("resumed", async () => (await processState()) === "S");
    await end(instanceId);
  });

  test("an instance without CPU credits gets its baseline until the fault ends", async () => {
    const instanceId = await launch("sha256sum /dev/zero");
    await waitUntil("running", async () => (await stateOf(instanceId)) === "running");
    const id = await add({ kind: "no-cpu-credits", instanceId });
    expect(await list()).toMatchObject([{ kind: "no-cpu-credits", instanceId, baselinePercent: 20 }]);
    await faults("DELETE", undefined, { id });
    expect(await list()).toEqual([]);
    await end(instanceId);
  });

  test("a launch that is never healthy runs without its worker; the next one is fine", async () => {
    await add({ kind: "never-healthy" });
    const deaf = await launch("echo hello; exec sleep 60");
    const fine = await launch("echo hello; exec sleep 60");
    await waitUntil("hello", async () => (await outputOf(fine)) === "hello\n");
    await waitUntil("running", async () => (await stateOf(deaf)) === "running");
    expect(await outputOf(deaf)).toBe("");
    await end(deaf, fine);
  });

  test("a slow boot keeps a launch pending", async () => {
    await add({ kind: "slow-boot", extraSeconds: 30 });
    const [slow, quick] = [await launch("exec sleep 60"), await launch("exec sleep 60")];
    await waitUntil("running", async () => (await stateOf(quick)) === "running");
    expect(await stateOf(slow)).toBe("pending");
    await end(slow, quick);
  });

  test("a zone that fails takes its instances with it, and launches go to the other one", async () => {
    const at = async (id: string) => {
      const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
      return Reservations?.[0]?.Instances?.[0]?.Placement?.AvailabilityZone;
    };
    const { AvailabilityZones = [] } = await ec2.send(new DescribeAvailabilityZonesCommand({}));
    const [zone, other] = AvailabilityZones.map(({ ZoneName }) => ZoneName);
    const [first, second] = [await launch("exec sleep 60", zone), await launch("exec sleep 60", other)];
    expect(await Promise.all([first, second].map(at))).toEqual([zone, other]);
    for (const id of [first, second]) await waitUntil("running", async () => (await stateOf(id)) === "running");
    const id = await add({ kind: "zone-failure", zone });
    // As EC2's default is for an instance that shuts itself down.
    await waitUntil("its end", async () => (await stateOf(first)) === "stopped");
    const others = [await launch("exec sleep 60"), await launch("exec sleep 60")];
    expect(await Promise.all([second, ...others].map(at))).toEqual([other, other, other]);
    const Placement = { AvailabilityZone: zone };
    const inZone = new RunInstancesCommand({ ImageId: "ami-0123456789abcdef0", MinCount: 1, MaxCount: 1, Placement });
    await expect(ec2.send(inZone)).rejects.toEqual(failure("InsufficientInstanceCapacity", 500));
    await faults("DELETE", undefined, { id });
    const { Instances = [] } = await ec2.send(inZone);
    await end(first, second, ...others, Instances[0]?.InstanceId ?? "");
  });

  test("CloudWatch's newest points are as old as the fault says", async () => {
    const cloudwatch = new CloudWatchClient(cloud.clientConfig);
    const minute = Math.floor(Date.now() / 60_000) * 60_000;
    const MetricData = [1, 2, 3, 4, 5].map((ago) => ({
      MetricName: "late",
      Timestamp: new Date(minute - ago * 60_000),
      Value: ago,
    }));
    await cloudwatch.send(new PutMetricDataCommand({ Namespace: "Test", MetricData }));
    const read = async () => {
      const MetricStat = { Metric: { Namespace: "Test", MetricName: "late" }, Period: 60, Stat: "Sum" };
      const { MetricDataResults } = await cloudwatch.send(
        new GetMetricDataCommand({
          StartTime: new Date(minute - 600_000),
          EndTime: new Date(minute + 600_000),
          MetricDataQueries: [{ Id: "late", MetricStat }],
          ScanBy: "TimestampAscending",
        }),
      );
      return MetricDataResults?.[0]?.Values;
    };
    expect(await read()).toEqual([5, 4, 3, 2, 1]);
    const id = await add({ kind: "metric-delay", seconds: 150 });
    const visibleAt = (at: number) => [5, 4, 3, 2, 1].filter((ago) => minute - (ago - 1) * 60_000 <= at - 150_000);
    const asked = Date.now();
    const told = await read();
    expect([visibleAt(asked), visibleAt(Date.now())]).toContainEqual(told);
    await faults("DELETE", undefined, { id });
    expect(await read()).toEqual([5, 4, 3, 2, 1]);
    cloudwatch.destroy();
  });

  test("a spot instance that is taken back ends, and one whose fault was deleted does not", async () => {
    const [taken, spared] = [await launch("exec sleep 60"), await launch("exec sleep 60")];
    for (const instanceId of [taken, spared])
      await waitUntil("running", async () => (await stateOf(instanceId)) === "running");
    const id = await add({ kind: "spot-interruption", instanceId: spared, seconds: 1 });
    await faults("DELETE", undefined, { id });
    await add({ kind: "spot-interruption", instanceId: taken, seconds: 1 });
    await waitUntil("its end", async () => (await stateOf(taken)) === "terminated");
    expect(await stateOf(spared)).toBe("running");
    await end(spared);
  });

  test("EC2's answers lag until the fault expires, the older of two included", async () => {
    await add({ kind: "describe-lag", seconds: 300, durationSeconds: 60 });
    const id = await add({ kind: "describe-lag", seconds: 200 });
    await faults("DELETE", undefined, { id });
    const instanceId = await launch("exec sleep 60");
    await expect(stateOf(instanceId)).rejects.toThrow(/does not exist/);
    await faults("DELETE");
    await add({ kind: "describe-lag", seconds: 300, durationSeconds: 0.6 });
    await waitUntil("visible", async () => (await stateOf(instanceId).catch(() => undefined)) !== undefined);
    await end(instanceId);
  });

  test("capacity runs out for launches and for expedited retrievals, as long as it is asked for", async () => {
    const ids = [
      await add({ kind: "capacity", instances: 0 }),
      await add({ kind: "expedited-capacity", retrievals: 0 }),
    ];
    await expect(launch("exit")).rejects.toEqual(failure("InsufficientInstanceCapacity", 500));
    const glacier = new GlacierClient(cloud.clientConfig);
    const vault = { accountId: "-", vaultName: "v" };
    await glacier.send(new CreateVaultCommand(vault));
    const { archiveId } = await glacier.send(new UploadArchiveCommand({ ...vault, body: Buffer.from("x") }));
    const retrieve = () =>
      glacier.send(
        new InitiateJobCommand({
          ...vault,
          jobParameters: { Type: "archive-retrieval", ArchiveId: archiveId, Tier: "Expedited" },
        }),
      );
    await expect(retrieve()).rejects.toEqual(failure("InsufficientCapacityException", 400));
    for (const id of ids) await faults("DELETE", undefined, { id });
    await retrieve();
    await end(await launch("exec sleep 60"));
    glacier.destroy();
  });
});

describe("the page", () => {
  test("refuses what makes no sense and says why", async () => {
    const wrong = await faults("POST", { kind: "throttling", operation: "SendMesage" });
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toEqual({ error: "No service here implements any SendMesage." });
    const unknown = await faults("POST", { kind: "capacity" });
    expect([unknown.status, await unknown.text()]).toEqual([400, expect.stringContaining("instances")]);
    expect((await faults("DELETE", undefined, { id: "none" })).status).toBe(404);
    expect((await faults("PUT", {})).status).toBe(405);
    for (const kind of ["kill-instance", "hang-instance", "no-cpu-credits"])
      expect((await faults("POST", { kind, instanceId: "i-00000000000000000" })).status).toBe(404);
    expect(await list()).toEqual([]);
  });

  test("obeys no page of another site", async () => {
    const fault = { kind: "throttling" };
    for (const origin of ["http://evil.example", "http://localhost:8080", "null"])
      expect((await faults("POST", fault, { headers: { origin } })).status).toBe(403);
    expect((await faults("POST", fault, { headers: { "content-type": "text/plain" } })).status).toBe(415);
    expect(await list()).toEqual([]);
    expect((await faults("POST", fault, { headers: { origin: cloud.endpoint } })).status).toBe(201);
  });
});
