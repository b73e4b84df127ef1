import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueUrlCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { z } from "zod";
import type { Logger } from "../logger.ts";
import { isNewer } from "../messages.ts";
import type { QueueResource } from "../resources.ts";
import { pause } from "../shutdown.ts";
import { afterFailure, LONGEST_RETRY_SECONDS } from "./after-failure.ts";
import { REASON, textAttribute } from "./message-attributes.ts";
import { Unavailable } from "./transient.ts";

/** What a handler decides about its message. */
export type Handled =
  /** Done, or nothing to do: the message is deleted. */
  | { readonly kind: "done" }
  /** Not now: the message comes back after this many seconds. */
  | { readonly kind: "later"; readonly seconds: number }
  /** Never: the message goes to the dead-letter queue at once, with the reason. */
  | { readonly kind: "never"; readonly reason: string };

export const DONE: Handled = { kind: "done" };

export interface ConsumerOptions<Body> {
  readonly sqs: SQSClient;
  readonly queue: QueueResource;
  readonly schema: z.ZodType<Body>;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly visibilityTimeoutSeconds: number;
  /** Longest pause before a message that failed is tried again. */
  readonly longestRetrySeconds?: number;
  /** True while this worker shall take no more messages (its drain flag); asked before each receive. */
  readonly isDraining?: () => boolean;
  /**
   * Must be safe to run twice. `stop` aborts when the process stops or the message can no longer be held: finish
   * quickly, or throw to hand it back at once.
   */
  readonly handle: (body: Body, context: { readonly stop: AbortSignal }) => Promise<Handled>;
}

const LONG_POLL_SECONDS = 20;
const RETRY_PAUSE_MS = 1_000;
const DRAINING_PAUSE_MS = 500;
/** SQS holds a message for 12 hours in all. */
const MAX_VISIBILITY_SECONDS = 43_200;
/** SQS delays a new message by at most 15 minutes. */
const MAX_DELAY_SECONDS = 900;

/**
 * Takes messages one at a time by long polling until the signal aborts, extending the visibility timeout at a third of
 * it while the handler works. What becomes of a message that fails is decided by `afterFailure`: while a service is
 * away it is handed back with a growing pause and never counts; a body that the schema refuses and what fails the same
 * way each time goes to the dead-letter queue with the reason as an attribute. Survives SQS failing. Resolves after the
 * last handler has ended.
 */
export async function consume<Body>(options: ConsumerOptions<Body>): Promise<void> {
  const { sqs, queue, log, signal } = options;
  let queueUrl: string | undefined;
  while (!signal.aborted) {
    if (options.isDraining?.() === true) {
      await pause(DRAINING_PAUSE_MS, signal);
      continue;
    }
    try {
      queueUrl ??= await findQueueUrl(sqs, queue.name, signal);
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: 1,
          WaitTimeSeconds: LONG_POLL_SECONDS,
          VisibilityTimeout: Math.ceil(options.visibilityTimeoutSeconds),
          MessageSystemAttributeNames: ["ApproximateReceiveCount"],
          MessageAttributeNames: [FAILURES],
        }),
        { abortSignal: signal },
      );
      for (const message of Messages) await handleMessage(options, queueUrl, message);
    } catch (error) {
      if (signal.aborted) break;
      log.warn({ queue: queue.name, err: error }, "queue not reachable, tried again");
      queueUrl = undefined;
      await pause(RETRY_PAUSE_MS, signal);
    }
  }
}

/** Number of failures so far that do not pass by themselves; on the copy that is sent for each. */
const FAILURES = "Failures";

async function handleMessage<Body>(options: ConsumerOptions<Body>, queueUrl: string, message: Message): Promise<void> {
  const { sqs, queue, schema, log, signal, handle, visibilityTimeoutSeconds } = options;
  const receiptHandle = message.ReceiptHandle;
  if (receiptHandle === undefined) return;
  const receiveCount = Number(message.Attributes?.ApproximateReceiveCount ?? "1");
  const failures = Number(message.MessageAttributes?.[FAILURES]?.StringValue ?? "0");
  const fields = { queue: queue.name, messageId: message.MessageId, receiveCount };

  const lost = new AbortController();
  const over = new AbortController();
  const stop = AbortSignal.any([signal, lost.signal]);
  const heartbeat = keepInvisible();
  const read = readBody(schema, message.Body ?? "");
  try {
    if (read.kind === "newer") throw new Unavailable("The message is of a later release than this worker");
    const handled: Handled =
      read.kind === "read" ? await handle(read.body, { stop }) : { kind: "never", reason: read.reason };
    await endHeartbeat();
    switch (handled.kind) {
      case "done":
        return await remove();
      case "later":
        return await setVisibility(handled.seconds);
      case "never":
        return await setAside(handled.reason, failures);
    }
  } catch (error) {
    await endHeartbeat();
    if (lost.signal.aborted) {
      log.warn({ ...fields, err: error }, "message lost to another consumer");
      return;
    }
    try {
      await settle(error);
    } catch (settling) {
      // It comes back by itself when its visibility timeout ends.
      log.debug({ ...fields, err: settling }, "message not handed back early");
    }
  }

  async function settle(error: unknown): Promise<void> {
    if (signal.aborted) return setVisibility(0);
    const longestRetrySeconds = options.longestRetrySeconds ?? LONGEST_RETRY_SECONDS;
    const verdict = afterFailure({ error, receiveCount, failures, longestRetrySeconds, random: Math.random() });
    log.warn({ ...fields, err: error, verdict }, "message failed");
    switch (verdict.kind) {
      case "hand back":
        return setVisibility(verdict.seconds);
      case "renew":
        return sendCopy(failures, verdict.seconds);
      case "try again":
        return sendCopy(verdict.failures, verdict.seconds);
      case "set aside":
        return setAside(verdict.reason, verdict.failures);
    }
  }

  /**
   * First the copy, then the deletion: a crash between them makes two of it, never none, and handlers are safe to run
   * twice.
   */
  async function sendCopy(count: number, delaySeconds: number): Promise<void> {
    await send(queueUrl, attributesOf(count), delaySeconds);
    await remove();
  }

  async function setAside(reason: string, count: number): Promise<void> {
    const deadLetterUrl = await findQueueUrl(sqs, queue.deadLetterName, signal);
    await send(deadLetterUrl, { ...attributesOf(count), [REASON]: textAttribute(reason) }, 0);
    await remove();
    log.error({ ...fields, failures: count, reason }, "message set aside");
  }

  async function send(url: string, attributes: Record<string, MessageAttributeValue>, delay: number): Promise<void> {
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: url,
        MessageBody: message.Body,
        MessageAttributes: attributes,
        DelaySeconds: Math.min(MAX_DELAY_SECONDS, Math.ceil(delay)),
      }),
    );
  }

  async function remove(): Promise<void> {
    await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receiptHandle }));
  }

  async function setVisibility(seconds: number): Promise<void> {
    await sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queueUrl,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: Math.max(0, Math.min(MAX_VISIBILITY_SECONDS, Math.ceil(seconds))),
      }),
    );
  }

  async function keepInvisible(): Promise<void> {
    for (;;) {
      await pause((visibilityTimeoutSeconds * 1_000) / 3, over.signal);
      if (over.signal.aborted) return;
      try {
        await setVisibility(visibilityTimeoutSeconds);
      } catch (error) {
        log.warn({ ...fields, err: error }, "message could not be held");
        if (error instanceof Error && GONE_ERRORS.has(error.name)) {
          lost.abort();
          return;
        }
      }
    }
  }

  async function endHeartbeat(): Promise<void> {
    over.abort();
    await heartbeat;
  }
}

const GONE_ERRORS: ReadonlySet<string> = new Set([
  "ReceiptHandleIsInvalid",
  "MessageNotInflight",
  "InvalidParameterValue",
]);

type ReadBody<Body> =
  | { readonly kind: "read"; readonly body: Body }
  | { readonly kind: "refused"; readonly reason: string }
  /** Of a later release, whose workers run beside this one during an update. */
  | { readonly kind: "newer" };

function readBody<Body>(schema: z.ZodType<Body>, text: string): ReadBody<Body> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "refused", reason: "The body is not JSON." };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { kind: "read", body: parsed.data };
  if (isNewer(value)) return { kind: "newer" };
  return { kind: "refused", reason: `The body is not a message of this queue: ${z.prettifyError(parsed.error)}` };
}

async function findQueueUrl(sqs: SQSClient, QueueName: string, signal: AbortSignal): Promise<string> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }), { abortSignal: signal });
  if (QueueUrl === undefined) throw new Error(`SQS gave no URL for queue ${QueueName}`);
  return QueueUrl;
}

function attributesOf(failures: number): Record<string, MessageAttributeValue> {
  return failures === 0 ? {} : { [FAILURES]: { DataType: "Number", StringValue: String(failures) } };
}
