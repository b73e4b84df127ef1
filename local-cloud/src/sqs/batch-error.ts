import { type BatchResultErrorEntry, SQSServiceException } from "@aws-sdk/client-sqs";
import { Fault } from "../wire/handler.ts";

/** One entry's failure inside a batch that succeeds as a whole; what no caller can have caused is thrown on. */
export function batchError(id: string | undefined, error: unknown): BatchResultErrorEntry {
  if (error instanceof Fault) return { Id: id, SenderFault: true, Code: error.code, Message: error.message };
  if (error instanceof SQSServiceException)
    return { Id: id, SenderFault: true, Code: error.name, Message: error.message };
  throw error;
}
