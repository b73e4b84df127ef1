import { CloudWatchClient, ListMetricsCommand, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { EC2Client, RunInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { DescribeTargetHealthCommand, ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { GlacierClient, InitiateJobCommand } from "@aws-sdk/client-glacier";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { SESv2Client, SendEmailCommand } from "@aws-sdk/client-sesv2";
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { RolePermissions } from "@elastic-gas/shared/permissions";
import { startTestCloud, TEST_CREDENTIALS, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Identities } from "./identities.ts";

const ACCOUNT = "000000000000";
const ROLES: RolePermissions = {
  worker: [
    { actions: ["s3:GetObject", "s3:PutObject"], resources: ["arn:aws:s3:::open/*"] },
    { actions: ["sqs:SendMessage"], resources: [`arn:aws:sqs:us-east-1:${ACCOUNT}:jobs`] },
    { actions: ["cloudwatch:PutMetricData"], resources: ["*"] },
    { actions: ["ses:SendEmail"], resources: [`arn:aws:ses:us-east-1:${ACCOUNT}:identity/gas@example.org`] },
    { actions: ["ec2:RunInstances"], resources: ["*"] },
  ],
};
const WHO = `arn:aws:sts::${ACCOUNT}:assumed-role/worker/i-0123456789abcdef0`;
let cloud: TestCloud;
let now = new Date();
const identities = () =>
  new Identities({ credentials: TEST_CREDENTIALS, accountId: ACCOUNT, roles: ROLES, now: () => now });

beforeAll(async () => {
  cloud = await startTestCloud({ roles: ROLES, now: () => now });
  const owner = { ...cloud.clientConfig, forcePathStyle: true };
  for (const Bucket of ["open", "closed"]) {
    await new S3Client(owner).send(new CreateBucketCommand({ Bucket }));
    await new S3Client(owner).send(new PutObjectCommand({ Bucket, Key: "there", Body: "text" }));
  }
  await new SQSClient(owner).send(new CreateQueueCommand({ QueueName: "jobs" }));
});
afterAll(() => cloud?.[Symbol.asyncDispose]());

function workerConfig(changes: object = {}) {
  const { expiresAt: _, ...credentials } = identities().issue("worker", "i-0123456789abcdef0");
  return { ...cloud.clientConfig, forcePathStyle: true, credentials: { ...credentials, ...changes } };
}

test("a role may do what its list says", async () => {
  const config = workerConfig();
  const s3 = new S3Client(config);
  await s3.send(new PutObjectCommand({ Bucket: "open", Key: "mine", Body: "text" }));
  const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket: "open", Key: "mine" }));
  expect(await (await fetch(url)).text()).toBe("text");
  const form = await createPresignedPost(s3, { Bucket: "open", Key: "posted" });
  expect((await postForm(form)).status).toBe(204);
  const QueueUrl = `${cloud.endpoint}/${ACCOUNT}/jobs`;
  await new SQSClient(config).send(
    new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: "1", MessageBody: "text" }] }),
  );
  const data = { Namespace: "Gas", MetricData: [{ MetricName: "m", Value: 1 }] };
  await new CloudWatchClient(config).send(new PutMetricDataCommand(data));
  await new SESv2Client(config).send(mailFrom("Gas <gas@example.org>"));
  const { Arn, Account, UserId } = await new STSClient(config).send(new GetCallerIdentityCommand({}));
  expect([Arn, Account, UserId]).toEqual([WHO, ACCOUNT, expect.stringMatching(/^AROA[0-9A-F]+:i-0123456789abcdef0$/)]);
});

test("everything else is refused, in the words of each service", async () => {
  const config = workerConfig();
  const s3 = new S3Client(config);
  const because = (action: string) => `because no identity-based policy allows the ${action} action`;
  const may = (action: string, on: string) =>
    `User: ${WHO} is not authorized to perform: ${action}${on} ${because(action)}`;
  const ami = "ami-0123456789abcdef0";
  const refusals: readonly [string, () => Promise<unknown>, string, string][] = [
    [
      "another bucket",
      () => s3.send(new GetObjectCommand({ Bucket: "closed", Key: "there" })),
      "AccessDenied",
      may("s3:GetObject", ' on resource: "arn:aws:s3:::closed/there"'),
    ],
    [
      "a copy out of it",
      () => s3.send(new CopyObjectCommand({ Bucket: "open", Key: "copy", CopySource: "closed/there" })),
      "AccessDenied",
      may("s3:GetObject", ' on resource: "arn:aws:s3:::closed/there"'),
    ],
    [
      "several deletes",
      () => s3.send(new DeleteObjectsCommand({ Bucket: "open", Delete: { Objects: [{ Key: "there" }] } })),
      "AccessDenied",
      may("s3:DeleteObject", ' on resource: "arn:aws:s3:::open/there"'),
    ],
    ["all buckets", () => s3.send(new ListBucketsCommand({})), "AccessDenied", may("s3:ListAllMyBuckets", "")],
    [
      "receiving",
      () => new SQSClient(config).send(new ReceiveMessageCommand({ QueueUrl: `${cloud.endpoint}/${ACCOUNT}/jobs` })),
      "AccessDenied",
      may("sqs:receivemessage", ` on resource: arn:aws:sqs:us-east-1:${ACCOUNT}:jobs`),
    ],
    [
      "instances",
      () => new EC2Client(config).send(new TerminateInstancesCommand({ InstanceIds: ["i-0123456789abcdef1"] })),
      "UnauthorizedOperation",
      `You are not authorized to perform this operation. ${may("ec2:TerminateInstances", ` on resource: arn:aws:ec2:us-east-1:${ACCOUNT}:instance/i-0123456789abcdef1`)}`,
    ],
    [
      "handing on a role",
      () =>
        new EC2Client(config).send(
          new RunInstancesCommand({ ImageId: ami, MinCount: 1, MaxCount: 1, IamInstanceProfile: { Name: "worker" } }),
        ),
      "UnauthorizedOperation",
      `You are not authorized to perform this operation. ${may("iam:PassRole", ` on resource: arn:aws:iam::${ACCOUNT}:role/worker`)}`,
    ],
    [
      "balancers",
      () => new ElasticLoadBalancingV2Client(config).send(new DescribeTargetHealthCommand({ TargetGroupArn: "any" })),
      "AccessDenied",
      may("elasticloadbalancing:DescribeTargetHealth", ""),
    ],
    [
      "reading metrics",
      () => new CloudWatchClient(config).send(new ListMetricsCommand({})),
      "AccessDenied",
      may("cloudwatch:ListMetrics", ""),
    ],
    [
      "archives",
      () => new GlacierClient(config).send(new InitiateJobCommand({ accountId: "-", vaultName: "results" })),
      "AccessDeniedException",
      may("glacier:InitiateJob", ` on resource: arn:aws:glacier:us-east-1:${ACCOUNT}:vaults/results`),
    ],
    [
      "mail of another sender",
      () => new SESv2Client(config).send(mailFrom("ann@example.org")),
      "AccessDeniedException",
      `User \`${WHO}' is not authorized to perform \`ses:SendEmail' on resource \`arn:aws:ses:us-east-1:${ACCOUNT}:identity/ann@example.org'`,
    ],
  ];
  for (const [what, call, name, message] of refusals) {
    const error = await call().then(
      () => ({ name: "allowed" }),
      (reason: unknown) => reason,
    );
    expect(error, what).toMatchObject({ name, message, $metadata: { httpStatusCode: 403 } });
  }
  const form = await createPresignedPost(s3, { Bucket: "closed", Key: "posted" });
  expect((await postForm(form)).status).toBe(403);
  const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket: "closed", Key: "there" }));
  expect((await fetch(url)).status).toBe(403);
});

test("a key counts only with its own token, and only for its time", async () => {
  const nameOf = (config: object) =>
    new S3Client({ ...workerConfig(), ...config }).send(new GetObjectCommand({ Bucket: "open", Key: "there" })).then(
      () => "allowed",
      (error: Error) => error.name,
    );
  const other = identities().issue("worker", "i-0123456789abcdef1");
  const own = workerConfig().credentials;
  expect([
    await nameOf({}),
    await nameOf({ credentials: { ...own, sessionToken: undefined } }),
    await nameOf({ credentials: { ...own, sessionToken: other.sessionToken } }),
    await nameOf({ credentials: { ...own, sessionToken: `${own.sessionToken}x` } }),
    await nameOf({ credentials: { ...own, secretAccessKey: other.secretAccessKey } }),
  ]).toEqual(["allowed", "InvalidAccessKeyId", "InvalidAccessKeyId", "InvalidAccessKeyId", "SignatureDoesNotMatch"]);
});

test("instances get new credentials an hour before the last ones end", () => {
  const started = now;
  const first = identities().issue("worker", "i-0123456789abcdef0");
  const seen = new Set([first.accessKeyId]);
  try {
    for (let minutes = 0; minutes <= 24 * 60; minutes += 10) {
      now = new Date(started.getTime() + minutes * 60_000);
      const { accessKeyId, expiresAt } = identities().issue("worker", "i-0123456789abcdef0");
      seen.add(accessKeyId);
      expect(expiresAt.getTime() - now.getTime()).toBeGreaterThanOrEqual(3_600_000);
    }
    expect(seen.size).toBeGreaterThanOrEqual(5);
    const find = () => identities().find("s3", first.accessKeyId, first.sessionToken);
    expect(find).toThrow(expect.objectContaining({ code: "ExpiredToken" }));
  } finally {
    now = started;
  }
});

test("an address that a role signed ends with the role's session, however long it was signed for", async () => {
  const started = now;
  const object = new GetObjectCommand({ Bucket: "open", Key: "there" });
  const url = await getSignedUrl(new S3Client(workerConfig()), object, { expiresIn: 7 * 86_400 });
  expect((await fetch(url)).status).toBe(200);
  try {
    now = new Date(started.getTime() + 6 * 3_600_000);
    const late = await fetch(url);
    expect([late.status, await late.text()]).toEqual([400, expect.stringContaining("<Code>ExpiredToken</Code>")]);
  } finally {
    now = started;
  }
});

test("an instance profile must be one of the list", async () => {
  const run = (Name: string) =>
    new EC2Client(cloud.clientConfig).send(
      new RunInstancesCommand({
        ImageId: "ami-0123456789abcdef0",
        MinCount: 1,
        MaxCount: 1,
        IamInstanceProfile: { Name },
      }),
    );
  await expect(run("nobody")).rejects.toMatchObject({ name: "InvalidParameterValue" });
  expect((await run("worker")).Instances?.[0]?.IamInstanceProfile?.Arn).toMatch(/instance-profile\/worker$/);
});

function mailFrom(FromEmailAddress: string) {
  const Content = { Simple: { Subject: { Data: "s" }, Body: { Text: { Data: "t" } } } };
  return new SendEmailCommand({ FromEmailAddress, Destination: { ToAddresses: ["bob@example.org"] }, Content });
}

function postForm({ url, fields }: Awaited<ReturnType<typeof createPresignedPost>>) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  body.append("file", new Blob(["text"]), "file.txt");
  return fetch(url, { method: "POST", body });
}
