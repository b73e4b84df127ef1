import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { z } from "zod";
import type { Logger } from "../logger.ts";
import { pause } from "../shutdown.ts";

/** What a handler decides about its message. */
export type Handled =
  /** Done, or nothing to do: the message is deleted. */
  | { readonly kind: "done" }
  /** Not now: the message comes back after this many seconds. Counts as a receive, so an endless wait must send a fresh message instead. */
  | { readonly kind: "later"; readonly seconds: number };

export const DONE: Handled = { kind: "done" };

export interface ConsumerOptions<Body> {
  readonly sqs: SQSClient;
  readonly queueName: string;
  readonly schema: z.ZodType<Body>;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly visibilityTimeoutSeconds: number;
  /** True while this worker shall take no more messages (its drain flag); asked before each receive. */
  readonly isDraining?: () => boolean;
  /**
   * Must be safe to run twice. `stop` aborts when the process stops or the message can no longer be held: finish quickly, or throw to hand it back at once.
   */
  readonly handle: (
    body: Body,
    context: { readonly stop: AbortSignal; readonly receiveCount: number },
  ) => Promise<Handled>;
}

const LONG_POLL_SECONDS = 20;
const RETRY_PAUSE_MS = 1_000;
const DRAINING_PAUSE_MS = 500;
/** SQS holds a message for 12 hours in all. */
const MAX_VISIBILITY_SECONDS = 43_200;

/**
 * Takes messages one at a time by long polling until the signal aborts, extending the visibility timeout at a third of it while the handler works. A message
 * that fails becomes visible again after a growing pause and goes to the dead-letter queue after 4 receives; a body that the schema refuses fails in the same
 * way, so nothing is silently dropped. Survives SQS failing. Resolves after the last handler has ended.
 */
export async function consume<Body>(options: ConsumerOptions<Body>): Promise<void> {
  const { sqs, queueName, log, signal } = options;
  let queueUrl: string | undefined;
  while (!signal.aborted) {
    if (options.isDraining?.() === true) {
      await pause(DRAINING_PAUSE_MS, signal);
      continue;
    }
    try {
      queueUrl ??= (await sqs.send(new GetQueueUrlCommand({ QueueName: queueName }), { abortSignal: signal })).QueueUrl;
      if (queueUrl === undefined) throw new Error(`SQS gave no URL for queue ${queueName}`);
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: 1,
          WaitTimeSeconds: LONG_POLL_SECONDS,
          VisibilityTimeout: Math.ceil(options.visibilityTimeoutSeconds),
          MessageSystemAttributeNames: ["ApproximateReceiveCount"],
        }),
        { abortSignal: signal },
      );
      for (const message of Messages) await handleMessage(options, queueUrl, message);
    } catch (error) {
      if (signal.aborted) break;
      log.warn({ queue: queueName, err: error }, "queue not reachable, tried again");
      queueUrl = undefined;
      await pause(RETRY_PAUSE_MS, signal);
    }
  }
}

async function handleMessage<Body>(options: ConsumerOptions<Body>, queueUrl: string, message: Message): Promise<void> {
  const { sqs, queueName, schema, log, signal, handle, visibilityTimeoutSeconds } = options;
  const receiptHandle = message.ReceiptHandle;
  if (receiptHandle === undefined) return;
  const receiveCount = Number(message.Attributes?.ApproximateReceiveCount ?? "1");
  const setVisibility = (seconds: number) =>
    sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queueUrl,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: Math.max(0, Math.min(MAX_VISIBILITY_SECONDS, Math.ceil(seconds))),
      }),
    );

  const lost = new AbortController();
  const over = new AbortController();
  const stop = AbortSignal.any([signal, lost.signal]);
  const heartbeat = keepInvisible();
  try {
    const body = schema.parse(JSON.parse(message.Body ?? ""));
    const handled = await handle(body, { stop, receiveCount });
    await endHeartbeat();
    switch (handled.kind) {
      case "done":
        await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receiptHandle }));
        return;
      case "later":
        await setVisibility(handled.seconds);
        return;
    }
  } catch (error) {
    await endHeartbeat();
    if (!signal.aborted)
      log.warn({ queue: queueName, messageId: message.MessageId, receiveCount, err: error }, "message failed");
    await handBack(signal.aborted ? 0 : retrySeconds(receiveCount, visibilityTimeoutSeconds));
  }

  async function keepInvisible(): Promise<void> {
    for (;;) {
      await pause((visibilityTimeoutSeconds * 1_000) / 3, over.signal);
      if (over.signal.aborted) return;
      try {
        await setVisibility(visibilityTimeoutSeconds);
      } catch (error) {
        log.warn({ queue: queueName, messageId: message.MessageId, err: error }, "message could not be held");
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

  async function handBack(seconds: number): Promise<void> {
    try {
      await setVisibility(seconds);
    } catch (error) {
      // It comes back by itself when its visibility timeout ends.
      log.debug({ queue: queueName, err: error }, "message not handed back early");
    }
  }
}

const GONE_ERRORS: ReadonlySet<string> = new Set([
  "ReceiptHandleIsInvalid",
  "MessageNotInflight",
  "InvalidParameterValue",
]);

/** Seconds until a failed message is seen again: 1, 4, 16, ..., never beyond the visibility timeout. */
function retrySeconds(receiveCount: number, visibilityTimeoutSeconds: number): number {
  return Math.min(visibilityTimeoutSeconds, 4 ** (receiveCount - 1));
}
