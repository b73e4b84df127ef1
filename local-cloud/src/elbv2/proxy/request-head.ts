import { randomBytes } from "node:crypto";
import { lowerCase } from "./header-name.ts";

const DROPPED: ReadonlySet<string> = new Set([
  "connection",
  "expect",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-amzn-trace-id",
  "x-forwarded-for",
  "x-forwarded-port",
  "x-forwarded-proto",
]);

export interface IncomingHead {
  readonly method: string;
  readonly url: string;
  /** Name, value, name, value, ... */
  readonly rawHeaders: readonly string[];
}

export interface Forwarding {
  readonly clientAddress: string;
  readonly listenerPort: number;
  readonly traceId: string;
  /** The request asks to upgrade the connection, and is to go on asking. */
  readonly upgrading: boolean;
}

export interface OutgoingHead {
  /** The head of the request to the target. */
  readonly text: string;
  /** Bytes of the body; null when the request tells none. */
  readonly contentLength: number | null;
  /** The body comes, and is sent on, in chunks. */
  readonly chunked: boolean;
}

/**
 * The client's own head with the fields that a load balancer sets.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
 */
export function requestHead({ method, url, rawHeaders }: IncomingHead, forwarding: Forwarding): OutgoingHead {
  let [text, forwardedFor, trace, connection, upgrade] = [`${method} ${url} HTTP/1.1\r\n`, "", "", "", ""];
  let contentLength: number | null = null;
  let chunked = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    const value = rawHeaders[index + 1] ?? "";
    const lower = lowerCase(name);
    if (!DROPPED.has(lower)) {
      text += `${name}: ${value}\r\n`;
      if (lower === "content-length") contentLength = Number(value);
    } else if (lower === "x-forwarded-for") forwardedFor += `${value}, `;
    else if (lower === "x-amzn-trace-id") trace = value;
    else if (lower === "connection") connection = value;
    else if (lower === "upgrade") upgrade = value;
    else if (lower === "transfer-encoding") chunked = true;
  }
  if (connection && !/^\s*(?:keep-alive|close|upgrade)?\s*$/i.test(connection)) text = withoutFields(text, connection);
  const { clientAddress, listenerPort, traceId, upgrading } = forwarding;
  text +=
    `X-Forwarded-For: ${forwardedFor}${clientAddress}\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: ${listenerPort}\r\n` +
    `X-Amzn-Trace-Id: ${traceHeader(trace, traceId)}\r\n`;
  if (chunked) text += "Transfer-Encoding: chunked\r\n";
  if (upgrading) text += `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`;
  return { text: `${text}\r\n`, contentLength, chunked };
}

/** Fields that the client's Connection field names concern its connection to us only. */
function withoutFields(head: string, connection: string): string {
  const names = new Set(connection.split(",").map((name) => name.trim().toLowerCase()));
  // What frames or addresses the request cannot be taken away by naming it.
  for (const needed of ["host", "content-length", "content-type"]) names.delete(needed);
  const [requestLine = "", ...fields] = head.split("\r\n");
  const kept = fields.filter((field) => !names.has(field.slice(0, field.indexOf(":")).toLowerCase()));
  return [requestLine, ...kept].join("\r\n");
}

/**
 * A client's Root is kept and our own id added as Self.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html
 */
function traceHeader(given: string, id: string): string {
  if (given === "") return `Root=${id}`;
  return /(?:^|;)\s*Root=/.test(given)
    ? `Self=${id};${given.replace(/(?:^|;)\s*Self=[^;]*/, "").replace(/^;/, "")}`
    : `Root=${id}`;
}

const PROCESS = randomBytes(8).toString("hex");
let count = 0;
let second = 0;
let prefix = "";

/**
 * Unique per request: `1-<time>-<process and counter>`. Random bits once per process: drawing them for each request
 * costs more than the rest.
 */
export function newTraceId(nowMs: number): string {
  count = (count + 1) % 0x1_0000_0000;
  if (second !== Math.floor(nowMs / 1000)) {
    second = Math.floor(nowMs / 1000);
    prefix = `1-${second.toString(16).padStart(8, "0")}-${PROCESS}`;
  }
  return prefix + count.toString(16).padStart(8, "0");
}
