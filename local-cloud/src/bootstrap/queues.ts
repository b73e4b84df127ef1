import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { MAX_RECEIVE_COUNT, type Resources } from "@elastic-gas/shared/resources";

const RETENTION_SECONDS = 14 * 86_400; // the most that SQS allows: a dead letter must outlive a holiday

export async function ensureQueues(
  sqs: SQSClient,
  { queues }: Resources,
  visibilityTimeoutSeconds: number,
): Promise<void> {
  await Promise.all(
    Object.values(queues).map(async ({ name, deadLetterName }) => {
      const deadLetterUrl = await ensureQueue(sqs, deadLetterName, {
        MessageRetentionPeriod: String(RETENTION_SECONDS),
      });
      const deadLetterTargetArn = await getArn(sqs, deadLetterUrl);
      await ensureQueue(sqs, name, {
        VisibilityTimeout: String(Math.round(visibilityTimeoutSeconds)),
        MessageRetentionPeriod: String(RETENTION_SECONDS),
        ReceiveMessageWaitTimeSeconds: "20",
        RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: MAX_RECEIVE_COUNT }),
      });
    }),
  );
}

/** Attributes are set in a second step: creating a queue that exists with others is an error. */
async function ensureQueue(
  sqs: SQSClient,
  QueueName: string,
  Attributes: Readonly<Record<string, string>>,
): Promise<string> {
  const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName }));
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
  return QueueUrl;
}

async function getArn(sqs: SQSClient, QueueUrl: string): Promise<string> {
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
  if (Attributes?.QueueArn === undefined) throw new Error(`The queue ${QueueUrl} has no ARN.`);
  return Attributes.QueueArn;
}
