import type { IncomingHttpHeaders } from "node:http";
import { Fault } from "../handler.ts";
import type { Parameters } from "../protocol/protocol.ts";

/** What a caller says about who signed a request and how. */
export type Signature = V4Signature | V2Signature;

export interface V4Signature {
  readonly version: "v4";
  readonly place: "header" | "query";
  readonly accessKeyId: string;
  /** `YYYYMMDD`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly timestamp: string;
  /** Only in the query: how long the address is valid after the timestamp. */
  readonly expiresSeconds: number | undefined;
}

/** Signature version 2, which older clients still use for addresses that are handed out. */
export interface V2Signature {
  readonly version: "v2";
  readonly place: "header" | "query";
  readonly accessKeyId: string;
  readonly signature: string;
  /** Only in the query: epoch seconds. */
  readonly expiresEpochSeconds: number | undefined;
}

const V4_HEADER = /^AWS4-HMAC-SHA256 +Credential=([^,\s]+)[,\s]+SignedHeaders=([^,\s]+)[,\s]+Signature=([\da-f]{64})$/;
const TIMESTAMP = /^\d{8}T\d{6}Z$/;
const MAX_EXPIRES_SECONDS = 7 * 24 * 3600;

/**
 * Reads where and how a request is signed; undefined when it is not signed at all. Throws a fault when it is signed in
 * a wrong form.
 */
export function readSignature(headers: IncomingHttpHeaders, query: Parameters): Signature | undefined {
  const authorization = headers.authorization;
  if (authorization?.startsWith("AWS4-HMAC-SHA256")) return readV4Header(authorization, headers);
  if (authorization?.startsWith("AWS ")) return readV2Header(authorization);
  if (query.length === 0) return undefined;
  const parameters = new Map(query);
  if (parameters.has("X-Amz-Algorithm") || parameters.has("X-Amz-Signature")) return readV4Query(parameters);
  if (parameters.has("AWSAccessKeyId") && parameters.has("Signature")) return readV2Query(parameters);
  return undefined;
}

/** `<access key>/<date>/<region>/<service>/aws4_request`. */
export function readCredential(
  credential: string,
): Pick<V4Signature, "accessKeyId" | "date" | "region" | "service"> | undefined {
  const parts = credential.split("/");
  const [date, region, service, terminator] = parts.slice(-4);
  const accessKeyId = parts.slice(0, -4).join("/");
  if (terminator !== "aws4_request" || !accessKeyId || !date || !region || !service) return undefined;
  return { accessKeyId, date, region, service };
}

function readV4Header(authorization: string, headers: IncomingHttpHeaders): V4Signature {
  const [, credential = "", signedHeaders = "", signature = ""] = V4_HEADER.exec(authorization) ?? [];
  const scope = readCredential(credential);
  if (!scope) throw new Fault("AuthorizationHeaderMalformed", "The authorization header is malformed.");
  const dateHeader = headers["x-amz-date"] ?? headers.date;
  const timestamp = toTimestamp(Array.isArray(dateHeader) ? dateHeader[0] : dateHeader);
  if (timestamp === undefined)
    throw new Fault("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", 403);
  return {
    version: "v4",
    place: "header",
    ...scope,
    signedHeaders: signedHeaders.split(";"),
    signature,
    timestamp,
    expiresSeconds: undefined,
  };
}

function readV4Query(parameters: ReadonlyMap<string, string>): V4Signature {
  const scope = readCredential(parameters.get("X-Amz-Credential") ?? "");
  const timestamp = parameters.get("X-Amz-Date") ?? "";
  const expiresSeconds = Number(parameters.get("X-Amz-Expires") ?? "");
  const signature = parameters.get("X-Amz-Signature") ?? "";
  const signedHeaders = parameters.get("X-Amz-SignedHeaders") ?? "";
  if (
    !scope ||
    parameters.get("X-Amz-Algorithm") !== "AWS4-HMAC-SHA256" ||
    !TIMESTAMP.test(timestamp) ||
    signature === "" ||
    signedHeaders === ""
  ) {
    throw new Fault(
      "AuthorizationQueryParametersError",
      "Query-string authentication requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
    );
  }
  if (
    !Number.isInteger(expiresSeconds) ||
    expiresSeconds < 1 ||
    expiresSeconds > MAX_EXPIRES_SECONDS ||
    !parameters.has("X-Amz-Expires")
  ) {
    throw new Fault("AuthorizationQueryParametersError", "X-Amz-Expires must be between 1 and 604800 seconds");
  }
  return {
    version: "v4",
    place: "query",
    ...scope,
    signedHeaders: signedHeaders.split(";"),
    signature,
    timestamp,
    expiresSeconds,
  };
}

function readV2Header(authorization: string): V2Signature {
  const [accessKeyId = "", signature = ""] = authorization.slice("AWS ".length).trim().split(":");
  return { version: "v2", place: "header", accessKeyId, signature, expiresEpochSeconds: undefined };
}

function readV2Query(parameters: ReadonlyMap<string, string>): V2Signature {
  const expires = Number(parameters.get("Expires") ?? "");
  if (!Number.isInteger(expires) || expires <= 0) {
    throw new Fault(
      "AccessDenied",
      "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
      403,
    );
  }
  return {
    version: "v2",
    place: "query",
    accessKeyId: parameters.get("AWSAccessKeyId") ?? "",
    signature: parameters.get("Signature") ?? "",
    expiresEpochSeconds: expires,
  };
}

function toTimestamp(date: string | undefined): string | undefined {
  if (date === undefined || TIMESTAMP.test(date)) return date;
  const at = new Date(date);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString().replace(/[-:]|\.\d+/g, "");
}
