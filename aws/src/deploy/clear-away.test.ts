import { DescribeInstancesCommand, EC2Client, RunInstancesCommand } from "@aws-sdk/client-ec2";
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { TAGS } from "../../../shared/src/resources.ts";
import { startTestCloud, type TestCloud } from "../../../testing/src/local-cloud/test-cloud.ts";
import { readOptions } from "../options.ts";
import { emptyBucket, endMachines } from "./clear-away.ts";
import { gatherFacts } from "./gather-facts.ts";

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await startTestCloud();
});
afterAll(() => cloud?.[Symbol.asyncDispose]());

it("ends the installation's machines, the manager's first, and no others", async () => {
  const ec2 = new EC2Client(cloud.clientConfig);
  const launch = async (tags: Readonly<Record<string, string>>): Promise<string> => {
    const { Instances = [] } = await ec2.send(
      new RunInstancesCommand({
        MinCount: 1,
        MaxCount: 1,
        ImageId: "ami-0123456789abcdef0",
        InstanceType: "t3.small",
        TagSpecifications: [
          { ResourceType: "instance", Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
        ],
      }),
    );
    return Instances[0]?.InstanceId ?? "";
  };
  const manager = await launch({ [TAGS.prefix]: "prod" });
  const workers = [
    await launch({ [TAGS.prefix]: "prod", [TAGS.pool]: "web" }),
    await launch({ [TAGS.prefix]: "prod", [TAGS.pool]: "utility" }),
  ];
  const other = await launch({ [TAGS.prefix]: "second", [TAGS.pool]: "web" });
  expect(await endMachines(ec2, "prod")).toEqual({ workers: 2 });
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
  const states = new Map(
    Reservations.flatMap(({ Instances = [] }) => Instances).map(({ InstanceId, State }) => [InstanceId, State?.Name]),
  );
  expect(states.get(manager)).toBe("stopped");
  for (const worker of workers) expect(states.get(worker)).toBe("terminated");
  expect(states.get(other)).toMatch(/pending|running/);
  expect(await endMachines(ec2, "prod")).toEqual({ workers: 0 });
});

it("empties a bucket, unfinished uploads too, so that it can be deleted", async () => {
  const s3 = new S3Client({ ...cloud.clientConfig, forcePathStyle: true });
  const Bucket = "prod-inputs";
  await s3.send(new CreateBucketCommand({ Bucket }));
  for (const Key of ["a", "b/c"]) await s3.send(new PutObjectCommand({ Bucket, Key, Body: "text" }));
  await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "unfinished" }));
  expect(await emptyBucket(s3, Bucket)).toEqual({ objects: 2 });
  await s3.send(new DeleteBucketCommand({ Bucket }));
  expect(await emptyBucket(s3, Bucket)).toEqual({ objects: 0 });
});

it("asks AWS and Stripe by their own clients; what does not answer is a fact with its reason", async () => {
  const { region, endpoint, credentials } = cloud.clientConfig;
  const facts = await gatherFacts({ region, endpoint, credentials }, readOptions({}), {
    keys: { STRIPE_SECRET_KEY: "sk_test_wrong", STRIPE_PRICE_ID: "price_1", STRIPE_WEBHOOK_SECRET: "" },
    stripeUrl: endpoint,
  });
  expect(facts.account).toMatchObject({ kind: "known", value: { id: "000000000000" } });
  // local-cloud has no Service Quotas, and its Stripe does not know the key.
  const why = expect.stringMatching(/local-cloud does not serve "\w+"$/);
  for (const fact of [facts.vcpus, facts.networks]) expect(fact).toEqual({ kind: "unknown", why });
  expect(facts.stripe).toMatchObject({ kind: "unknown", why: expect.stringMatching(/\w/) });
  expect(facts.certificate).toEqual({ kind: "known", value: null });
});
