import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { WireError } from "../errors.ts";
import type { Operation } from "../model.ts";

export type Parameters = readonly (readonly [name: string, value: string])[];

/** A request whose signature is being or has been checked. */
export interface WireRequest {
  readonly method: string;
  /** Path as sent, still percent-encoded, without the query. */
  readonly path: string;
  readonly query: Parameters;
  readonly headers: IncomingHttpHeaders;
  /** Bytes for operations that fit in memory, pieces as they come for the others. */
  readonly body: Buffer | AsyncIterable<Uint8Array>;
}

export interface WireResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: string | Uint8Array | Readable | undefined;
}

export type Value = Record<string, unknown>;

/** Translates between bytes and the values that handlers use. */
export interface Protocol {
  decode(operation: Operation, request: WireRequest): Value;
  encode(operation: Operation, output: Value, requestId: string): WireResponse;
  encodeError(error: WireError, requestId: string): WireResponse;
}

export function bufferOf(body: WireRequest["body"]): Buffer {
  if (Buffer.isBuffer(body)) return body;
  throw new Error("A streamed body reached a protocol that reads it whole.");
}
