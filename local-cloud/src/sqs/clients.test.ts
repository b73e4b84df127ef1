import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  QueueDoesNotExist,
  ReceiptHandleIsInvalid,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { expect, it, onTestFinished, vi } from "vitest";

async function startClient() {
  const cloud = await startTestCloud();
  onTestFinished(() => cloud[Symbol.asyncDispose]());
  const sqs = new SQSClient(cloud.clientConfig);
  onTestFinished(() => sqs.destroy());
  const { QueueUrl } = await sqs.send(
    new CreateQueueCommand({ QueueName: "jobs", Attributes: { VisibilityTimeout: "60" } }),
  );
  return { sqs, QueueUrl, cloud };
}

it("carries messages, attributes and their digests through the real client", async () => {
  const { sqs, QueueUrl, cloud } = await startClient();
  expect(QueueUrl).toBe(`${cloud.endpoint}/000000000000/jobs`);
  const MessageAttributes = {
    kind: { DataType: "String", StringValue: "test ä€😀" },
    raw: { DataType: "Binary", BinaryValue: new Uint8Array([0, 255]) },
  };
  // The client itself verifies the digests of bodies, sent and received.
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{"text":"ä€😀"}', MessageAttributes }));
  const Entries = ["b", "c"].map((Id) => ({ Id, MessageBody: Id }));
  expect((await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))).Successful).toHaveLength(2);
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ["All"],
      MessageSystemAttributeNames: ["All"],
    }),
  );
  expect(Messages.map(({ Body }) => Body)).toEqual(['{"text":"ä€😀"}', "b", "c"]);
  expect(Messages[0]?.MessageAttributes).toMatchObject(MessageAttributes);
  expect(Messages[0]?.Attributes?.ApproximateReceiveCount).toBe("1");
  const handles = Messages.map(({ ReceiptHandle }, index) => ({ Id: `m${index}`, ReceiptHandle }));
  expect((await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: handles }))).Successful).toHaveLength(3);
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
  expect(Attributes).toMatchObject({
    ApproximateNumberOfMessages: "0",
    ApproximateNumberOfMessagesNotVisible: "0",
    VisibilityTimeout: "60",
  });
});

it("throws the client's own exceptions", async () => {
  const { sqs, QueueUrl } = await startClient();
  const none = sqs.send(new SendMessageCommand({ QueueUrl: `${QueueUrl}-none`, MessageBody: "x" }));
  await expect(none).rejects.toThrow(QueueDoesNotExist);
  const bad = sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: "bad", VisibilityTimeout: 1 }));
  await expect(bad).rejects.toThrow(ReceiptHandleIsInvalid);
});

it("ends the long poll of a client that hung up, which then takes no message", async () => {
  const { sqs, QueueUrl } = await startClient();
  const caller = new AbortController();
  const poll = sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), { abortSignal: caller.signal });
  const ended = expect(poll).rejects.toThrow();
  setTimeout(() => caller.abort(), 100);
  await ended;
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }));
  await vi.waitFor(
    async () => expect((await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages).toHaveLength(1),
    { timeout: 120_000 },
  );
});
