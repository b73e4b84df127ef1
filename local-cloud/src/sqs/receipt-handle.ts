import { randomUUID } from "node:crypto";
import { ReceiptHandleIsInvalid } from "@aws-sdk/client-sqs";

/** One receive of one message: a later receive of the same message has a higher number and makes this one stale. */
export interface Receipt {
  readonly queueId: number;
  readonly sequence: number;
  readonly receiptNumber: number;
}

const HANDLE = /^(\d{1,15}):(\d{1,15}):(\d{1,15}):[0-9a-f-]{36}$/;

export function receiptHandleOf({ queueId, sequence, receiptNumber }: Receipt): string {
  return Buffer.from(`${queueId}:${sequence}:${receiptNumber}:${randomUUID()}`).toString("base64");
}

/** Throws ReceiptHandleIsInvalid for what was never a handle of this queue. */
export function parseReceiptHandle(handle: string | undefined, queueId: number): Receipt {
  const match = HANDLE.exec(Buffer.from(handle ?? "", "base64").toString("latin1"));
  const receipt = match && { queueId: Number(match[1]), sequence: Number(match[2]), receiptNumber: Number(match[3]) };
  if (!receipt || receipt.queueId !== queueId) {
    throw new ReceiptHandleIsInvalid({
      message: `The input receipt handle "${handle ?? ""}" is not a valid receipt handle.`,
      $metadata: {},
    });
  }
  return receipt;
}
