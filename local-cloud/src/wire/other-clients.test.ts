import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestCloud, TEST_CREDENTIALS, type TestCloud } from "../testing.ts";

// The aws CLI and boto3 encode several things otherwise than the JavaScript clients. Both tests are skipped on machines without them.

const run = promisify(execFile);
const hasCli = spawnSync("aws", ["--version"]).status === 0;
const hasBoto3 = spawnSync("python3", ["-c", "import boto3"]).status === 0;
let cloud: TestCloud;
let folder: string;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  if (!hasCli) console.info("aws CLI not found: its test is skipped");
  if (!hasBoto3) console.info("boto3 not found: its test is skipped");
  cloud = await startTestCloud();
  folder = await mkdtemp(join(tmpdir(), "other-clients-"));
  environment = {
    PATH: process.env.PATH,
    HOME: folder,
    AWS_ACCESS_KEY_ID: TEST_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: TEST_CREDENTIALS.secretAccessKey,
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_ENDPOINT_URL: cloud.endpoint,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_PAGER: "",
    // boto3 under pyenv needs to know where it lives.
    ...(process.env.PYENV_ROOT === undefined ? {} : { PYENV_ROOT: process.env.PYENV_ROOT }),
  };
});
afterAll(async () => {
  await cloud[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

describe.skipIf(!hasCli)("the aws CLI", () => {
  const aws = async (...args: readonly string[]) =>
    (await run("aws", ["--endpoint-url", cloud.endpoint, "--output", "json", ...args], { env: environment })).stdout;

  test("copies files to and from S3, also in parts, and hands out addresses", async () => {
    const big = join(folder, "big.bin");
    await writeFile(big, Buffer.alloc(9 * 1024 * 1024, 7));
    await writeFile(join(folder, "small.txt"), "hello");
    await aws("s3", "mb", "s3://cli-test");
    await aws("s3", "cp", big, "s3://cli-test/in/big.bin");
    await aws("s3", "cp", join(folder, "small.txt"), "s3://cli-test/in/ä b+c.txt");
    await aws("s3", "sync", "s3://cli-test/in", join(folder, "out"));
    expect((await readFile(join(folder, "out", "big.bin"))).equals(await readFile(big))).toBe(true);
    expect(await readFile(join(folder, "out", "ä b+c.txt"), "utf8")).toBe("hello");
    const url = (await aws("s3", "presign", "s3://cli-test/in/ä b+c.txt")).trim();
    expect(await (await fetch(url)).text()).toBe("hello");
    await aws("s3", "rb", "--force", "s3://cli-test");
    expect(await aws("s3", "ls")).toBe("");
  }, 60_000);

  test("speaks to the other services", async () => {
    const { QueueUrl } = JSON.parse(await aws("sqs", "create-queue", "--queue-name", "cli-queue"));
    await aws("sqs", "send-message", "--queue-url", QueueUrl, "--message-body", "hi & <bye>");
    expect(JSON.parse(await aws("sqs", "receive-message", "--queue-url", QueueUrl)).Messages).toMatchObject([
      { Body: "hi & <bye>" },
    ]);
    await aws("cloudwatch", "put-metric-data", "--namespace", "Cli", "--metric-name", "m", "--value", "3");
    expect(JSON.parse(await aws("cloudwatch", "list-metrics", "--namespace", "Cli")).Metrics).toMatchObject([
      { MetricName: "m" },
    ]);
    expect(JSON.parse(await aws("ec2", "describe-subnets")).Subnets).toHaveLength(2);
    expect(JSON.parse(await aws("elbv2", "describe-load-balancers")).LoadBalancers).toEqual([]);
    await expect(aws("sqs", "get-queue-url", "--queue-name", "nope")).rejects.toThrow(
      /NonExistentQueue|QueueDoesNotExist/,
    );
    await expect(aws("ec2", "terminate-instances", "--instance-ids", "i-0123456789abcdef0")).rejects.toThrow(
      "InvalidInstanceID.NotFound",
    );
  }, 60_000);
});

const BOTO3_SCRIPT = `
import boto3, io, json, sys, urllib.request
from botocore.config import Config
from botocore.exceptions import ClientError
endpoint = sys.argv[1]
def client(name, **more): return boto3.client(name, endpoint_url=endpoint, config=Config(s3={"addressing_style": "path"}, **more))
s3 = client("s3")
s3.create_bucket(Bucket="boto")
s3.put_object(Bucket="boto", Key="a b/\\u00e4", Body=b"hello", Metadata={"k": "v"}, ContentType="text/plain")
got = s3.get_object(Bucket="boto", Key="a b/\\u00e4")
assert got["Body"].read() == b"hello" and got["Metadata"] == {"k": "v"}, got
s3.upload_fileobj(io.BytesIO(b"x" * 9_000_000), "boto", "big")
assert s3.head_object(Bucket="boto", Key="big")["ContentLength"] == 9_000_000
assert [o["Key"] for p in s3.get_paginator("list_objects_v2").paginate(Bucket="boto", PaginationConfig={"PageSize": 1}) for o in p["Contents"]] == ["a b/\\u00e4", "big"]
for version in ("s3v4", "s3"):
    url = client("s3", signature_version=version).generate_presigned_url("get_object", Params={"Bucket": "boto", "Key": "a b/\\u00e4", "ResponseContentType": "text/x"})
    answer = urllib.request.urlopen(url)
    assert answer.read() == b"hello" and answer.headers["content-type"] == "text/x", version
try: s3.get_object(Bucket="boto", Key="none"); assert False
except s3.exceptions.NoSuchKey: pass
s3.delete_objects(Bucket="boto", Delete={"Objects": [{"Key": "big"}, {"Key": "a b/\\u00e4"}]})
s3.delete_bucket(Bucket="boto")
assert s3.list_buckets()["Buckets"] == []
sqs = client("sqs")
url = sqs.create_queue(QueueName="boto")["QueueUrl"]
sqs.send_message(QueueUrl=url, MessageBody="hi", MessageAttributes={"a": {"DataType": "String", "StringValue": "b"}})
message = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"][0]
assert message["Body"] == "hi" and message["MessageAttributes"]["a"]["StringValue"] == "b", message
sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
try: sqs.get_queue_url(QueueName="none"); assert False
except sqs.exceptions.QueueDoesNotExist as error: assert error.response["Error"]["Code"].endswith("NonExistentQueue"), error.response
cw = client("cloudwatch")
cw.put_metric_data(Namespace="Boto", MetricData=[{"MetricName": "m%d" % i, "Value": 1.5, "Dimensions": [{"Name": "d", "Value": "x" * 100}]} for i in range(200)])
assert len(cw.list_metrics(Namespace="Boto")["Metrics"]) == 200
assert len(client("ec2").describe_availability_zones()["AvailabilityZones"]) == 2
assert client("elbv2").describe_target_groups()["TargetGroups"] == []
client("sesv2").send_email(FromEmailAddress="a@example.org", Destination={"ToAddresses": ["b@example.org"]}, Content={"Simple": {"Subject": {"Data": "boto"}, "Body": {"Text": {"Data": "x"}}}})
try: client("elbv2").describe_target_groups(Names=["none"]); assert False
except ClientError as error: assert error.response["Error"]["Code"] == "TargetGroupNotFound", error.response
print("done")
`;

describe.skipIf(!hasBoto3)("boto3", () => {
  test("finds every service as on AWS", async () => {
    const { stdout } = await run("python3", ["-c", BOTO3_SCRIPT, cloud.endpoint], { env: environment });
    expect(stdout.trim()).toBe("done");
  }, 60_000);
});
