import { randomBytes } from "node:crypto";

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
  /** How the body is sent on, for a body without Content-Length. */
  readonly chunked: boolean;
  /** The protocol to upgrade to, or null. */
  readonly upgrade: string | null;
  readonly traceId: string;
}

/**
 * The head of the request to the target: the client's own, with the fields that a load balancer sets.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
 */
export function requestHead({ method, url, rawHeaders }: IncomingHead, forwarding: Forwarding): string {
  let [head, forwardedFor, trace, named] = [`${method} ${url} HTTP/1.1\r\n`, "", "", ""];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    const value = rawHeaders[index + 1] ?? "";
    const lower = name.toLowerCase();
    if (!DROPPED.has(lower)) head += `${name}: ${value}\r\n`;
    else if (lower === "x-forwarded-for") forwardedFor = forwardedFor ? `${forwardedFor}, ${value}` : value;
    else if (lower === "x-amzn-trace-id") trace = value;
    else if (lower === "connection") named = value;
  }
  if (named && !/^\s*(?:keep-alive|close|upgrade)?\s*$/i.test(named)) head = withoutFields(head, named);
  const { clientAddress, listenerPort, chunked, upgrade, traceId } = forwarding;
  head += `X-Forwarded-For: ${forwardedFor ? `${forwardedFor}, ${clientAddress}` : clientAddress}\r\n`;
  head += `X-Forwarded-Proto: http\r\nX-Forwarded-Port: ${listenerPort}\r\n`;
  head += `X-Amzn-Trace-Id: ${traceHeader(trace, traceId)}\r\n`;
  if (chunked) head += "Transfer-Encoding: chunked\r\n";
  if (upgrade !== null) head += `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`;
  return `${head}\r\n`;
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

/** A client's Root is kept and our own id added as Self. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html */
function traceHeader(given: string, id: string): string {
  return /(?:^|;)\s*Root=/.test(given)
    ? `Self=${id};${given.replace(/(?:^|;)\s*Self=[^;]*/, "").replace(/^;/, "")}`
    : `Root=${id}`;
}

const PROCESS = randomBytes(8).toString("hex");
let count = 0;

/** Unique per request: `1-<time>-<process and counter>`. Random bits once per process: drawing them for each request costs more than the rest. */
export function newTraceId(nowMs: number): string {
  count = (count + 1) % 0x1_0000_0000;
  const seconds = Math.floor(nowMs / 1000)
    .toString(16)
    .padStart(8, "0");
  return `1-${seconds}-${PROCESS}${count.toString(16).padStart(8, "0")}`;
}
