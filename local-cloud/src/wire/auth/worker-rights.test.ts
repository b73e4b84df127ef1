import { CloudWatchClient, GetMetricDataCommand, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import {
  DeregisterImageCommand,
  DescribeInstancesCommand,
  EC2Client,
  GetConsoleOutputCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import {
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { DeleteArchiveCommand, GlacierClient, InitiateJobCommand, ListVaultsCommand } from "@aws-sdk/client-glacier";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  RestoreObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { SESv2Client, SendEmailCommand } from "@aws-sdk/client-sesv2";
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { createLogger } from "@elastic-gas/shared/logger";
import { DEFAULT_INSTANCE_PROFILE, instanceProfileName, permissionsOf, ROLES } from "@elastic-gas/shared/permissions";
import { POOL_NAMES, type PoolName, resourcesOf } from "@elastic-gas/shared/resources";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

// Whoever gets into a worker has its role's credentials, for its metadata service hands them out. With these, and from
// outside the worker, nothing works but what its role's code calls.

const ACCOUNT = "000000000000";
const METADATA_PORT = 1338;
const resources = resourcesOf({ PREFIX: "dev" });
const { buckets, queues } = resources;

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

let cloud: TestCloud;
const keys = new Map<PoolName, Keys>();
const logged: string[] = [];

beforeAll(async () => {
  const place = { region: "us-east-1", accountId: ACCOUNT, instanceProfile: DEFAULT_INSTANCE_PROFILE };
  const permissions = permissionsOf(resources, place);
  const log = createLogger("local-cloud", "silent");
  log.warn = (...line: readonly unknown[]) => void logged.push(JSON.stringify(line));
  cloud = await startTestCloud({
    roles: Object.fromEntries(
      ROLES.map((role) => [instanceProfileName(DEFAULT_INSTANCE_PROFILE, role), permissions[role]]),
    ),
    ec2Settings: { metadataPort: METADATA_PORT, closeGraceSeconds: 1 },
    log,
  });
  for (const pool of POOL_NAMES) keys.set(pool, await takeCredentials(pool));
});
afterAll(() => cloud?.[Symbol.asyncDispose]());

/** As somebody who can make a worker send requests: a token, the name of the role, its keys. */
async function takeCredentials(pool: PoolName): Promise<Keys> {
  const ec2 = new EC2Client(cloud.clientConfig);
  const profile = instanceProfileName(DEFAULT_INSTANCE_PROFILE, pool);
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({
      ImageId: "ami-0123456789abcdef0",
      MinCount: 1,
      MaxCount: 1,
      IamInstanceProfile: { Name: profile },
      UserData: Buffer.from("#!/bin/bash\nsleep 600\n").toString("base64"),
    }),
  );
  const InstanceIds = Instances.flatMap(({ InstanceId = [] }) => InstanceId);
  const address = await waitUntil("the worker runs", async () => {
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds }));
    const instance = Reservations[0]?.Instances?.[0];
    return instance?.State?.Name === "running" && instance.PrivateIpAddress;
  });
  ec2.destroy();
  const base = `http://${address}:${METADATA_PORT}/latest`;
  const ttl = { "x-aws-ec2-metadata-token-ttl-seconds": "60" };
  const token = await (await fetch(`${base}/api/token`, { method: "PUT", headers: ttl })).text();
  const get = async (path: string) =>
    (
      await fetch(`${base}/meta-data/iam/security-credentials/${path}`, {
        headers: { "x-aws-ec2-metadata-token": token },
      })
    ).text();
  expect(await get("")).toBe(profile);
  const { AccessKeyId, SecretAccessKey, Token } = z
    .object({ AccessKeyId: z.string(), SecretAccessKey: z.string(), Token: z.string() })
    .parse(JSON.parse(await get(profile)));
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token };
}

type Call = (config: TestCloud["clientConfig"] & { readonly credentials: Keys }) => Promise<unknown>;

const s3 =
  (command: object): Call =>
  (config) =>
    new S3Client({ ...config, forcePathStyle: true }).send(command as GetObjectCommand);
const sqs =
  (command: (QueueUrl: string) => object, queue = ""): Call =>
  (config) =>
    new SQSClient(config).send(command(`${config.endpoint}/${ACCOUNT}/${queue}`) as ReceiveMessageCommand);
const get = (Bucket: string) => s3(new GetObjectCommand({ Bucket, Key: "k" }));
const put = (Bucket: string) => s3(new PutObjectCommand({ Bucket, Key: "k", Body: "text" }));
const remove = (Bucket: string) => s3(new DeleteObjectCommand({ Bucket, Key: "k" }));
const list = (Bucket: string) => s3(new ListObjectsV2Command({ Bucket }));
const send = (queue: string) => sqs((QueueUrl) => new SendMessageCommand({ QueueUrl, MessageBody: "text" }), queue);
const receive = (queue: string) => sqs((QueueUrl) => new ReceiveMessageCommand({ QueueUrl }), queue);
const ec2 =
  (command: object): Call =>
  (config) =>
    new EC2Client(config).send(command as DescribeInstancesCommand);
const balancer =
  (command: object): Call =>
  (config) =>
    new ElasticLoadBalancingV2Client(config).send(command as RegisterTargetsCommand);
const vault =
  (command: object): Call =>
  (config) =>
    new GlacierClient(config).send(command as InitiateJobCommand);
const Data = { Namespace: "ElasticGAS", MetricData: [{ MetricName: "m", Value: 1 }] };
const span = { StartTime: new Date(0), EndTime: new Date(60_000), MetricDataQueries: [] };
const archive = { accountId: "-", vaultName: resources.vault };
const run = { ImageId: "ami-0123456789abcdef0", MinCount: 1, MaxCount: 1 };
const mail = {
  FromEmailAddress: "gas@example.org",
  Destination: { ToAddresses: ["ann@example.org"] },
  Content: { Simple: { Subject: { Data: "s" }, Body: { Text: { Data: "t" } } } },
};
const TARGET_GROUP = `arn:aws:elasticloadbalancing:us-east-1:${ACCOUNT}:targetgroup/dev-gas-web/1`;

/** Each call, and the roles whose code makes it. */
const CALLS: readonly (readonly [string, readonly PoolName[], Call])[] = [
  ["read an input", ["web", "annotator"], get(buckets.inputs)],
  ["write an input", ["web"], put(buckets.inputs)],
  ["delete an input", ["web"], remove(buckets.inputs)],
  ["read a result", ["web", "annotator", "utility"], get(buckets.results)],
  ["write a result", ["annotator", "utility"], put(buckets.results)],
  ["delete a result", ["web", "annotator", "utility"], remove(buckets.results)],
  ["read a photo", ["web"], get(buckets.images)],
  ["write a photo", ["web"], put(buckets.images)],
  ["read an archived result", ["utility"], get(buckets.archive)],
  ["write an archived result", ["utility"], put(buckets.archive)],
  ["restore an archived result", ["utility"], s3(new RestoreObjectCommand({ Bucket: buckets.archive, Key: "k" }))],
  ["read a release", [], get(buckets.releases)],
  ["put a release of one's own", [], put(buckets.releases)],
  ["list the photos", ["web"], list(buckets.images)],
  ["list the releases", [], list(buckets.releases)],
  ["list all buckets", [], s3(new ListBucketsCommand({}))],
  ["make a bucket", [], s3(new CreateBucketCommand({ Bucket: "mine" }))],
  ["delete a bucket", [], s3(new DeleteBucketCommand({ Bucket: buckets.inputs }))],
  ["ask for a job", ["web", "annotator", "utility"], send(queues.jobRequests.name)],
  ["take a job", ["annotator"], receive(queues.jobRequests.name)],
  ["take a job's end", ["utility"], receive(queues.jobResults.name)],
  ["take a restore", ["utility"], receive(queues.restore.name)],
  ["read dead letters", ["utility"], receive(queues.jobRequests.deadLetterName)],
  ["send a job's dead letter", ["annotator"], send(queues.jobRequests.deadLetterName)],
  ["purge a queue", [], sqs((QueueUrl) => new PurgeQueueCommand({ QueueUrl }), queues.jobRequests.name)],
  ["delete a queue", [], sqs((QueueUrl) => new DeleteQueueCommand({ QueueUrl }), queues.jobRequests.name)],
  ["make a queue", [], sqs(() => new CreateQueueCommand({ QueueName: "mine" }))],
  ["list the queues", [], sqs(() => new ListQueuesCommand({}))],
  ["see the instances", [], ec2(new DescribeInstancesCommand({}))],
  ["read another's console", [], ec2(new GetConsoleOutputCommand({ InstanceId: "i-0123456789abcdef0" }))],
  ["launch an instance", [], ec2(new RunInstancesCommand(run))],
  [
    "take away the image that workers start from",
    [],
    ec2(new DeregisterImageCommand({ ImageId: "ami-0123456789abcdef0" })),
  ],
  ["end no instance in particular", [], ec2(new TerminateInstancesCommand({ InstanceIds: [] }))],
  ["end an instance", [], ec2(new TerminateInstancesCommand({ InstanceIds: ["i-0123456789abcdef0"] }))],
  ["see the targets", [], balancer(new DescribeTargetHealthCommand({ TargetGroupArn: TARGET_GROUP }))],
  [
    "register a target of one's own",
    [],
    balancer(new RegisterTargetsCommand({ TargetGroupArn: TARGET_GROUP, Targets: [{ Id: "i-0123456789abcdef0" }] })),
  ],
  [
    "write a metric",
    ["web", "annotator"],
    (config) => new CloudWatchClient(config).send(new PutMetricDataCommand(Data)),
  ],
  ["read metrics", [], (config) => new CloudWatchClient(config).send(new GetMetricDataCommand(span))],
  ["send mail", ["utility"], (config) => new SESv2Client(config).send(new SendEmailCommand(mail))],
  [
    "ask for an archive",
    ["utility"],
    vault(new InitiateJobCommand({ ...archive, jobParameters: { Type: "inventory-retrieval" } })),
  ],
  ["delete an archive", ["utility"], vault(new DeleteArchiveCommand({ ...archive, archiveId: "a" }))],
  ["list the vaults", [], vault(new ListVaultsCommand({ accountId: "-" }))],
];

const REFUSALS = ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"];
const CASES = CALLS.flatMap(([what, may, call]) =>
  POOL_NAMES.map((pool) => ({ what, call, pool, verdict: may.includes(pool) ? "allowed" : "refused" })),
);

describe("with the credentials of a running worker, from outside", () => {
  it.each(CASES)("$pool: $what is $verdict", async ({ pool, call, verdict }) => {
    const credentials = keys.get(pool);
    if (credentials === undefined) throw new Error(`No credentials of ${pool}`);
    logged.length = 0;
    const failure = await call({ ...cloud.clientConfig, credentials }).then(
      () => ({ name: "none" }),
      (error: unknown) => error,
    );
    const refused = failure instanceof Error && REFUSALS.includes(failure.name);
    // What is allowed may fail all the same: nothing that it is about exists here.
    expect(refused ? "refused" : "allowed", String(failure)).toBe(verdict);
    if (!refused) return;
    const [line = "", ...others] = logged;
    expect(others).toEqual([]);
    expect(line).toContain(`assumed-role/${instanceProfileName(DEFAULT_INSTANCE_PROFILE, pool)}/i-`);
    expect(line).toMatch(/not authorized to perform/);
    for (const secret of [credentials.secretAccessKey, credentials.sessionToken]) expect(line).not.toContain(secret);
  });
});
