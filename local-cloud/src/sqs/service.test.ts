import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  BatchEntryIdsNotDistinct,
  EmptyBatchRequest,
  InvalidAttributeName,
  InvalidAttributeValue,
  InvalidMessageContents,
  PurgeQueueInProgress,
  QueueDeletedRecently,
  QueueDoesNotExist,
  QueueNameExists,
  ReceiptHandleIsInvalid,
} from "@aws-sdk/client-sqs";
import { createLogger } from "@elastic-gas/shared/logger";
import { testCall } from "@elastic-gas/testing/local-cloud/sqs/test-call";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createSqsService } from "./service.ts";

const log = createLogger("sqs-test", "silent");
const call = testCall();

function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "sqs-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A service with a clock that tests move by hand. */
function startSqs(dataDir = temporaryDir()) {
  const clock = { ms: Date.parse("2026-11-20T12:00:00Z") };
  const service = createSqsService({ dataDir, log, now: () => new Date(clock.ms), metricPeriodSeconds: 3600 });
  onTestFinished(() => service.close());
  return { ...service.handlers, clock, dataDir, close: service.close };
}

async function startWithQueue(Attributes: Record<string, string> = {}) {
  const sqs = startSqs();
  const { QueueUrl } = await sqs.CreateQueue({ QueueName: "jobs", Attributes }, call);
  return { ...sqs, QueueUrl };
}

describe("queues", () => {
  it("are created once however often that is asked, unless attributes differ", async () => {
    const { CreateQueue, QueueUrl, ListQueues } = await startWithQueue({ DelaySeconds: "5" });
    expect(QueueUrl).toBe("http://127.0.0.1:4566/123456789012/jobs");
    expect(await CreateQueue({ QueueName: "jobs" }, testCall({ host: "localhost:1" }))).toEqual({
      QueueUrl: "http://localhost:1/123456789012/jobs",
    });
    expect((await CreateQueue({ QueueName: "jobs", Attributes: { VisibilityTimeout: "30" } }, call)).QueueUrl).toBe(
      QueueUrl,
    );
    await expect(CreateQueue({ QueueName: "jobs", Attributes: { DelaySeconds: "6" } }, call)).rejects.toThrow(
      QueueNameExists,
    );
    expect((await ListQueues({}, call)).QueueUrls).toEqual([QueueUrl]);
  });

  it("refuse names, attributes and values that SQS refuses", async () => {
    const { CreateQueue } = startSqs();
    const create = (QueueName: string, Attributes: Record<string, string> = {}) =>
      CreateQueue({ QueueName, Attributes }, call);
    await expect(create("a b")).rejects.toMatchObject({ code: "InvalidParameterValue" });
    await expect(create("a.fifo")).rejects.toMatchObject({ code: "InvalidParameterValue" });
    await expect(create("a", { Colour: "red" })).rejects.toThrow(InvalidAttributeName);
    await expect(create("a", { DelaySeconds: "901" })).rejects.toThrow(InvalidAttributeValue);
    await expect(create("a", { VisibilityTimeout: "-1" })).rejects.toThrow(InvalidAttributeValue);
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: "arn:aws:sqs:us-east-1:123456789012:none",
      maxReceiveCount: 4,
    });
    await expect(create("a", { RedrivePolicy })).rejects.toMatchObject({ code: "InvalidParameterValue" });
    const unsupported = { Policy: "{}", KmsMasterKeyId: "alias/k", SqsManagedSseEnabled: "false" };
    for (const [attribute, value] of Object.entries(unsupported))
      await expect(create("a", { [attribute]: value })).rejects.toMatchObject({ name: "UnsupportedOperation" });
    await create("a", { Policy: "", SqsManagedSseEnabled: "true" });
  });

  it("are unknown after their deletion", async () => {
    const { QueueUrl, DeleteQueue, SendMessage, GetQueueUrl, ListQueues } = await startWithQueue();
    await DeleteQueue({ QueueUrl }, call);
    await expect(SendMessage({ QueueUrl, MessageBody: "x" }, call)).rejects.toThrow(QueueDoesNotExist);
    await expect(GetQueueUrl({ QueueName: "jobs" }, call)).rejects.toThrow(QueueDoesNotExist);
    expect((await ListQueues({}, call)).QueueUrls).toEqual([]);
  });

  it("leave their name unused for 60 seconds, also over a restart", async () => {
    const { QueueUrl, DeleteQueue, CreateQueue, clock, dataDir, close } = await startWithQueue();
    await DeleteQueue({ QueueUrl }, call);
    clock.ms += 59_000;
    await expect(CreateQueue({ QueueName: "jobs" }, call)).rejects.toThrow(QueueDeletedRecently);
    await close();
    const again = startSqs(dataDir);
    again.clock.ms = clock.ms;
    await expect(again.CreateQueue({ QueueName: "jobs" }, call)).rejects.toThrow(QueueDeletedRecently);
    again.clock.ms += 1000;
    expect((await again.CreateQueue({ QueueName: "jobs" }, call)).QueueUrl).toBe(QueueUrl);
  });

  it("take no message that a FIFO queue is meant for", async () => {
    const { QueueUrl, SendMessage, SendMessageBatch } = await startWithQueue();
    const message = { QueueUrl, MessageBody: "x" };
    await expect(SendMessage({ ...message, MessageDeduplicationId: "1" }, call)).rejects.toMatchObject({
      code: "InvalidParameterValue",
    });
    const Entries = [
      { Id: "grouped", MessageBody: "x", MessageGroupId: "a" },
      { Id: "plain", MessageBody: "x" },
    ];
    expect(await SendMessageBatch({ QueueUrl, Entries }, call)).toMatchObject({
      Failed: [{ Id: "grouped", SenderFault: true }],
      Successful: [{ Id: "plain" }],
    });
  });

  it("answer a long poll that waits when they are deleted", async () => {
    const { QueueUrl, DeleteQueue, ReceiveMessage } = await startWithQueue();
    const poll = ReceiveMessage({ QueueUrl, WaitTimeSeconds: 20 }, call);
    const outcome = expect(poll).rejects.toThrow(QueueDoesNotExist);
    await new Promise(setImmediate);
    await DeleteQueue({ QueueUrl }, call);
    await outcome;
  });

  it("are listed page by page, by prefix", async () => {
    const { CreateQueue, ListQueues } = startSqs();
    for (const QueueName of ["b-2", "a-1", "b-1", "b-3"]) await CreateQueue({ QueueName }, call);
    const first = await ListQueues({ QueueNamePrefix: "b-", MaxResults: 2 }, call);
    const second = await ListQueues({ QueueNamePrefix: "b-", MaxResults: 2, NextToken: first.NextToken }, call);
    const names = [first, second].map(({ QueueUrls }) => QueueUrls?.map((url) => url.split("/").at(-1)));
    expect(names).toEqual([["b-1", "b-2"], ["b-3"]]);
    expect(second.NextToken).toBeUndefined();
  });

  it("are purged at most once a minute", async () => {
    const { QueueUrl, clock, PurgeQueue, SendMessage, ReceiveMessage } = await startWithQueue();
    await SendMessage({ QueueUrl, MessageBody: "x" }, call);
    await PurgeQueue({ QueueUrl }, call);
    expect((await ReceiveMessage({ QueueUrl }, call)).Messages).toBeUndefined();
    await expect(PurgeQueue({ QueueUrl }, call)).rejects.toThrow(PurgeQueueInProgress);
    clock.ms += 60_000;
    await PurgeQueue({ QueueUrl }, call);
  });

  it("carry tags", async () => {
    const { QueueUrl, TagQueue, UntagQueue, ListQueueTags } = await startWithQueue();
    await TagQueue({ QueueUrl, Tags: { a: "1", b: "2" } }, call);
    await UntagQueue({ QueueUrl, TagKeys: ["a"] }, call);
    expect(await ListQueueTags({ QueueUrl }, call)).toEqual({ Tags: { b: "2" } });
  });
});

describe("a message", () => {
  it("carries the digests that clients verify, its attributes and its history", async () => {
    const { QueueUrl, clock, SendMessage, ReceiveMessage } = await startWithQueue();
    const MessageAttributes = {
      kind: { DataType: "String", StringValue: "test" },
      "gas.bytes": { DataType: "Binary.raw", BinaryValue: Buffer.from([1, 2, 255]) },
    };
    const sent = await SendMessage({ QueueUrl, MessageBody: "hello", MessageAttributes }, call);
    expect(sent.MD5OfMessageBody).toBe("5d41402abc4b2a76b9719d911017c592");
    const sentAt = clock.ms;
    clock.ms += 1000;
    const { Messages } = await ReceiveMessage(
      { QueueUrl, MessageSystemAttributeNames: ["All"], MessageAttributeNames: ["All"] },
      call,
    );
    expect(Messages).toHaveLength(1);
    expect(Messages?.[0]).toMatchObject({
      MessageId: sent.MessageId,
      Body: "hello",
      MD5OfBody: sent.MD5OfMessageBody,
      MD5OfMessageAttributes: sent.MD5OfMessageAttributes,
      MessageAttributes: { kind: { StringValue: "test" }, "gas.bytes": { BinaryValue: new Uint8Array([1, 2, 255]) } },
      Attributes: {
        ApproximateReceiveCount: "1",
        SentTimestamp: String(sentAt),
        ApproximateFirstReceiveTimestamp: String(clock.ms),
      },
    });
  });

  it("is invisible to others until its visibility timeout has passed", async () => {
    const { QueueUrl, clock, SendMessage, ReceiveMessage } = await startWithQueue({ VisibilityTimeout: "10" });
    await SendMessage({ QueueUrl, MessageBody: "x" }, call);
    const MessageSystemAttributeNames = ["ApproximateReceiveCount" as const];
    expect((await ReceiveMessage({ QueueUrl, MessageSystemAttributeNames }, call)).Messages).toHaveLength(1);
    clock.ms += 9_999;
    expect((await ReceiveMessage({ QueueUrl }, call)).Messages).toBeUndefined();
    clock.ms += 1;
    const again = await ReceiveMessage({ QueueUrl, MessageSystemAttributeNames }, call);
    expect(again.Messages?.[0]?.Attributes).toEqual({ ApproximateReceiveCount: "2" });
  });

  it("stays deleted, also when its deletion is asked twice", async () => {
    const { QueueUrl, clock, SendMessage, ReceiveMessage, DeleteMessage } = await startWithQueue();
    await SendMessage({ QueueUrl, MessageBody: "x" }, call);
    const { Messages } = await ReceiveMessage({ QueueUrl }, call);
    const ReceiptHandle = Messages?.[0]?.ReceiptHandle;
    await DeleteMessage({ QueueUrl, ReceiptHandle }, call);
    await DeleteMessage({ QueueUrl, ReceiptHandle }, call);
    clock.ms += 3_600_000;
    expect((await ReceiveMessage({ QueueUrl }, call)).Messages).toBeUndefined();
    await expect(DeleteMessage({ QueueUrl, ReceiptHandle: "nonsense" }, call)).rejects.toThrow(ReceiptHandleIsInvalid);
  });

  it("is not deleted by the receipt of an earlier receive", async () => {
    const { QueueUrl, clock, SendMessage, ReceiveMessage, DeleteMessage } = await startWithQueue();
    await SendMessage({ QueueUrl, MessageBody: "x" }, call);
    const first = await ReceiveMessage({ QueueUrl }, call);
    clock.ms += 31_000;
    await ReceiveMessage({ QueueUrl, VisibilityTimeout: 5 }, call);
    await DeleteMessage({ QueueUrl, ReceiptHandle: first.Messages?.[0]?.ReceiptHandle }, call);
    clock.ms += 5_000;
    expect((await ReceiveMessage({ QueueUrl }, call)).Messages).toHaveLength(1);
  });

  it("can be held longer or handed back at once", async () => {
    const { QueueUrl, clock, SendMessage, ReceiveMessage, ChangeMessageVisibility } = await startWithQueue();
    await SendMessage({ QueueUrl, MessageBody: "x" }, call);
    const ReceiptHandle = (await ReceiveMessage({ QueueUrl }, call)).Messages?.[0]?.ReceiptHandle;
    clock.ms += 29_000;
    await ChangeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 60 }, call);
    clock.ms += 59_000;
    expect((await ReceiveMessage({ QueueUrl }, call)).Messages).toBeUndefined();
    await ChangeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }, call);
    expect((await ReceiveMessage({ QueueUrl }, call)).Messages).toHaveLength(1);
    await expect(
      ChangeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 5 }, call),
    ).rejects.toMatchObject({
      code: "InvalidParameterValue",
    });
  });

  it.each([
    { from: "the message", queueDelay: "0", messageDelay: 900 },
    { from: "the queue", queueDelay: "900", messageDelay: undefined },
  ])("waits for the delay of $from", async ({ queueDelay, messageDelay }) => {
    const { QueueUrl, clock, SendMessage, ReceiveMessage, GetQueueAttributes } = await startWithQueue({
      DelaySeconds: queueDelay,
    });
    await SendMessage({ QueueUrl, MessageBody: "x", DelaySeconds: messageDelay }, call);
    clock.ms += 899_999;
    expect((await ReceiveMessage({ QueueUrl }, call)).Messages).toBeUndefined();
    const { Attributes } = await GetQueueAttributes(
      { QueueUrl, AttributeNames: ["ApproximateNumberOfMessagesDelayed"] },
      call,
    );
    expect(Attributes).toEqual({ ApproximateNumberOfMessagesDelayed: "1" });
    clock.ms += 1;
    expect((await ReceiveMessage({ QueueUrl }, call)).Messages).toHaveLength(1);
  });

  it("is gone after the retention period", async () => {
    const { QueueUrl, clock, SendMessage, ReceiveMessage } = await startWithQueue({ MessageRetentionPeriod: "60" });
    await SendMessage({ QueueUrl, MessageBody: "x" }, call);
    clock.ms += 60_000;
    expect((await ReceiveMessage({ QueueUrl }, call)).Messages).toBeUndefined();
  });

  it("is refused when it is empty, too long, delayed too long or holds forbidden characters", async () => {
    const { QueueUrl, SendMessage } = await startWithQueue({ MaximumMessageSize: "1024" });
    const send = (MessageBody: string, DelaySeconds = 0) => SendMessage({ QueueUrl, MessageBody, DelaySeconds }, call);
    await expect(send("")).rejects.toMatchObject({ code: "MissingParameter" });
    await expect(send("x".repeat(1025))).rejects.toMatchObject({ code: "InvalidParameterValue" });
    await expect(send("x", 901)).rejects.toMatchObject({ code: "InvalidParameterValue" });
    await expect(send("a\u0000b")).rejects.toThrow(InvalidMessageContents);
    await expect(send("\ud800")).rejects.toThrow(InvalidMessageContents);
    await send("ä".repeat(512));
  });
});

describe("batches", () => {
  it("tell what succeeded and what failed", async () => {
    const { QueueUrl, SendMessageBatch, ReceiveMessage, DeleteMessageBatch } = await startWithQueue();
    const sent = await SendMessageBatch(
      {
        QueueUrl,
        Entries: [
          { Id: "a", MessageBody: "1" },
          { Id: "b", MessageBody: "\u0001" },
          { Id: "c", MessageBody: "3" },
        ],
      },
      call,
    );
    expect(sent.Successful?.map(({ Id }) => Id)).toEqual(["a", "c"]);
    expect(sent.Failed).toMatchObject([{ Id: "b", SenderFault: true, Code: "InvalidMessageContents" }]);
    const { Messages = [] } = await ReceiveMessage({ QueueUrl, MaxNumberOfMessages: 10 }, call);
    expect(Messages.map(({ Body }) => Body)).toEqual(["1", "3"]);
    const Entries = [
      { Id: "x", ReceiptHandle: "bad" },
      ...Messages.map(({ ReceiptHandle }, i) => ({ Id: `m${i}`, ReceiptHandle })),
    ];
    const deleted = await DeleteMessageBatch({ QueueUrl, Entries }, call);
    expect(deleted.Successful).toEqual([{ Id: "m0" }, { Id: "m1" }]);
    expect(deleted.Failed).toMatchObject([{ Id: "x", SenderFault: true, Code: "ReceiptHandleIsInvalid" }]);
  });

  it("are refused as a whole when empty or when two entries share an id", async () => {
    const { QueueUrl, SendMessageBatch } = await startWithQueue();
    await expect(SendMessageBatch({ QueueUrl, Entries: [] }, call)).rejects.toThrow(EmptyBatchRequest);
    const Entries = [
      { Id: "a", MessageBody: "1" },
      { Id: "a", MessageBody: "2" },
    ];
    await expect(SendMessageBatch({ QueueUrl, Entries }, call)).rejects.toThrow(BatchEntryIdsNotDistinct);
  });
});

describe("a long poll", () => {
  /** It would have waited for 20 s. */
  const HALF_A_WAIT_MS = 10_000;

  it("ends as soon as a message is sent", async () => {
    const { QueueUrl, SendMessage, ReceiveMessage } = await startWithQueue();
    const startedAt = performance.now();
    const polls = [1, 2, 3].map(() => ReceiveMessage({ QueueUrl, WaitTimeSeconds: 20 }, call));
    for (const MessageBody of ["1", "2", "3"]) await SendMessage({ QueueUrl, MessageBody }, call);
    const bodies = (await Promise.all(polls)).map(({ Messages }) => Messages?.[0]?.Body);
    expect(bodies.sort()).toEqual(["1", "2", "3"]);
    expect(performance.now() - startedAt).toBeLessThan(HALF_A_WAIT_MS);
  });

  it("ends when a message in flight is handed back, and when one in flight becomes visible by itself", async () => {
    const dataDir = temporaryDir();
    const { handlers, close } = createSqsService({ dataDir, log });
    onTestFinished(close);
    const { QueueUrl } = await handlers.CreateQueue({ QueueName: "jobs" }, call);
    await handlers.SendMessage({ QueueUrl, MessageBody: "x" }, call);
    const first = await handlers.ReceiveMessage({ QueueUrl }, call);
    const second = handlers.ReceiveMessage({ QueueUrl, WaitTimeSeconds: 20, VisibilityTimeout: 1 }, call);
    await new Promise(setImmediate);
    const ReceiptHandle = first.Messages?.[0]?.ReceiptHandle;
    await handlers.ChangeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }, call);
    expect((await second).Messages).toHaveLength(1);
    const startedAt = performance.now();
    expect((await handlers.ReceiveMessage({ QueueUrl, WaitTimeSeconds: 20 }, call)).Messages).toHaveLength(1);
    expect(performance.now() - startedAt).toBeLessThan(HALF_A_WAIT_MS);
  });

  it("ends when the caller hangs up, and takes no message with it", async () => {
    const { QueueUrl, SendMessage, ReceiveMessage } = await startWithQueue();
    const caller = new AbortController();
    const poll = ReceiveMessage({ QueueUrl, WaitTimeSeconds: 20 }, testCall({ signal: caller.signal }));
    await new Promise(setImmediate);
    caller.abort();
    expect(await poll).toEqual({});
    await SendMessage({ QueueUrl, MessageBody: "x" }, call);
    expect((await ReceiveMessage({ QueueUrl }, call)).Messages).toHaveLength(1);
  });

  it("gives a message back that it took for a caller who hung up meanwhile", async () => {
    const { QueueUrl, SendMessage, ReceiveMessage } = await startWithQueue();
    await SendMessage({ QueueUrl, MessageBody: "x" }, call);
    const caller = new AbortController();
    const lost = ReceiveMessage({ QueueUrl }, testCall({ signal: caller.signal }));
    caller.abort();
    expect(await lost).toEqual({});
    const { Messages } = await ReceiveMessage(
      { QueueUrl, MessageSystemAttributeNames: ["ApproximateReceiveCount"] },
      call,
    );
    expect(Messages?.[0]?.Attributes).toEqual({ ApproximateReceiveCount: "1" });
  });
});

describe("redrive", () => {
  async function startWithDeadLetters() {
    const sqs = startSqs();
    const deadLetters = await sqs.CreateQueue({ QueueName: "jobs-dlq" }, call);
    const deadLetterTargetArn = "arn:aws:sqs:us-east-1:123456789012:jobs-dlq";
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: "2" });
    const { QueueUrl } = await sqs.CreateQueue(
      { QueueName: "jobs", Attributes: { RedrivePolicy, VisibilityTimeout: "0" } },
      call,
    );
    return { ...sqs, QueueUrl, DeadLetterUrl: deadLetters.QueueUrl, deadLetterTargetArn };
  }

  it("moves a message to the dead-letter queue after maxReceiveCount receives", async () => {
    const { QueueUrl, DeadLetterUrl, SendMessage, ReceiveMessage, ListDeadLetterSourceQueues } =
      await startWithDeadLetters();
    await SendMessage({ QueueUrl, MessageBody: "poison" }, call);
    await SendMessage({ QueueUrl, MessageBody: "poison too" }, call);
    for (const _ of [1, 2])
      expect((await ReceiveMessage({ QueueUrl, MaxNumberOfMessages: 10 }, call)).Messages).toHaveLength(2);
    const waiting = ReceiveMessage(
      { QueueUrl: DeadLetterUrl, WaitTimeSeconds: 20, AttributeNames: ["All"], MaxNumberOfMessages: 10 },
      call,
    );
    expect((await ReceiveMessage({ QueueUrl }, call)).Messages).toBeUndefined();
    const { Messages = [] } = await waiting;
    expect(Messages.map(({ Body }) => Body)).toEqual(["poison", "poison too"]);
    expect(Messages[0]?.Attributes).toMatchObject({
      DeadLetterQueueSourceArn: "arn:aws:sqs:us-east-1:123456789012:jobs",
      ApproximateReceiveCount: "3",
    });
    expect((await ListDeadLetterSourceQueues({ QueueUrl: DeadLetterUrl }, call)).queueUrls).toEqual([QueueUrl]);
  });
});

it("keeps queues, messages and receipts over a restart", async () => {
  const first = await startWithQueue({ VisibilityTimeout: "120" });
  const { QueueUrl, dataDir } = first;
  for (const MessageBody of ["taken", "waiting"]) await first.SendMessage({ QueueUrl, MessageBody }, call);
  const ReceiptHandle = (await first.ReceiveMessage({ QueueUrl }, call)).Messages?.[0]?.ReceiptHandle;
  await first.close();
  const second = startSqs(dataDir);
  await second.DeleteMessage({ QueueUrl, ReceiptHandle }, call);
  second.clock.ms += 120_000;
  const { Messages = [] } = await second.ReceiveMessage({ QueueUrl, MaxNumberOfMessages: 10 }, call);
  expect(Messages.map(({ Body }) => Body)).toEqual(["waiting"]);
  const { Attributes } = await second.GetQueueAttributes({ QueueUrl, AttributeNames: ["All"] }, call);
  expect(Attributes).toMatchObject({
    VisibilityTimeout: "120",
    ApproximateNumberOfMessages: "0",
    ApproximateNumberOfMessagesNotVisible: "1",
    QueueArn: "arn:aws:sqs:us-east-1:123456789012:jobs",
  });
});

it("publishes what happened in each queue", async () => {
  const published: Record<string, number | undefined>[] = [];
  const service = createSqsService({
    dataDir: temporaryDir(),
    log,
    metricPeriodSeconds: 1,
    putMetrics: (namespace, data) => {
      expect(namespace).toBe("AWS/SQS");
      published.push(Object.fromEntries(data.map(({ MetricName, Value }) => [MetricName, Value])));
    },
  });
  onTestFinished(() => service.close());
  const { QueueUrl } = await service.handlers.CreateQueue({ QueueName: "jobs" }, call);
  for (const MessageBody of ["1", "2", "3"]) await service.handlers.SendMessage({ QueueUrl, MessageBody }, call);
  await service.handlers.ReceiveMessage({ QueueUrl }, call);
  await vi.waitFor(() => expect(published.some((data) => data.NumberOfMessagesSent === 3)).toBe(true), {
    timeout: 120_000,
  });
  expect(published.find((data) => data.NumberOfMessagesSent === 3)).toMatchObject({
    NumberOfMessagesReceived: 1,
    ApproximateNumberOfMessagesVisible: 2,
    ApproximateNumberOfMessagesNotVisible: 1,
  });
});
