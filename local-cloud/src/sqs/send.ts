import { randomUUID } from "node:crypto";
import {
  type BatchResultErrorEntry,
  type MessageAttributeValue,
  type SendMessageBatchCommandInput,
  type SendMessageBatchCommandOutput,
  type SendMessageBatchResultEntry,
  type SendMessageCommandInput,
  type SendMessageCommandOutput,
  UnsupportedOperation,
} from "@aws-sdk/client-sqs";
import { Fault, type Handler } from "../wire/handler.ts";
import { batchError } from "./batch-error.ts";
import type { SqsContext } from "./context.ts";
import { md5OfAttributes, md5OfText } from "./md5.ts";
import { attributesToJson, checkBatch, checkedMessageSize, checkRange } from "./message.ts";
import type { NewMessage } from "./message-store.ts";
import { numberAttribute } from "./queue-attributes.ts";
import type { Queue } from "./queue-store.ts";

interface Request {
  readonly MessageBody?: string | undefined;
  readonly DelaySeconds?: number | undefined;
  readonly MessageAttributes?: Record<string, MessageAttributeValue> | undefined;
  readonly MessageSystemAttributes?: Partial<Record<string, MessageAttributeValue>> | undefined;
  readonly MessageDeduplicationId?: string | undefined;
  readonly MessageGroupId?: string | undefined;
}

interface Accepted {
  readonly message: NewMessage;
  readonly result: {
    readonly MessageId: string;
    readonly MD5OfMessageBody: string;
    readonly MD5OfMessageAttributes: string | undefined;
  };
}

export function sendOperations(context: SqsContext) {
  const { queues, messages, commit, waiters, traffic, now } = context;

  const SendMessage: Handler<SendMessageCommandInput, SendMessageCommandOutput> = async (input) => {
    const queue = queues.get(input.QueueUrl);
    const accepted = accept(queue, input, now().getTime());
    await store(queue, [accepted]);
    return accepted.result;
  };

  const SendMessageBatch: Handler<SendMessageBatchCommandInput, SendMessageBatchCommandOutput> = async (input) => {
    const queue = queues.get(input.QueueUrl);
    const entries = input.Entries ?? [];
    const bytes = entries.map(({ MessageBody }) => Buffer.byteLength(MessageBody ?? ""));
    checkBatch(
      entries.map(({ Id }) => Id),
      bytes.reduce((sum, size) => sum + size, 0),
    );
    const accepted: Accepted[] = [];
    const Successful: SendMessageBatchResultEntry[] = [];
    const Failed: BatchResultErrorEntry[] = [];
    for (const entry of entries) {
      try {
        const one = accept(queue, entry, now().getTime());
        accepted.push(one);
        Successful.push({ Id: entry.Id, ...one.result });
      } catch (error) {
        Failed.push(batchError(entry.Id, error));
      }
    }
    if (accepted.length > 0) await store(queue, accepted);
    return { Successful, Failed };
  };

  async function store(queue: Queue, accepted: readonly Accepted[]): Promise<void> {
    await commit.run(() => {
      const { id } = queues.current(queue);
      for (const { message } of accepted) messages.insert(id, message);
    });
    traffic.add(queue.id, "sent", accepted.length);
    const at = now().getTime();
    const visible = accepted.filter(({ message }) => message.visibleAt <= at).length;
    if (visible > 0) waiters.wake(queue.id, visible);
    for (const { message } of accepted) if (message.visibleAt > at) waiters.wakeIn(queue.id, message.visibleAt - at);
  }

  return { SendMessage, SendMessageBatch };
}

/** Only a FIFO queue drops duplicates. A group would make a standard queue fair, which this one is not. */
function refuseOrdering({ MessageDeduplicationId, MessageGroupId }: Request): void {
  if (MessageDeduplicationId !== undefined) {
    const message = `Value ${MessageDeduplicationId} for parameter MessageDeduplicationId is invalid. Reason: The request includes a parameter that is not valid for this queue type.`;
    throw new Fault("InvalidParameterValue", message);
  }
  if (MessageGroupId !== undefined) {
    throw new UnsupportedOperation({ message: "local-cloud does not support MessageGroupId.", $metadata: {} });
  }
}

function accept(queue: Queue, request: Request, now: number): Accepted {
  const { MessageBody: body = "", MessageAttributes: attributes = {}, DelaySeconds } = request;
  checkRange("DelaySeconds", DelaySeconds, 0, 900);
  refuseOrdering(request);
  checkedMessageSize(body, attributes, numberAttribute(queue.attributes, "MaximumMessageSize"));
  const delaySeconds = DelaySeconds ?? numberAttribute(queue.attributes, "DelaySeconds");
  const messageId = randomUUID();
  return {
    message: {
      messageId,
      body,
      attributes: attributesToJson(attributes),
      traceHeader: request.MessageSystemAttributes?.AWSTraceHeader?.StringValue ?? null,
      sentAt: now,
      visibleAt: now + delaySeconds * 1000,
    },
    result: {
      MessageId: messageId,
      MD5OfMessageBody: md5OfText(body),
      MD5OfMessageAttributes: md5OfAttributes(attributes),
    },
  };
}
