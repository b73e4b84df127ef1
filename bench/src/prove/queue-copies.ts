import { GetQueueAttributesCommand, GetQueueUrlCommand, SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { MAX_DELAY_SECONDS } from "@elastic-gas/shared/reliability/outbox";
import { type QueueKey, resourcesOf } from "@elastic-gas/shared/resources";
import { clientOf } from "@elastic-gas/testing/system/clients";
import type { RunningSystem } from "@elastic-gas/testing/system/system";

const BATCH_SIZE = 10;

export interface QueuedMessage {
  readonly queue: QueueKey;
  readonly body: string;
  readonly delaySeconds?: number;
}

/** The queues of a running system, from outside. */
export interface OutsideQueues extends Disposable {
  send(messages: readonly QueuedMessage[]): Promise<void>;
  /** Messages of a queue in any state: visible, in flight or delayed. */
  count(queue: QueueKey): Promise<number>;
}

export async function outsideQueues(system: RunningSystem): Promise<OutsideQueues> {
  const sqs = await clientOf(SQSClient, system);
  const { queues } = resourcesOf({ PREFIX: system.prefix });
  const urls = new Map<QueueKey, string | undefined>();
  const urlOf = async (queue: QueueKey) => {
    const url = urls.get(queue) ?? (await sqs.send(new GetQueueUrlCommand({ QueueName: queues[queue].name }))).QueueUrl;
    urls.set(queue, url);
    return url;
  };
  const sendBatch = async (queue: QueueKey, messages: readonly QueuedMessage[]) => {
    const { Failed = [] } = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: await urlOf(queue),
        Entries: messages.map(({ body, delaySeconds = 0 }, index) => ({
          Id: String(index),
          MessageBody: body,
          DelaySeconds: Math.min(MAX_DELAY_SECONDS, delaySeconds),
        })),
      }),
    );
    if (Failed.length > 0) throw new Error(`${queue} took ${Failed.length} messages less than were sent`);
  };
  return {
    async send(messages) {
      for (const batch of batches(messages)) await sendBatch(batch[0]?.queue ?? "jobRequests", batch);
    },
    async count(queue) {
      const { Attributes = {} } = await sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl: await urlOf(queue),
          AttributeNames: [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
          ],
        }),
      );
      return Object.values(Attributes).reduce((sum, each) => sum + Number(each), 0);
    },
    [Symbol.dispose]: () => sqs.destroy(),
  };
}

/** In their order; what goes to one queue in a row travels together, as far as SQS takes it. */
export function batches<Message extends Pick<QueuedMessage, "queue">>(
  messages: readonly Message[],
): readonly (readonly Message[])[] {
  const found: Message[][] = [];
  for (const message of messages) {
    const last = found.at(-1);
    if (last !== undefined && last[0]?.queue === message.queue && last.length < BATCH_SIZE) last.push(message);
    else found.push([message]);
  }
  return found;
}
