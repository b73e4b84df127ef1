import { createHash, randomBytes, randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { CloudWatchClient, GetMetricStatisticsCommand, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import {
  DescribeJobCommand,
  GetJobOutputCommand,
  GlacierClient,
  InitiateJobCommand,
  UploadArchiveCommand,
} from "@aws-sdk/client-glacier";
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { z } from "zod";
import { waitUntil } from "../wait-until.ts";
import type { MainProcess } from "./main-process.ts";

/** Something that writes over and over, knows what was acknowledged, and can tell what of it is missing. */
export interface Writer {
  readonly name: string;
  /** One write, or a few that belong together. Throws when it was not acknowledged. */
  write(): Promise<void>;
  acknowledged(): number;
  /** A sentence for each acknowledged write that is gone or changed, and for each thing that nobody wrote like that. */
  findLosses(): Promise<readonly string[]>;
}

type ClientConfig = MainProcess["clientConfig"] & { readonly maxAttempts: number };

const DEADLINE = { deadlineMs: 120_000 };
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/**
 * Objects, also overwritten, deleted and uploaded in parts. A key's states are those it may have: the last acknowledged
 * and all tried since.
 */
export function objectWriter(config: ClientConfig, Bucket: string, { inParts }: { readonly inParts: boolean }): Writer {
  const s3 = new S3Client(config);
  const states = new Map<string, (string | undefined)[]>();
  let count = 0;
  let acknowledged = 0;
  const lane = inParts ? `parts-${randomInt(1e9)}` : `whole-${randomInt(1e9)}`;

  const put = async (Key: string) => {
    const Body = randomBytes(randomInt(1, 200_000));
    attempt(Key, sha256(Body));
    await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  };
  const putInParts = async (Key: string) => {
    const parts = [randomBytes(5 * 1024 * 1024), randomBytes(randomInt(1, 100_000))];
    attempt(Key, sha256(Buffer.concat(parts)));
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const Parts = await Promise.all(
      parts.map(async (Body, index) => {
        const PartNumber = index + 1;
        const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
        return { ETag, PartNumber };
      }),
    );
    await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
  };
  const remove = async (Key: string) => {
    attempt(Key, undefined);
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  };
  const attempt = (key: string, state: string | undefined) =>
    states.set(key, [...(states.get(key) ?? [undefined]), state]);

  return {
    name: inParts ? "objects in parts" : "objects",
    acknowledged: () => acknowledged,
    async write() {
      count += 1;
      const key = `${lane}/${count % 7 === 0 ? randomInt(count) : count}`; // now and then one that exists
      if (count % 11 === 0) await remove(key);
      else if (inParts) await putInParts(key);
      else await put(key);
      states.set(key, [states.get(key)?.at(-1)]);
      acknowledged += 1;
    },
    async findLosses() {
      const losses: string[] = [];
      for (const [Key, allowed] of states) {
        const found = await s3.send(new GetObjectCommand({ Bucket, Key })).then(
          async ({ Body }) => sha256((await Body?.transformToByteArray()) ?? Buffer.alloc(0)),
          (error: Error) => {
            if (error.name === "NoSuchKey") return undefined;
            throw error;
          },
        );
        if (!allowed.includes(found)) losses.push(`${Key} is ${found ?? "missing"}`);
      }
      for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
        const page = await s3.send(
          new ListObjectsV2Command({
            Bucket,
            Prefix: `${lane}/`,
            ...(after === undefined ? {} : { StartAfter: after }),
          }),
        );
        for (const { Key = "" } of page.Contents ?? [])
          if (!states.get(Key)?.some((state) => state !== undefined)) losses.push(`${Key} should not be there`);
        after = page.IsTruncated ? page.Contents?.at(-1)?.Key : undefined;
      }
      return losses;
    },
  };
}

/** Messages, of which some are received and deleted. Looks for them at the end only: looking takes them all out. */
export function messageWriter(config: ClientConfig, QueueUrl: string): Writer {
  const sqs = new SQSClient(config);
  const sent = new Set<string>();
  const deleting = new Set<string>();
  const deleted = new Set<string>();
  const lane = randomInt(1e9);
  let count = 0;
  return {
    name: "messages",
    acknowledged: () => sent.size + deleted.size,
    async write() {
      count += 1;
      const body = `${lane}-${count}`;
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
      sent.add(body);
      if (count % 3 !== 0) return;
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 1 }));
      for (const { Body = "", ReceiptHandle } of Messages) {
        deleting.add(Body);
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        deleted.add(Body);
      }
    },
    async findLosses() {
      const found = new Set<string>();
      const missing = () => [...sent].filter((body) => !found.has(body) && !deleting.has(body));
      // Those that were received and not deleted come back after their visibility timeout.
      await waitUntil(
        "every message",
        async () => {
          const { Messages = [] } = await sqs.send(
            new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
          );
          for (const { Body = "" } of Messages) found.add(Body);
          return Messages.length === 0 && missing().length === 0;
        },
        DEADLINE,
      ).catch(() => undefined);
      return [
        ...missing().map((body) => `message ${body} is missing`),
        ...[...found].filter((body) => deleted.has(body)).map((body) => `message ${body} was deleted and is back`),
      ];
    },
  };
}

const Inventory = z.object({
  ArchiveList: z.array(z.object({ ArchiveId: z.string(), Size: z.number(), SHA256TreeHash: z.string() })),
});

export function archiveWriter(config: ClientConfig, vaultName: string): Writer {
  const glacier = new GlacierClient(config);
  const vault = { accountId: "-", vaultName };
  const archives = new Map<string, { readonly checksum: string | undefined; readonly content: Buffer }>();
  const retrieve = async (jobParameters: object) => {
    const { jobId } = await glacier.send(new InitiateJobCommand({ ...vault, jobParameters }));
    const job = { ...vault, jobId };
    await waitUntil("the job", async () => (await glacier.send(new DescribeJobCommand(job))).Completed, DEADLINE);
    const { body } = await glacier.send(new GetJobOutputCommand(job));
    return Buffer.from((await body?.transformToByteArray()) ?? []);
  };
  return {
    name: "archives",
    acknowledged: () => archives.size,
    async write() {
      const content = randomBytes(randomInt(1, 150_000));
      const { archiveId, checksum } = await glacier.send(new UploadArchiveCommand({ ...vault, body: content }));
      archives.set(archiveId ?? "", { checksum, content });
    },
    async findLosses() {
      const inventory = Inventory.parse(JSON.parse((await retrieve({ Type: "inventory-retrieval" })).toString()));
      const listed = new Map(inventory.ArchiveList.map((archive) => [archive.ArchiveId, archive]));
      const losses = [...archives].flatMap(([id, { checksum, content }]) => {
        const archive = listed.get(id);
        return archive?.SHA256TreeHash === checksum && archive?.Size === content.length ? [] : [`archive ${id}`];
      });
      const some = [...archives].slice(-20);
      const read = await Promise.all(
        some.map(([ArchiveId]) => retrieve({ Type: "archive-retrieval", ArchiveId, Tier: "Expedited" })),
      );
      return [
        ...losses,
        ...some.flatMap(([id, { content }], index) =>
          read[index]?.equals(content) ? [] : [`content of archive ${id}`],
        ),
      ];
    },
  };
}

export function metricWriter(config: ClientConfig): Writer {
  const cloudWatch = new CloudWatchClient(config);
  const metric = { Namespace: "Crash", MetricName: `m${randomInt(1e9)}` };
  let [tried, acknowledged] = [0, 0];
  return {
    name: "metric data",
    acknowledged: () => acknowledged,
    async write() {
      tried += 1;
      const MetricData = [{ MetricName: metric.MetricName, Value: 1, Timestamp: new Date() }];
      await cloudWatch.send(new PutMetricDataCommand({ Namespace: metric.Namespace, MetricData }));
      acknowledged += 1;
    },
    async findLosses() {
      const { Datapoints = [] } = await cloudWatch.send(
        new GetMetricStatisticsCommand({
          ...metric,
          StartTime: new Date(Date.now() - 3600_000),
          EndTime: new Date(Date.now() + 60_000),
          Period: 60,
          Statistics: ["Sum"],
        }),
      );
      const kept = Datapoints.reduce((sum, { Sum = 0 }) => sum + Sum, 0);
      return kept < acknowledged || kept > tried ? [`metric data: ${kept} of ${acknowledged}, ${tried} tried`] : [];
    },
  };
}

/** Lets writers write in parallel lanes until told to stop; failed writes are tried again with others. */
export function startWriting(writers: readonly Writer[]) {
  let running = true;
  let failures = 0;
  const lane = async (writer: Writer) => {
    while (running) {
      await writer.write().catch(async () => {
        failures += 1;
        await sleep(20);
      });
    }
  };
  const ended = Promise.all(writers.map(lane));
  return {
    failures: () => failures,
    async stop() {
      running = false;
      await ended;
    },
  };
}
