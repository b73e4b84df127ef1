import type { Socket } from "node:net";
import type { ClientRequest } from "./client.ts";
import { lowerCase } from "./header-name.ts";

const MAX_BYTES = 16_384;
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const HEAD = new RegExp(
  `^(GET|HEAD) (/[!-~]*) HTTP/1\\.1\\r\\n((?:${TOKEN}:[\\t\\x20-\\x7e\\x80-\\xff]*\\r\\n)+)\\r\\n$`,
);
/** What frames a body or changes the protocol. */
const DEMANDING: ReadonlySet<string> = new Set([
  "content-length",
  "expect",
  "http2-settings",
  "transfer-encoding",
  "upgrade",
]);

/** A whole request without a body. */
export class PlainRequest implements ClientRequest {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly socket: Socket;
  readonly complete = true;

  constructor(socket: Socket, { method, url, rawHeaders }: PlainHead) {
    this.socket = socket;
    this.method = method;
    this.url = url;
    this.rawHeaders = rawHeaders;
  }

  /** Without a body there is nothing to tell. */
  on(): void {}
  pause(): void {}
  resume(): void {}
}

export interface PlainHead {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
}

/**
 * Reads bytes that are exactly one GET or HEAD without a body, on a connection that stays open, in a form that leaves
 * nothing to interpret.
 * Undefined for everything else, which is Node's parser's to judge.
 */
export function readPlainHead(bytes: Buffer): PlainHead | undefined {
  if (bytes.length > MAX_BYTES) return undefined;
  const match = HEAD.exec(bytes.toString("latin1"));
  if (!match) return undefined;
  const [, method = "", url = "", fields = ""] = match;
  const rawHeaders: string[] = [];
  let hosts = 0;
  for (let from = 0; from < fields.length; ) {
    const to = fields.indexOf("\r\n", from);
    const colon = fields.indexOf(":", from);
    const name = fields.slice(from, colon);
    const value = fields.slice(colon + 1, to).trim();
    const lower = lowerCase(name);
    if (DEMANDING.has(lower)) return undefined;
    if (lower === "connection" && value.toLowerCase() !== "keep-alive") return undefined;
    if (lower === "host") hosts += 1;
    rawHeaders.push(name, value);
    from = to + 2;
  }
  return hosts === 1 ? { method, url, rawHeaders } : undefined;
}
