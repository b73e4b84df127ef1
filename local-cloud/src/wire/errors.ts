import { DiskFullError, isDiskFull } from "../storage/disk-full.ts";
import { Fault } from "./handler.ts";
import type { Model } from "./model.ts";
import type { StructureShape } from "./shape.ts";

/** An error in the terms that every protocol can write down. */
export interface WireError {
  /** Name of the exception's shape, such as `QueueDoesNotExist`: what JSON and REST protocols send. */
  readonly code: string;
  /** Code that the query protocols send, such as `AWS.SimpleQueueService.NonExistentQueue`. */
  readonly queryCode: string;
  readonly message: string;
  readonly statusCode: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** The exception's members and their shape, when the model declares it. */
  readonly shape: StructureShape | undefined;
  readonly members: Readonly<Record<string, unknown>>;
}

/**
 * Describes an expected failure; undefined means that the error is a defect of ours and its text must not leave the
 * process.
 */
export function describeError(error: unknown, model: Model): WireError | undefined {
  if (isDiskFull(error)) return describeError(unavailable(new DiskFullError().message), model);
  if (!(error instanceof Error)) return undefined;
  const isFault = error instanceof Fault;
  if (!isFault && !("$fault" in error)) return undefined;
  const code = isFault ? error.code : error.name;
  const shape = model.errors.get(code) ?? findByQueryCode(model, code);
  const { httpError, error: fault, awsQueryError } = shape?.traits ?? {};
  const [queryCode = code, queryStatus] = awsQueryError ?? [];
  const modelStatus = httpError ?? queryStatus ?? (fault === "server" ? 500 : 400);
  return {
    code: shape?.name ?? code,
    queryCode,
    message: error.message,
    statusCode: isFault && (!shape || error.statusCode !== 400) ? error.statusCode : modelStatus,
    fields: isFault ? (error.details.fields ?? {}) : {},
    headers: isFault ? (error.details.headers ?? {}) : {},
    shape,
    members: { ...error, message: error.message, Message: error.message },
  };
}

/** What cannot be done now but may be later: every client tries again. */
function unavailable(message: string): Fault {
  return new Fault("ServiceUnavailable", message, 503);
}

/** What the caller sees when a handler fails in a way that nobody foresaw. */
export function internalError(protocolIsS3: boolean): WireError {
  const code = protocolIsS3 ? "InternalError" : "InternalFailure";
  const message = "We encountered an internal error. Please try again.";
  return { code, queryCode: code, message, statusCode: 500, fields: {}, headers: {}, shape: undefined, members: {} };
}

function findByQueryCode(model: Model, code: string): StructureShape | undefined {
  for (const shape of model.errors.values()) {
    if (shape.traits.awsQueryError?.[0] === code) return shape;
  }
  return undefined;
}
