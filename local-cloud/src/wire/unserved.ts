import type { WireError } from "./errors.ts";
import type { Head } from "./mount.ts";
import type { Protocol, WireResponse } from "./protocol/protocol.ts";
import { queryProtocol } from "./protocol/query-protocol.ts";
import { restErrors } from "./protocol/rest-protocol.ts";
import { cborProtocol, jsonProtocol } from "./protocol/tree-protocol.ts";

/** Answers a call to a service that is not served, in the protocol that its request speaks. */
export function answerUnserved(service: string, head: Head, requestId: string): WireResponse {
  const message = `local-cloud does not serve "${service}".`;
  const code = "UnknownOperationException";
  const error: WireError = {
    code,
    queryCode: "InvalidAction",
    message,
    statusCode: 501,
    fields: {},
    headers: {},
    shape: undefined,
    members: {},
  };
  return encoderOf(head)(error, requestId);
}

function encoderOf({ headers }: Head): Protocol["encodeError"] {
  const contentType = headers["content-type"] ?? "";
  if (headers["smithy-protocol"] === "rpc-v2-cbor") return cborProtocol.encodeError;
  if (headers["x-amz-target"] !== undefined) return jsonProtocol.encodeError;
  if (contentType.startsWith("application/x-www-form-urlencoded")) return queryProtocol("aws", "").encodeError;
  return contentType.includes("xml") ? restErrors.xml : restErrors.json;
}
