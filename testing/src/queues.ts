import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
  type SQSClientConfig,
} from "@aws-sdk/client-sqs";
import {
  MAX_RECEIVE_COUNT,
  QUEUE_KEYS,
  type QueueKey,
  type Resources,
  resourcesOf,
} from "@elastic-gas/shared/resources";

/** The installation's queues on a cloud that a test started. */
export interface TestQueues extends Disposable {
  readonly sqs: SQSClient;
  readonly resources: Resources;
  send(queue: QueueKey, body: string): Promise<void>;
  /** Bodies of the visible messages, which stay. */
  bodies(queue: QueueKey): Promise<readonly unknown[]>;
  /** Messages of a dead-letter queue, which stay. */
  deadLetters(queue: QueueKey): Promise<readonly { readonly body: string; readonly reason: string | undefined }[]>;
  /** Messages of the queue in any state: visible, in flight or delayed. */
  count(queue: QueueKey): Promise<number>;
  sendDead(queue: QueueKey, body: string): Promise<void>;
}

export async function createTestQueues(options: SQSClientConfig, PREFIX = "kit"): Promise<TestQueues> {
  const sqs = new SQSClient(options);
  const resources = resourcesOf({ PREFIX });
  const urls = new Map<string, string>();
  for (const key of QUEUE_KEYS) {
    const { name, deadLetterName } = resources.queues[key];
    for (const QueueName of [name, deadLetterName]) {
      const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName }));
      urls.set(QueueName, QueueUrl);
    }
    const attributes = await attributesOf(urlOf(deadLetterName), ["QueueArn"]);
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: attributes.QueueArn,
      maxReceiveCount: MAX_RECEIVE_COUNT,
    });
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: urlOf(name), Attributes: { RedrivePolicy } }));
  }
  const send = async (name: string, MessageBody: string) => {
    await sqs.send(new SendMessageCommand({ QueueUrl: urlOf(name), MessageBody }));
  };
  const look = async (name: string) => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: urlOf(name),
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 0,
        MessageAttributeNames: ["All"],
      }),
    );
    return Messages;
  };
  return {
    sqs,
    resources,
    send: (queue, body) => send(resources.queues[queue].name, body),
    sendDead: (queue, body) => send(resources.queues[queue].deadLetterName, body),
    async bodies(queue) {
      const messages = await look(resources.queues[queue].name);
      return messages.map(({ Body }): unknown => JSON.parse(Body ?? ""));
    },
    async deadLetters(queue) {
      const messages = await look(resources.queues[queue].deadLetterName);
      return messages.map(({ Body = "", MessageAttributes }) => ({
        body: Body,
        reason: MessageAttributes?.Reason?.StringValue,
      }));
    },
    async count(queue) {
      const attributes = await attributesOf(urlOf(resources.queues[queue].name), [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
      ]);
      return Object.values(attributes).reduce((sum, each) => sum + Number(each), 0);
    },
    [Symbol.dispose]: () => sqs.destroy(),
  };

  function urlOf(name: string): string {
    return urls.get(name) ?? "";
  }

  async function attributesOf(
    QueueUrl: string,
    AttributeNames: ("QueueArn" | `ApproximateNumberOf${"Messages" | "MessagesNotVisible" | "MessagesDelayed"}`)[],
  ): Promise<Record<string, string>> {
    const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
    return Attributes;
  }
}
