import { InvalidAttributeName, InvalidAttributeValue, UnsupportedOperation } from "@aws-sdk/client-sqs";
import { z } from "zod";
import { Fault } from "../wire/handler.ts";

/** Attributes as their owner set them; what is absent has the default. */
export type QueueAttributes = Readonly<Record<string, string>>;

interface Range {
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Seconds, but MaximumMessageSize: bytes.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
 */
const NUMBERS = {
  DelaySeconds: { default: 0, min: 0, max: 900 },
  MaximumMessageSize: { default: 1_048_576, min: 1024, max: 1_048_576 },
  MessageRetentionPeriod: { default: 345_600, min: 60, max: 1_209_600 },
  ReceiveMessageWaitTimeSeconds: { default: 0, min: 0, max: 20 },
  VisibilityTimeout: { default: 30, min: 0, max: 43_200 },
} as const satisfies Readonly<Record<string, Range>>;

export type NumberAttribute = keyof typeof NUMBERS;

/** Attributes of SQS that nothing here would obey. They can be read, and set to nothing. */
const UNSUPPORTED: ReadonlySet<string> = new Set([
  "KmsDataKeyReusePeriodSeconds",
  "KmsMasterKeyId",
  "Policy",
  "RedriveAllowPolicy",
]);
const UNENCRYPTED = "local-cloud does not support queues without encryption.";
const ENCRYPTION = "SqsManagedSseEnabled"; // on, as with every new queue of SQS

/** What GetQueueAttributes knows besides what can be set. */
const COMPUTED_ATTRIBUTES = [
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesDelayed",
  "ApproximateNumberOfMessagesNotVisible",
  "CreatedTimestamp",
  "LastModifiedTimestamp",
  "QueueArn",
] as const;

const RedrivePolicySchema = z.object({
  deadLetterTargetArn: z.string().min(1),
  // Clients send it as a number or as text; AWS takes both.
  maxReceiveCount: z.coerce.number().int().min(1).max(1000),
});
export type RedrivePolicy = z.infer<typeof RedrivePolicySchema>;

export function numberAttribute(attributes: QueueAttributes, name: NumberAttribute): number {
  return Number(attributes[name] ?? NUMBERS[name].default);
}

/** Null when messages are never moved to a dead-letter queue. */
export function redrivePolicyOf(attributes: QueueAttributes): RedrivePolicy | null {
  const text = attributes.RedrivePolicy;
  return text ? RedrivePolicySchema.parse(JSON.parse(text)) : null;
}

export function isAttributeName(name: string): boolean {
  return (
    name === "All" ||
    name === "RedrivePolicy" ||
    name in NUMBERS ||
    name === ENCRYPTION ||
    UNSUPPORTED.has(name) ||
    (COMPUTED_ATTRIBUTES as readonly string[]).includes(name)
  );
}

/** Settable attributes with their defaults filled in. */
export function effectiveAttributes(attributes: QueueAttributes): Record<string, string> {
  const defaults = Object.entries(NUMBERS).map(([name, range]) => [name, String(range.default)]);
  return { ...Object.fromEntries(defaults), [ENCRYPTION]: "true", ...attributes };
}

/**
 * The attributes after a change; an empty RedrivePolicy removes it. `queueExists` answers for the dead-letter queue's
 * ARN.
 * Throws InvalidAttributeName, InvalidAttributeValue and InvalidParameterValue as SQS does.
 */
export function changedAttributes(
  before: QueueAttributes,
  changes: Readonly<Record<string, string | undefined>>,
  queueExists: (arn: string) => boolean,
): QueueAttributes {
  const after: Record<string, string> = { ...before };
  for (const [name, value = ""] of Object.entries(changes)) {
    if (isNumberAttribute(name)) after[name] = checkedNumber(name, value);
    else if (name === "RedrivePolicy") setOrRemove(after, name, value && checkedRedrivePolicy(value, queueExists));
    else if (name === ENCRYPTION) after[name] = checkedEncryption(value);
    else if (UNSUPPORTED.has(name)) checkUnset(name, value);
    else throw new InvalidAttributeName({ message: `Unknown Attribute ${name}.`, $metadata: {} });
  }
  return after;
}

function isNumberAttribute(name: string): name is NumberAttribute {
  return Object.hasOwn(NUMBERS, name);
}

function setOrRemove(attributes: Record<string, string>, name: string, value: string): void {
  if (value === "") delete attributes[name];
  else attributes[name] = value;
}

function checkUnset(name: string, value: string): void {
  if (value === "") return;
  const message = `local-cloud does not support the queue attribute ${name}.`;
  throw new UnsupportedOperation({ message, $metadata: {} });
}

function checkedEncryption(value: string): string {
  if (value === "true") return value;
  if (value === "false") throw new UnsupportedOperation({ message: UNENCRYPTED, $metadata: {} });
  const message = `Invalid value for the parameter ${ENCRYPTION}.`;
  throw new InvalidAttributeValue({ message, $metadata: {} });
}

function checkedNumber(name: NumberAttribute, text: string): string {
  const { min, max } = NUMBERS[name];
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new InvalidAttributeValue({
      message: `Invalid value for the parameter ${name}: "${text}" is not a whole number from ${min} to ${max}.`,
      $metadata: {},
    });
  }
  return String(value);
}

function checkedRedrivePolicy(text: string, queueExists: (arn: string) => boolean): string {
  const invalid = (reason: string) =>
    new Fault("InvalidParameterValue", `Value ${text} for parameter RedrivePolicy is invalid. Reason: ${reason}`);
  const policy = RedrivePolicySchema.safeParse(parsedJson(text));
  if (!policy.success) throw invalid("It needs deadLetterTargetArn, and maxReceiveCount from 1 to 1000.");
  if (!queueExists(policy.data.deadLetterTargetArn)) throw invalid("Dead letter target does not exist.");
  return JSON.stringify(policy.data);
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused by the schema, with the schema's sentence
  }
}
