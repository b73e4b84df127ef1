import { CloudWatchClient, GetMetricDataCommand, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from "@aws-sdk/client-s3";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { type ClientConfig, type CloudProcess, startCloudProcess } from "./cloud-process.ts";
import { HeapProbe } from "./heap-probe.ts";
import { residentMebibytesOf } from "./process-usage.ts";

export interface MemoryReading {
  readonly when: string;
  readonly residentMebibytes: number;
  /** The largest resident size while it worked. */
  readonly peakMebibytes: number;
  readonly heapMebibytes: number;
}

const MESSAGES = 100_000;
const OBJECTS = 10_000;
const INSTANCES = 20;
const MINUTES = 120;
const METRICS = ["CPUUtilization", "MemoryUtilization", "Requests", "JobsRunning", "JobSeconds"];
const LANES = 8; // calls at the same time

/** Memory of a fresh local-cloud before, during and after a day's work. */
export async function measureMemory(now: Date): Promise<readonly MemoryReading[]> {
  await using cloud = await startCloudProcess(["--inspect=127.0.0.1:0"]);
  using heap = await HeapProbe.attach(cloud.stderr());
  const readings: MemoryReading[] = [];
  const read = async (when: string, peakMebibytes: number) => {
    // The resident size first: the collection that follows gives memory back.
    const residentMebibytes = residentMebibytesOf(cloud.pid);
    readings.push({
      when,
      residentMebibytes,
      peakMebibytes: Math.max(peakMebibytes, residentMebibytes),
      heapMebibytes: await heap.usedMebibytes(),
    });
  };
  await read("at rest", 0);
  for (const [what, work] of workloads(cloud, now)) {
    let peak = 0;
    const watch = setInterval(() => {
      peak = Math.max(peak, residentMebibytesOf(cloud.pid));
    }, 200);
    await work();
    clearInterval(watch);
    await read(`after ${what}`, peak);
  }
  return readings;
}

function workloads({ clientConfig }: CloudProcess, now: Date): readonly (readonly [string, () => Promise<void>])[] {
  const messages = `${MESSAGES.toLocaleString("en")} messages sent, received and deleted`;
  return [
    [messages, () => passMessages(clientConfig)],
    [`${messages} once more`, () => passMessages(clientConfig)],
    [`${OBJECTS.toLocaleString("en")} objects written, listed and deleted`, () => passObjects(clientConfig)],
    [`${MINUTES / 60} h of ${METRICS.length} metrics of ${INSTANCES} instances`, () => passMetrics(clientConfig, now)],
  ];
}

async function passMessages(config: ClientConfig): Promise<void> {
  const sqs = new SQSClient(config);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "memory" }));
  await inLanes(MESSAGES / 10, async (batch) => {
    const Entries = Array.from({ length: 10 }, (_, index) => ({
      Id: `${index}`,
      MessageBody: `message ${batch}-${index}`,
    }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  });
  let left = MESSAGES;
  await inLanes(LANES, async () => {
    while (left > 0) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      if (Messages.length === 0) continue;
      left -= Messages.length;
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  });
  sqs.destroy();
}

async function passObjects(config: ClientConfig): Promise<void> {
  const s3 = new S3Client(config);
  const Bucket = "memory";
  await s3.send(new CreateBucketCommand({ Bucket }));
  await inLanes(OBJECTS, async (index) => {
    await s3.send(new PutObjectCommand({ Bucket, Key: `results/${index}.txt`, Body: `object ${index}` }));
  });
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket })) {
    const Objects = Contents.map(({ Key }) => ({ Key }));
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  }
  s3.destroy();
}

async function passMetrics(config: ClientConfig, now: Date): Promise<void> {
  const cloudwatch = new CloudWatchClient(config);
  const dimensions = (instance: number) => [{ Name: "InstanceId", Value: `i-${String(instance).padStart(17, "0")}` }];
  await inLanes(MINUTES, async (minute) => {
    const Timestamp = new Date(now.getTime() - minute * 60_000);
    await cloudwatch.send(
      new PutMetricDataCommand({
        Namespace: "memory",
        MetricData: Array.from({ length: INSTANCES }, (_, instance) =>
          METRICS.map((MetricName) => ({
            MetricName,
            Timestamp,
            Value: (instance * minute) % 101,
            Dimensions: dimensions(instance),
          })),
        ).flat(),
      }),
    );
  });
  await inLanes(MINUTES, async () => {
    await cloudwatch.send(
      new GetMetricDataCommand({
        StartTime: new Date(now.getTime() - MINUTES * 60_000),
        EndTime: now,
        MetricDataQueries: Array.from({ length: INSTANCES }, (_, instance) => ({
          Id: `q${instance}`,
          MetricStat: {
            Metric: { Namespace: "memory", MetricName: METRICS[0], Dimensions: dimensions(instance) },
            Period: 60,
            Stat: "Average",
          },
        })),
      }),
    );
  });
  cloudwatch.destroy();
}

/** Runs `work` for 0 to count - 1, a few at the same time. */
async function inLanes(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      while (next < count) await work(next++);
    }),
  );
}
