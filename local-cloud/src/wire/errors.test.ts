import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeSubnetsCommand, EC2Client } from "@aws-sdk/client-ec2";
import {
  DescribeTargetGroupsCommand,
  ElasticLoadBalancingV2Client,
  TargetGroupNotFoundException,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { ListBucketsCommand, NoSuchBucket, S3Client } from "@aws-sdk/client-s3";
import { ListQueuesCommand, QueueDoesNotExist, SQSClient } from "@aws-sdk/client-sqs";
import { startTestCloud, TEST_CREDENTIALS, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fault } from "./handler.ts";

let cloud: TestCloud;
let failure: Error | undefined;
let hangsUp = false;

beforeAll(async () => {
  cloud = await startTestCloud({
    middleware: async ({ hangUp }, next) => {
      if (hangsUp) hangUp();
      if (failure) throw failure;
      return next();
    },
  });
});
afterAll(() => cloud[Symbol.asyncDispose]());

type Changes = { readonly credentials?: typeof TEST_CREDENTIALS; readonly systemClockOffset?: number };
const config = (changes: Changes) => ({ ...cloud.clientConfig, ...changes });
const CALLS = {
  ec2: (changes: Changes = {}) => new EC2Client(config(changes)).send(new DescribeSubnetsCommand({})),
  elbv2: (changes: Changes = {}) =>
    new ElasticLoadBalancingV2Client(config(changes)).send(new DescribeTargetGroupsCommand({})),
  cloudwatch: (changes: Changes = {}) =>
    new CloudWatchClient(config(changes)).send(
      new PutMetricDataCommand({ Namespace: "A", MetricData: [{ MetricName: "m", Value: 1 }] }),
    ),
  sqs: (changes: Changes = {}) => new SQSClient(config(changes)).send(new ListQueuesCommand({})),
  s3: (changes: Changes = {}) => new S3Client(config(changes)).send(new ListBucketsCommand({})),
};
const names = Object.keys(CALLS) as (keyof typeof CALLS)[]; // the keys of the literal above

describe.each(names)("%s", (service) => {
  test("takes the right key", async () => {
    await expect(CALLS[service]()).resolves.toBeDefined();
  });

  test("refuses a wrong secret, an unknown key and a wrong clock in its own words", async () => {
    const nameOf = async (changes: Changes) =>
      CALLS[service](changes).then(
        () => "accepted",
        (error: Error) => error.name,
      );
    const words = {
      ec2: ["AuthFailure", "AuthFailure", "RequestTimeTooSkewed"],
      elbv2: ["SignatureDoesNotMatch", "InvalidClientTokenId", "RequestExpired"],
      cloudwatch: ["SignatureDoesNotMatch", "InvalidClientTokenId", "RequestExpired"],
      sqs: ["InvalidSignatureException", "UnrecognizedClientException", "RequestExpired"],
      s3: ["SignatureDoesNotMatch", "InvalidAccessKeyId", "RequestTimeTooSkewed"],
    }[service];
    const wrongSecret = { credentials: { ...TEST_CREDENTIALS, secretAccessKey: "wrong" } };
    const wrongKey = { credentials: { ...TEST_CREDENTIALS, accessKeyId: "OTHER" } };
    expect([
      await nameOf(wrongSecret),
      await nameOf(wrongKey),
      await nameOf({ systemClockOffset: -16 * 60_000 }),
    ]).toEqual(words);
  });

  test("passes a fault on with code, status and text, and hides what nobody foresaw", async () => {
    failure = new Fault("Some.Code", "Text with <&> and ü", 409);
    await expect(CALLS[service]()).rejects.toMatchObject({
      name: "Some.Code",
      message: "Text with <&> and ü",
      $metadata: { httpStatusCode: 409 },
    });
    failure = new TypeError("secret detail");
    const error = await CALLS[service]().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({
      $metadata: { httpStatusCode: 500 },
      message: expect.not.stringContaining("secret detail"),
    });
    failure = undefined;
  });

  test("gives no answer when the connection is cut", async () => {
    hangsUp = true;
    await expect(CALLS[service]()).rejects.toMatchObject({ code: "ECONNRESET" });
    hangsUp = false;
  });
});

test("exceptions of the SDK arrive as the same classes", async () => {
  const sent = { message: "m", $metadata: {} };
  failure = new QueueDoesNotExist(sent);
  await expect(CALLS.sqs()).rejects.toThrow(QueueDoesNotExist);
  failure = new TargetGroupNotFoundException(sent);
  await expect(CALLS.elbv2()).rejects.toThrow(TargetGroupNotFoundException);
  failure = new NoSuchBucket(sent);
  await expect(CALLS.s3()).rejects.toThrow(NoSuchBucket);
  failure = undefined;
});

test("a foreign host name is not served", async () => {
  const { request } = await import("node:http");
  const status = await new Promise((resolve, reject) => {
    request(`${cloud.endpoint}/_mail`, { headers: { host: "evil.example" } }, (response) =>
      resolve(response.resume().statusCode),
    )
      .on("error", reject)
      .end();
  });
  expect(status).toBe(421);
});

test("unsigned calls and unknown operations are refused", async () => {
  const post = (headers: Record<string, string>, body: string) =>
    fetch(cloud.endpoint, { method: "POST", headers, body });
  const unsigned = await post(
    { "x-amz-target": "AmazonSQS.ListQueues", "content-type": "application/x-amz-json-1.0" },
    "{}",
  );
  expect([unsigned.status, (await unsigned.json()).__type]).toEqual([403, "MissingAuthenticationTokenException"]);
  const unknown = await post(
    { "x-amz-target": "AmazonSQS.Nothing", "content-type": "application/x-amz-json-1.0" },
    "{}",
  );
  expect((await unknown.json()).__type).toBe("UnknownOperationException");
});

test("the health page tells when everything is there", async () => {
  const response = await fetch(`${cloud.endpoint}/_health`);
  expect([response.status, await response.json()]).toEqual([
    200,
    {
      status: "ok",
      services: expect.objectContaining({ s3: "ok", ec2: "ok", sqs: "ok", cloudwatch: "ok", elbv2: "ok", ses: "ok" }),
    },
  ]);
});
