import type { Socket } from "node:net";
import type { ClientRequest } from "./client.ts";
import { lowerCase } from "./header-name.ts";

const MAX_HEAD_BYTES = 16_384;
const HEAD_END = Buffer.from("\r\n\r\n");
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const HEAD = new RegExp(
  `^(GET|HEAD|POST|PUT|PATCH|DELETE) (/[!-~]*) HTTP/1\\.1\\r\\n((?:${TOKEN}:[\\t\\x20-\\x7e\\x80-\\xff]*\\r\\n)+)\\r\\n$`,
);
const LENGTH = /^\d{1,9}$/;
/** What frames a body in another way or changes the protocol. */
const DEMANDING: ReadonlySet<string> = new Set(["expect", "http2-settings", "transfer-encoding", "upgrade"]);

/** A request that came whole. */
export class PlainRequest implements ClientRequest {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer | undefined;
  readonly socket: Socket;
  readonly complete = true;

  constructor(socket: Socket, { method, url, rawHeaders, body }: WholeRequest) {
    this.socket = socket;
    this.method = method;
    this.url = url;
    this.rawHeaders = rawHeaders;
    this.body = body;
  }

  /** There is nothing more to tell. */
  on(): void {}
  pause(): void {}
  resume(): void {}
}

export interface WholeRequest {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  /** Undefined when it has none or an empty one. */
  readonly body: Buffer | undefined;
}

/**
 * Reads bytes that are exactly one request, its body included, on a connection that stays open, in a form that leaves
 * nothing to interpret. Undefined for everything else, which is Node's parser's to judge.
 */
export function readWholeRequest(bytes: Buffer): WholeRequest | undefined {
  const headBytes = bytes.indexOf(HEAD_END) + HEAD_END.length;
  if (headBytes < HEAD_END.length || headBytes > MAX_HEAD_BYTES) return undefined;
  const match = HEAD.exec(bytes.toString("latin1", 0, headBytes));
  if (!match) return undefined;
  const [, method = "", url = "", fields = ""] = match;
  const rawHeaders: string[] = [];
  let [hosts, bodyBytes] = [0, -1];
  for (let from = 0; from < fields.length; ) {
    const to = fields.indexOf("\r\n", from);
    const colon = fields.indexOf(":", from);
    const name = fields.slice(from, colon);
    const value = fields.slice(colon + 1, to).trim();
    const lower = lowerCase(name);
    if (DEMANDING.has(lower)) return undefined;
    if (lower === "connection" && value.toLowerCase() !== "keep-alive") return undefined;
    if (lower === "host") hosts += 1;
    if (lower === "content-length") {
      if (bodyBytes >= 0 || !LENGTH.test(value) || method === "GET" || method === "HEAD") return undefined;
      bodyBytes = Number(value);
    }
    rawHeaders.push(name, value);
    from = to + 2;
  }
  if (hosts !== 1 || bytes.length !== headBytes + Math.max(0, bodyBytes)) return undefined;
  return { method, url, rawHeaders, body: bodyBytes > 0 ? bytes.subarray(headBytes) : undefined };
}
