import {
  BatchEntryIdsNotDistinct,
  BatchRequestTooLong,
  EmptyBatchRequest,
  InvalidBatchEntryId,
  InvalidMessageContents,
  type MessageAttributeValue,
  TooManyEntriesInBatchRequest,
} from "@aws-sdk/client-sqs";
import { Fault } from "../wire/handler.ts";
import type { MessageAttributes } from "./md5.ts";

/**
 * Bytes of a message with its attributes, and of a batch.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
const MAX_MESSAGE_BYTES = 1_048_576;
const MAX_ATTRIBUTES = 10;
const MAX_BATCH_ENTRIES = 10;

// The characters of XML 1.0, which is what SQS takes; a lone surrogate is none of them.
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const ATTRIBUTE_NAME = /^(?!\.)(?!.*\.\.)(?!aws\.)(?!amazon\.)[A-Za-z0-9_.-]{1,256}(?<!\.)$/i;
const DATA_TYPE = /^(String|Number|Binary)(\.[^\s]{1,250})?$/;

/** Size in bytes as SQS counts it. Throws when the message cannot be taken. */
export function checkedMessageSize(body: string | undefined, attributes: MessageAttributes, maxBytes: number): number {
  if (body === undefined || body === "")
    throw new Fault("MissingParameter", "The request must contain the parameter MessageBody.");
  if (FORBIDDEN.test(body)) {
    throw new InvalidMessageContents({
      message: "The message contains characters outside the allowed set.",
      $metadata: {},
    });
  }
  if (Object.keys(attributes).length > MAX_ATTRIBUTES) {
    throw invalid(`Number of message attributes exceeds the allowed maximum of ${MAX_ATTRIBUTES}.`);
  }
  let bytes = Buffer.byteLength(body);
  for (const [name, value] of Object.entries(attributes)) bytes += checkedAttributeSize(name, value);
  if (bytes > maxBytes)
    throw invalid(`One or more parameters are invalid. Reason: Message must be shorter than ${maxBytes} bytes.`);
  return bytes;
}

function checkedAttributeSize(
  name: string,
  { DataType = "", StringValue, BinaryValue }: MessageAttributeValue,
): number {
  if (!ATTRIBUTE_NAME.test(name)) throw invalid(`Invalid message attribute name "${name}".`);
  const kind = DATA_TYPE.exec(DataType)?.[1];
  if (!kind)
    throw invalid(`The type of message attribute "${name}" is invalid: it must begin with String, Number or Binary.`);
  const value = kind === "Binary" ? BinaryValue : StringValue;
  if (value === undefined || value.length === 0)
    throw invalid(`Message attribute "${name}" must have a non-empty value of its type.`);
  if (kind === "Number" && !Number.isFinite(Number(StringValue)))
    throw invalid(`Can't cast the value of message attribute "${name}" to a number.`);
  return (
    Buffer.byteLength(name) +
    Buffer.byteLength(DataType) +
    (typeof value === "string" ? Buffer.byteLength(value) : value.length)
  );
}

/** Throws when a parameter that SQS limits to a range lies outside it. */
export function checkRange(name: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined) return;
  if (!Number.isInteger(value) || value < min || value > max) {
    throw invalid(
      `Value ${value} for parameter ${name} is invalid. Reason: Must be between ${min} and ${max}, if provided.`,
    );
  }
}

/** Throws when a batch is refused as a whole. */
export function checkBatch(ids: readonly (string | undefined)[], totalBytes = 0): void {
  const $metadata = {};
  if (ids.length === 0)
    throw new EmptyBatchRequest({ message: "There should be at least one entry in the request.", $metadata });
  if (ids.length > MAX_BATCH_ENTRIES) {
    const message = `Maximum number of entries per request are ${MAX_BATCH_ENTRIES}. You have sent ${ids.length}.`;
    throw new TooManyEntriesInBatchRequest({ message, $metadata });
  }
  const bad = ids.find((id) => !/^[A-Za-z0-9_-]{1,80}$/.test(id ?? ""));
  if (bad !== undefined || ids.includes(undefined)) {
    const message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores, at most 80.";
    throw new InvalidBatchEntryId({ message, $metadata });
  }
  const repeated = ids.find((id, index) => ids.indexOf(id) !== index);
  if (repeated !== undefined) throw new BatchEntryIdsNotDistinct({ message: `Id ${repeated} repeated.`, $metadata });
  if (totalBytes > MAX_MESSAGE_BYTES) {
    const message = `Batch requests cannot be longer than ${MAX_MESSAGE_BYTES} bytes. You have sent ${totalBytes} bytes.`;
    throw new BatchRequestTooLong({ message, $metadata });
  }
}

/** The attributes that a receiver asked for: by name, `prefix.*`, `.*` or `All`. */
export function selectedAttributes(attributes: MessageAttributes, wanted: readonly string[]): MessageAttributes {
  const matches = (name: string) =>
    wanted.some(
      (want) => want === "All" || want === name || (want.endsWith(".*") && name.startsWith(want.slice(0, -2))),
    );
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => matches(name)));
}

/** JSON for the database: binary values as base64. */
export function attributesToJson(attributes: MessageAttributes): string {
  const plain = Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
    name,
    { DataType, StringValue, BinaryValue: BinaryValue && Buffer.from(BinaryValue).toString("base64") },
  ]);
  return JSON.stringify(Object.fromEntries(plain));
}

export function attributesFromJson(json: string): MessageAttributes {
  const stored = JSON.parse(json) as Record<
    string,
    Omit<MessageAttributeValue, "BinaryValue"> & { BinaryValue?: string }
  >;
  return Object.fromEntries(
    Object.entries(stored).map(([name, { BinaryValue, ...rest }]) => [
      name,
      BinaryValue === undefined ? rest : { ...rest, BinaryValue: new Uint8Array(Buffer.from(BinaryValue, "base64")) },
    ]),
  );
}

function invalid(message: string): Fault {
  return new Fault("InvalidParameterValue", message);
}
