import type {
  Message,
  MessageSystemAttributeName,
  ReceiveMessageCommandInput,
  ReceiveMessageCommandOutput,
} from "@aws-sdk/client-sqs";
import type { Call, Handler } from "../wire/handler.ts";
import { queueArn, queueNameOfArn, retentionLimit, type SqsContext } from "./context.ts";
import { md5OfAttributes, md5OfText } from "./md5.ts";
import { attributesFromJson, checkRange, selectedAttributes } from "./message.ts";
import type { StoredMessage } from "./message-store.ts";
import { numberAttribute, redrivePolicyOf } from "./queue-attributes.ts";
import type { Queue } from "./queue-store.ts";
import { receiptHandleOf } from "./receipt-handle.ts";

const SENDER = "AIDALOCALCLOUD";

interface Look {
  readonly taken: readonly StoredMessage[];
  /** Ids of dead-letter queues and how many messages went there. */
  readonly moved: ReadonlyMap<number, number>;
  /** When a message becomes visible by itself: of those taken, else of those in flight or delayed. */
  readonly nextVisibleAt: number | null;
  readonly version: number;
}

export function receiveOperations(context: SqsContext) {
  const { queues, messages, commit, waiters, traffic, now, closing } = context;

  const ReceiveMessage: Handler<ReceiveMessageCommandInput, ReceiveMessageCommandOutput> = async (input, call) => {
    const queue = queues.get(input.QueueUrl);
    checkRange("MaxNumberOfMessages", input.MaxNumberOfMessages, 1, 10);
    checkRange("WaitTimeSeconds", input.WaitTimeSeconds, 0, 20);
    checkRange("VisibilityTimeout", input.VisibilityTimeout, 0, 43_200);
    const waitSeconds = input.WaitTimeSeconds ?? numberAttribute(queue.attributes, "ReceiveMessageWaitTimeSeconds");
    const deadline = performance.now() + waitSeconds * 1000;
    const { MaxNumberOfMessages: limit = 1, VisibilityTimeout: timeoutSeconds } = input;
    for (;;) {
      if (call.signal.aborted || closing.aborted) return {};
      const seen = await commit.run(() => look(queues.current(queue), limit, timeoutSeconds));
      for (const [deadLetterQueueId, count] of seen.moved) waiters.wake(deadLetterQueueId, count);
      if (seen.taken.length > 0) {
        if (call.signal.aborted) return await giveBack(queue, seen.taken);
        traffic.add(queue.id, "received", seen.taken.length);
        wakeWhenVisible(queue, seen);
        return { Messages: seen.taken.map((message) => toMessage(queue, message, input, call)) };
      }
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) break;
      const wait = waiters.wait(queue.id, seen.version, leftMs, call.signal);
      wakeWhenVisible(queue, seen);
      await wait;
    }
    traffic.add(queue.id, "emptyReceives");
    return {};
  };

  function look(queue: Queue, limit: number, timeoutSeconds: number | undefined): Look {
    const at = now().getTime();
    const visibleAt = at + (timeoutSeconds ?? numberAttribute(queue.attributes, "VisibilityTimeout")) * 1000;
    const redrive = redrivePolicyOf(queue.attributes);
    const deadLetters = redrive ? queues.find(queueNameOfArn(redrive.deadLetterTargetArn)) : undefined;
    const taken: StoredMessage[] = [];
    const moved = new Map<number, number>();
    while (taken.length < limit) {
      const range = { now: at, sentAfter: retentionLimit(queue, at), limit: limit - taken.length };
      // A message taken with a visibility timeout of 0 stays visible: it is not taken twice into one answer.
      const found = messages
        .listVisible(queue.id, range)
        .filter(({ sequence }) => !taken.some((one) => one.sequence === sequence));
      if (found.length === 0) break;
      for (const message of found) {
        if (redrive && deadLetters && message.receiveCount >= redrive.maxReceiveCount) {
          messages.move(message.sequence, { queueId: deadLetters.id, movedFrom: queue.name, now: at });
          moved.set(deadLetters.id, (moved.get(deadLetters.id) ?? 0) + 1);
        } else {
          messages.markReceived(message.sequence, at, visibleAt);
          taken.push(received(message, at));
        }
      }
    }
    const nextVisibleAt = taken.length > 0 ? visibleAt : messages.nextVisibleAt(queue.id, at);
    return { taken, moved, nextVisibleAt, version: waiters.version(queue.id) };
  }

  function wakeWhenVisible(queue: Queue, { nextVisibleAt }: Look): void {
    if (nextVisibleAt !== null) waiters.wakeIn(queue.id, Math.max(1, nextVisibleAt - now().getTime()));
  }

  /** The caller hung up between the look and the answer: nobody else should have to wait for the visibility timeout. */
  async function giveBack(queue: Queue, taken: readonly StoredMessage[]): Promise<Answer> {
    const at = now().getTime();
    await commit.run(() => {
      for (const { sequence, receiptNumber } of taken)
        messages.unreceive({ queueId: queue.id, sequence, receiptNumber }, at);
    });
    waiters.wake(queue.id, taken.length);
    return {};
  }

  return { ReceiveMessage };
}

type Answer = Omit<ReceiveMessageCommandOutput, "$metadata">;

/** The row as `markReceived` left it. */
function received(message: StoredMessage, now: number): StoredMessage {
  return {
    ...message,
    receiveCount: message.receiveCount + 1,
    receiptNumber: message.receiptNumber + 1,
    firstReceivedAt: message.firstReceivedAt ?? now,
  };
}

function toMessage(queue: Queue, message: StoredMessage, input: ReceiveMessageCommandInput, call: Call): Message {
  const attributes = selectedAttributes(attributesFromJson(message.attributes), input.MessageAttributeNames ?? []);
  const wanted: readonly string[] = [...(input.MessageSystemAttributeNames ?? []), ...(input.AttributeNames ?? [])];
  const system = Object.entries(systemAttributes(message, call)).filter(
    ([name]) => wanted.includes("All") || wanted.includes(name),
  );
  return {
    MessageId: message.messageId,
    ReceiptHandle: receiptHandleOf({
      queueId: queue.id,
      sequence: message.sequence,
      receiptNumber: message.receiptNumber,
    }),
    Body: message.body,
    MD5OfBody: md5OfText(message.body),
    Attributes: system.length > 0 ? Object.fromEntries(system) : undefined,
    MessageAttributes: Object.keys(attributes).length > 0 ? { ...attributes } : undefined,
    MD5OfMessageAttributes: md5OfAttributes(attributes),
  };
}

function systemAttributes(message: StoredMessage, call: Call): Partial<Record<MessageSystemAttributeName, string>> {
  return {
    SenderId: SENDER,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt ?? message.sentAt),
    ...(message.traceHeader !== null && { AWSTraceHeader: message.traceHeader }),
    ...(message.movedFrom !== null && { DeadLetterQueueSourceArn: queueArn(call, message.movedFrom) }),
  };
}
