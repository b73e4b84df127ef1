import type { MessageAttributeValue } from "@aws-sdk/client-sqs";

/** Attribute of a message in a dead-letter queue: why it is there. */
export const REASON = "Reason";
const MAX_LENGTH = 1_000;

/** A text as SQS takes it in an attribute: not empty, without the characters that XML 1.0 leaves out. */
export function textAttribute(text: string): MessageAttributeValue {
  const clean = text.replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD]/gu, "?").slice(0, MAX_LENGTH);
  return { DataType: "String", StringValue: clean === "" ? "-" : clean };
}
