import { createHash } from "node:crypto";
import type { MessageAttributeValue } from "@aws-sdk/client-sqs";

export type MessageAttributes = Readonly<Record<string, MessageAttributeValue>>;

export function md5OfText(text: string): string {
  return createHash("md5").update(text, "utf8").digest("hex");
}

const TRANSPORT_STRING = 1;
const TRANSPORT_BINARY = 2;

/**
 * The digest that clients compare with their own; undefined without attributes.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
 */
export function md5OfAttributes(attributes: MessageAttributes | undefined): string | undefined {
  const names = Object.keys(attributes ?? {}).sort();
  if (!attributes || names.length === 0) return undefined;
  const hash = createHash("md5");
  const add = (bytes: Uint8Array) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of names) {
    const { DataType = "", StringValue, BinaryValue } = attributes[name] ?? {};
    add(Buffer.from(name, "utf8"));
    add(Buffer.from(DataType, "utf8"));
    hash.update(Uint8Array.of(DataType.startsWith("Binary") ? TRANSPORT_BINARY : TRANSPORT_STRING));
    add(DataType.startsWith("Binary") ? (BinaryValue ?? new Uint8Array()) : Buffer.from(StringValue ?? "", "utf8"));
  }
  return hash.digest("hex");
}
