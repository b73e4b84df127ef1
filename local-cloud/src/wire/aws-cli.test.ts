import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { findFreePort } from "@elastic-gas/shared/free-port";
import { webWorkerScript } from "@elastic-gas/testing/local-cloud/ec2/web-worker";
import { IS_PROOF, recordResult } from "@elastic-gas/testing/local-cloud/proof";
import { startTestCloud, TEST_CREDENTIALS, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { clientsToTry, findAwsClis } from "@elastic-gas/testing/local-cloud/wire/find-clients";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// The aws CLI encodes several things otherwise than the JavaScript clients. Skipped on machines without it.

const AWS = join(import.meta.dirname, "../../../testing/src/local-cloud/wire/aws-cli.py");
const TEST_MS = 600_000;
const BUCKET = ["--bucket", "cli"];
const installed = findAwsClis();
if (installed.length === 0) console.info("aws CLI not found: its tests are skipped");

describe.skipIf(installed.length === 0).each(clientsToTry(installed, IS_PROOF))(
  "the aws CLI, $name,",
  ({ name, command: [program = "", ...words], environment }) => {
    let cloud: TestCloud;
    let folder: string;
    /** How often each command was called, such as `s3api get-object`. */
    const calls = new Map<string, number>();

    let cli: ChildProcess;
    let answers: AsyncIterator<string>;

    beforeAll(async () => {
      cloud = await startTestCloud({ retrievalSeconds: { Expedited: 0.5 } });
      folder = await mkdtemp(join(tmpdir(), "aws-cli-"));
      cli = spawn(program, [...words, AWS], {
        env: {
          PATH: process.env.PATH,
          HOME: folder,
          AWS_ACCESS_KEY_ID: TEST_CREDENTIALS.accessKeyId,
          AWS_SECRET_ACCESS_KEY: TEST_CREDENTIALS.secretAccessKey,
          AWS_DEFAULT_REGION: "us-east-1",
          AWS_EC2_METADATA_DISABLED: "true",
          AWS_PAGER: "",
          ...environment,
        },
        stdio: ["pipe", "pipe", "inherit"],
      });
      answers = createInterface({ input: cli.stdout as Readable })[Symbol.asyncIterator]();
    });
    afterAll(async () => {
      cli?.kill();
      await cloud?.[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    /** One call after the other: what it prints; what it complains of as an error. */
    async function aws(...args: readonly string[]): Promise<string> {
      const called = args.slice(0, 2).join(" ");
      calls.set(called, (calls.get(called) ?? 0) + 1);
      cli.stdin?.write(`${JSON.stringify(["--endpoint-url", cloud.endpoint, "--output", "json", ...args])}\n`);
      const { value } = await answers.next();
      if (value === undefined) throw new Error(`The aws CLI ended at ${args.join(" ")}.`);
      const { status, stdout, stderr } = JSON.parse(value);
      if (status !== 0) throw new Error(stderr);
      return stdout;
    }
    const json = async (...args: readonly string[]) => JSON.parse(await aws(...args));
    const refuses = (code: string | RegExp, ...args: readonly string[]) => expect(aws(...args)).rejects.toThrow(code);
    const file = async (fileName: string, content: string | Buffer) => {
      await writeFile(join(folder, fileName), content);
      return join(folder, fileName);
    };
    const s3api = (operation: string, ...args: readonly string[]) => aws("s3api", operation, ...BUCKET, ...args);

    test(
      "copies files to and from S3, also in parts, and hands out addresses",
      async () => {
        const big = await file("big.bin", randomBytes(9 * 1024 * 1024));
        await aws("s3", "mb", "s3://cli");
        await aws("s3", "cp", big, "s3://cli/in/big.bin");
        await aws("s3", "cp", await file("small.txt", "hello"), "s3://cli/in/ä b+c.txt");
        await aws("s3", "sync", "s3://cli/in", join(folder, "out"));
        expect((await readFile(join(folder, "out", "big.bin"))).equals(await readFile(big))).toBe(true);
        expect(await readFile(join(folder, "out", "ä b+c.txt"), "utf8")).toBe("hello");
        const url = (await aws("s3", "presign", "s3://cli/in/ä b+c.txt", "--expires-in", "60")).trim();
        expect(await (await fetch(url)).text()).toBe("hello");
        expect((await fetch(url.replace(/X-Amz-Expires=\d+|Expires=\d+/, "$&0"))).status).toBe(403);
        await aws("s3", "mv", "s3://cli/in/big.bin", "s3://cli/moved.bin");
        expect(await aws("s3", "ls", "--recursive", "s3://cli")).toMatch(/ in\/ä b\+c\.txt\n.* moved\.bin\n$/);
      },
      TEST_MS,
    );

    test(
      "reads and writes objects of S3 call by call",
      async () => {
        const [got, body] = [join(folder, "got"), await file("body", "hello")];
        const put = JSON.parse(
          await s3api(
            "put-object",
            "--key",
            "o",
            "--body",
            body,
            "--metadata",
            "k=v",
            "--server-side-encryption",
            "AES256",
          ),
        );
        expect(put).toMatchObject({ ServerSideEncryption: "AES256", ETag: '"5d41402abc4b2a76b9719d911017c592"' });
        expect(JSON.parse(await s3api("head-object", "--key", "o"))).toMatchObject({
          ContentLength: 5,
          Metadata: { k: "v" },
        });
        expect(JSON.parse(await s3api("get-object", "--key", "o", "--range", "bytes=1-3", got))).toMatchObject({
          ContentRange: "bytes 1-3/5",
        });
        expect(await readFile(got, "utf8")).toBe("ell");
        await refuses("InvalidRange", "s3api", "get-object", ...BUCKET, "--key", "o", "--range", "bytes=7-", got);
        await refuses("NoSuchKey", "s3api", "get-object", ...BUCKET, "--key", "none", got);
        await refuses("404", "s3api", "head-object", ...BUCKET, "--key", "none");
        await refuses("NoSuchBucket", "s3api", "list-objects-v2", "--bucket", "not-there");
        await refuses(
          "NotImplemented",
          "s3api",
          "put-bucket-versioning",
          ...BUCKET,
          "--versioning-configuration",
          "Status=Enabled",
        );
        const sum = ["--key", "summed", "--body", body, "--checksum-algorithm", "SHA256"];
        expect(JSON.parse(await s3api("put-object", ...sum)).ChecksumSHA256).toBe(
          "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
        );
        await s3api("copy-object", "--key", "copy", "--copy-source", "cli/o");

        const seen: string[] = [];
        for (let token: string | undefined, first = true; first || token; first = false) {
          const more = token === undefined ? [] : ["--starting-token", token];
          const page = JSON.parse(await s3api("list-objects-v2", "--page-size", "1", "--max-items", "2", ...more));
          for (const { Key } of page.Contents) seen.push(Key);
          token = page.NextToken;
        }
        expect(seen).toEqual(["copy", "in/ä b+c.txt", "moved.bin", "o", "summed"]);
      },
      TEST_MS,
    );

    test(
      "uploads in parts, restores from GLACIER and cleans up",
      async () => {
        const part = await file("part", Buffer.alloc(5 * 1024 * 1024, 1));
        const { UploadId } = JSON.parse(await s3api("create-multipart-upload", "--key", "parts"));
        const upload = ["--key", "parts", "--upload-id", UploadId];
        const first = JSON.parse(await s3api("upload-part", ...upload, "--part-number", "1", "--body", part));
        const tail = ["--part-number", "2", "--body", join(folder, "body")];
        const second = JSON.parse(await s3api("upload-part", ...upload, ...tail));
        expect(JSON.parse(await s3api("list-parts", ...upload)).Parts).toHaveLength(2);
        const Parts = [first, second].map(({ ETag }, index) => ({ PartNumber: index + 1, ETag }));
        const complete = (parts: object[]) => ["--multipart-upload", JSON.stringify({ Parts: parts })];
        await refuses(
          "InvalidPartOrder",
          "s3api",
          "complete-multipart-upload",
          ...BUCKET,
          ...upload,
          ...complete([...Parts].reverse()),
        );
        expect(JSON.parse(await s3api("complete-multipart-upload", ...upload, ...complete(Parts))).ETag).toMatch(
          /-2"$/,
        );

        const got = join(folder, "got");
        await s3api("put-object", "--key", "cold", "--body", join(folder, "body"), "--storage-class", "GLACIER");
        await refuses("InvalidObjectState", "s3api", "get-object", ...BUCKET, "--key", "cold", got);
        const request = ["--restore-request", '{"Days":1,"GlacierJobParameters":{"Tier":"Expedited"}}'];
        await s3api("restore-object", "--key", "cold", ...request);
        const head = async () => JSON.parse(await s3api("head-object", "--key", "cold"));
        await waitUntil("restored", async () => (await head()).Restore.includes('ongoing-request="false"'), {
          deadlineMs: 120_000,
        });
        await s3api("get-object", "--key", "cold", got);
        expect(await readFile(got, "utf8")).toBe("hello");

        const Objects = [{ Key: "cold" }, { Key: "parts" }];
        const { Deleted } = JSON.parse(await s3api("delete-objects", "--delete", JSON.stringify({ Objects })));
        expect(Deleted).toHaveLength(2);
        await aws("s3api", "wait", "object-not-exists", ...BUCKET, "--key", "cold");
        await refuses("BucketNotEmpty", "s3", "rb", "s3://cli");
        await aws("s3", "rb", "--force", "s3://cli");
        expect(await aws("s3", "ls")).toBe("");
      },
      TEST_MS,
    );

    test(
      "sends, receives, deletes and redrives messages of SQS",
      async () => {
        const { QueueUrl: dead } = await json("sqs", "create-queue", "--queue-name", "cli-dlq");
        const { Attributes } = await json(
          "sqs",
          "get-queue-attributes",
          "--queue-url",
          dead,
          "--attribute-names",
          "QueueArn",
        );
        const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: Attributes.QueueArn, maxReceiveCount: 1 });
        const attributes = ["--attributes", JSON.stringify({ RedrivePolicy, VisibilityTimeout: "0" })];
        const { QueueUrl } = await json("sqs", "create-queue", "--queue-name", "cli", ...attributes);
        const queue = ["--queue-url", QueueUrl];
        await aws("sqs", "send-message", ...queue, "--message-body", "hi & <bye>");
        expect(await json("sqs", "receive-message", ...queue)).toMatchObject({ Messages: [{ Body: "hi & <bye>" }] });
        expect(await aws("sqs", "receive-message", ...queue)).toBe(""); // it has moved
        const { Messages } = await json("sqs", "receive-message", "--queue-url", dead, "--wait-time-seconds", "5");
        expect(Messages).toMatchObject([{ Body: "hi & <bye>" }]);
        await aws("sqs", "delete-message", "--queue-url", dead, "--receipt-handle", Messages[0].ReceiptHandle);

        await aws("sqs", "set-queue-attributes", ...queue, "--attributes", "VisibilityTimeout=60");
        const entries = JSON.stringify(["a", "b"].map((Id) => ({ Id, MessageBody: Id })));
        expect((await json("sqs", "send-message-batch", ...queue, "--entries", entries)).Successful).toHaveLength(2);
        const batch = await json("sqs", "receive-message", ...queue, "--max-number-of-messages", "10");
        const handles = batch.Messages.map(({ MessageId, ReceiptHandle }: Record<string, string>) => ({
          Id: MessageId,
          ReceiptHandle,
        }));
        const bad = { Id: "bad", ReceiptHandle: "bad" };
        expect(
          await json("sqs", "delete-message-batch", ...queue, "--entries", JSON.stringify([...handles, bad])),
        ).toMatchObject({ Successful: [{}, {}], Failed: [{ Id: "bad", SenderFault: true }] });
        const listed = await json("sqs", "list-queues", "--queue-name-prefix", "cli", "--page-size", "1");
        expect(listed.QueueUrls).toEqual([QueueUrl, dead]);
        await refuses(/NonExistentQueue|QueueDoesNotExist/, "sqs", "get-queue-url", "--queue-name", "nope");
        await refuses("ReceiptHandleIsInvalid", "sqs", "delete-message", ...queue, "--receipt-handle", "bad");
      },
      TEST_MS,
    );

    test(
      "puts metrics into CloudWatch and reads them back with percentiles",
      async () => {
        const at = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 120_000);
        const values = Array.from({ length: 100 }, (_, index) => index + 1);
        const data = JSON.stringify([{ MetricName: "m", Values: values, Timestamp: at.toISOString(), Unit: "Count" }]);
        await aws("cloudwatch", "put-metric-data", "--namespace", "Cli", "--metric-data", data);
        await aws("cloudwatch", "put-metric-data", "--namespace", "Cli", "--metric-name", "n", "--value", "3");
        expect(
          (await json("cloudwatch", "list-metrics", "--namespace", "Cli", "--max-items", "2")).Metrics,
        ).toHaveLength(2);
        const window = ["--start-time", at.toISOString(), "--end-time", new Date(at.getTime() + 60_000).toISOString()];
        const metric = ["--namespace", "Cli", "--metric-name", "m", ...window];
        const statistics = ["cloudwatch", "get-metric-statistics", ...metric, "--period"] as const;
        expect((await json(...statistics, "60", "--statistics", "Sum", "Minimum")).Datapoints).toMatchObject([
          { Sum: 5050, Minimum: 1, Unit: "Count" },
        ]);
        const { Datapoints } = await json(...statistics, "60", "--extended-statistics", "p50", "p99.9");
        expect(Math.abs(Datapoints[0].ExtendedStatistics.p50 - 50)).toBeLessThan(2);
        await refuses("InvalidParameterValue", ...statistics, "61", "--statistics", "Sum");
        const MetricStat = { Metric: { Namespace: "Cli", MetricName: "m" }, Period: 60, Stat: "p90" };
        const query = ["--metric-data-queries", JSON.stringify([{ Id: "q", MetricStat }]), ...window];
        const { MetricDataResults } = await json("cloudwatch", "get-metric-data", ...query);
        expect(Math.abs(MetricDataResults[0].Values[0] - 90)).toBeLessThan(2);
      },
      TEST_MS,
    );

    test(
      "launches instances of EC2 and balances over them",
      async () => {
        const [subnet, another] = (await json("ec2", "describe-subnets")).Subnets;
        const userData = `file://${await file("worker.sh", webWorkerScript())}`;
        const tags = "ResourceType=instance,Tags=[{Key=Name,Value=cli}]";
        const launch = [
          "ec2",
          "run-instances",
          "--image-id",
          "ami-0123456789abcdef0",
          "--count",
          "1",
          "--client-token",
          "c1",
        ];
        const place = ["--subnet-id", subnet.SubnetId, "--user-data", userData, "--tag-specifications", tags];
        const [{ InstanceId }] = (await json(...launch, ...place)).Instances;
        expect((await json(...launch, ...place)).Instances).toMatchObject([{ InstanceId }]);
        const one = ["--instance-ids", InstanceId];
        await aws("ec2", "wait", "instance-running", ...one);
        await aws("ec2", "wait", "instance-status-ok", ...one);
        const filters = ["--filters", "Name=tag:Name,Values=cl*", "Name=instance-state-name,Values=running"];
        const { Reservations } = await json("ec2", "describe-instances", ...filters, "--page-size", "5");
        expect(Reservations).toMatchObject([{ Instances: [{ InstanceId, State: { Name: "running" } }] }]);
        await aws("ec2", "create-tags", "--resources", InstanceId, "--tags", "Key=role,Value=web");
        const ofInstance = ["--filters", `Name=resource-id,Values=${InstanceId}`];
        expect((await json("ec2", "describe-tags", ...ofInstance, "--max-items", "1")).Tags).toHaveLength(1);
        await aws("ec2", "delete-tags", "--resources", InstanceId, "--tags", "Key=role");
        expect((await json("ec2", "monitor-instances", ...one)).InstanceMonitorings).toHaveLength(1);
        const output = async () => (await json("ec2", "get-console-output", "--instance-id", InstanceId)).Output;
        await waitUntil("its output", async () => (await output()) === "started\n", { deadlineMs: 120_000 });
        await refuses(
          "InvalidInstanceID.NotFound",
          "ec2",
          "terminate-instances",
          "--instance-ids",
          "i-0123456789abcdef0",
        );
        await refuses("InvalidInstanceID.Malformed", "ec2", "describe-instances", "--instance-ids", "nonsense");

        const checks = [
          "--health-check-interval-seconds",
          "5",
          "--health-check-timeout-seconds",
          "2",
          "--healthy-threshold-count",
          "2",
        ];
        const group = ["--name", "cli", "--protocol", "HTTP", "--port", "8000", "--vpc-id", "vpc-1", ...checks];
        const [{ TargetGroupArn }] = (await json("elbv2", "create-target-group", ...group)).TargetGroups;
        const subnets = ["--subnets", subnet.SubnetId, another.SubnetId];
        const balancer = await json("elbv2", "create-load-balancer", "--name", "cli", ...subnets);
        const [{ LoadBalancerArn }] = balancer.LoadBalancers;
        const Actions = `Type=forward,TargetGroupArn=${TargetGroupArn}`;
        const listener = ["--protocol", "HTTP", "--port", String(await findFreePort()), "--default-actions", Actions];
        const created = await json("elbv2", "create-listener", "--load-balancer-arn", LoadBalancerArn, ...listener);
        const targets = ["--target-group-arn", TargetGroupArn, "--targets", `Id=${InstanceId}`];
        await aws("elbv2", "register-targets", ...targets);
        await aws("elbv2", "wait", "target-in-service", ...targets);
        const [{ Port, ListenerArn }] = created.Listeners;
        expect(await (await fetch(`http://127.0.0.1:${Port}/`)).text()).toBe("ok");
        const delay = "Key=deregistration_delay.timeout_seconds,Value=1";
        await aws(
          "elbv2",
          "modify-target-group-attributes",
          "--target-group-arn",
          TargetGroupArn,
          "--attributes",
          delay,
        );
        await aws("elbv2", "deregister-targets", ...targets);
        await aws("elbv2", "wait", "target-deregistered", ...targets);
        const { TargetHealthDescriptions } = await json("elbv2", "describe-target-health", ...targets);
        expect(TargetHealthDescriptions).toMatchObject([
          { TargetHealth: { State: "unused", Reason: "Target.NotRegistered" } },
        ]);
        await refuses("TargetGroupNotFound", "elbv2", "describe-target-groups", "--names", "none");
        await refuses("ResourceInUse", "elbv2", "delete-target-group", "--target-group-arn", TargetGroupArn);
        await aws("elbv2", "delete-listener", "--listener-arn", ListenerArn);
        await aws("elbv2", "delete-load-balancer", "--load-balancer-arn", LoadBalancerArn);
        await aws("ec2", "terminate-instances", ...one);
        await aws("ec2", "wait", "instance-terminated", ...one);
      },
      TEST_MS,
    );

    test(
      "keeps archives in Glacier and sends mail by SES",
      async () => {
        const vault = ["--account-id", "-", "--vault-name", "cli"];
        await aws("glacier", "create-vault", ...vault);
        const archive = ["glacier", "upload-archive", ...vault, "--body", await file("archive", "frozen")] as const;
        const { archiveId } = await json(...archive);
        await refuses("InvalidParameterValueException", ...archive, "--checksum", "0".repeat(64));
        const parameters = JSON.stringify({ Type: "archive-retrieval", ArchiveId: archiveId, Tier: "Expedited" });
        const { jobId } = await json("glacier", "initiate-job", ...vault, "--job-parameters", parameters);
        const job = ["--job-id", jobId];
        await waitUntil("retrieved", async () => (await json("glacier", "describe-job", ...vault, ...job)).Completed, {
          deadlineMs: 120_000,
        });
        await aws("glacier", "get-job-output", ...vault, ...job, join(folder, "thawed"));
        expect(await readFile(join(folder, "thawed"), "utf8")).toBe("frozen");
        expect((await json("glacier", "list-jobs", ...vault, "--max-items", "1")).JobList).toHaveLength(1);
        await aws("glacier", "delete-archive", ...vault, `--archive-id=${archiveId}`);
        await aws("glacier", "delete-vault", ...vault);
        await refuses("ResourceNotFoundException", "glacier", "describe-vault", ...vault);

        const mail = ["--from-email-address", "a@example.org", "--destination", "ToAddresses=cli@example.org"];
        const content = JSON.stringify({ Simple: { Subject: { Data: "cli ä" }, Body: { Text: { Data: "x" } } } });
        await aws("sesv2", "send-email", ...mail, "--content", content);
        const captured = await fetch(`${cloud.endpoint}/_mail/messages.json?to=cli@example.org`);
        expect(await captured.json()).toMatchObject([{ subject: "cli ä", text: "x" }]);
        const wrong = ["--from-email-address", "nobody", ...mail.slice(2), "--content", content];
        await refuses("BadRequestException", "sesv2", "send-email", ...wrong);
      },
      TEST_MS,
    );

    test("made at least 40 calls, to every service", () => {
      const total = [...calls.values()].reduce((sum, count) => sum + count, 0);
      console.info(`aws CLI, ${name}: ${total} calls of ${calls.size} commands`);
      recordResult(`aws-cli-${name}`, "The aws CLI calls every service", {
        client: name,
        total,
        calls: Object.fromEntries(calls),
      });
      expect(total).toBeGreaterThanOrEqual(40);
      const services = new Set([...calls.keys()].map((called) => called.split(" ")[0]));
      expect([...services].sort()).toEqual(["cloudwatch", "ec2", "elbv2", "glacier", "s3", "s3api", "sesv2", "sqs"]);
    });
  },
);
