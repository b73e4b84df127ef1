import { lowerCase } from "./header-name.ts";

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** Name, value, name, value, ... as they came, without the fields that concern one connection only. */
  readonly headers: readonly string[];
  /** The value of Upgrade, which is not among `headers`; for 101. */
  readonly upgrade: string;
}

export interface ResponseSink {
  head(head: ResponseHead): void;
  body(chunk: Buffer): void;
  /** The response is complete. */
  end(): void;
}

/**
 *   head -> length ----------------> done
 *     |  -> chunk size <-> chunk data -> trailer -> done
 *     |  -> until close ------------> done (at the connection's end)
 *     |  -> tunnel (after 101): everything else is the upgraded protocol's
 */
type State =
  | "head"
  | "length"
  | "chunk size"
  | "chunk data"
  | "chunk end"
  | "trailer"
  | "until close"
  | "tunnel"
  | "done";

const MAX_HEAD_BYTES = 65_536;
const MAX_LINE_BYTES = 4096;
const HEAD_END = Buffer.from("\r\n\r\n");
const LINE_END = Buffer.from("\r\n");
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: ([^\r\n]*))?$/;
const CHUNK_SIZE = /^([0-9A-Fa-f]{1,13})[ \t]*(?:;[^\r\n]*)?$/;
const KEEP_ALIVE_TIMEOUT = /(?:^|[\s,])timeout=(\d{1,9})(?:[\s,]|$)/i;
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

export class MalformedResponse extends Error {}

/**
 * Takes one HTTP/1.1 response after the other out of a connection's bytes (RFC 9112, sections 4, 6 and 7), in any
 * portions.
 * Interim responses (100, 103) are skipped, 101 is not. Throws MalformedResponse. One parser serves one connection.
 */
export class ResponseParser {
  #state: State = "done";
  #sink: ResponseSink | undefined;
  #toHead = false;
  #held: Buffer | undefined; // the beginning of a head or line whose end has not come
  #left = 0; // bytes of the body or of the chunk
  #persistent = true;
  #keepAlive = "";

  /**
   * Begins the next response; `toHead` when the request was a HEAD, whose answer has no body whatever its headers say.
   */
  expect(sink: ResponseSink, toHead: boolean): void {
    this.#state = "head";
    this.#sink = sink;
    this.#toHead = toHead;
    this.#held = undefined;
  }

  /** Whether a further request may be sent on the connection, told once the response is complete. */
  get persistent(): boolean {
    return this.#persistent && this.#state === "done" && this.#held === undefined;
  }

  /** How long the latest answer said that the connection stays open without a request; 0 when it said nothing. */
  get keepAliveSeconds(): number {
    return Number(KEEP_ALIVE_TIMEOUT.exec(this.#keepAlive)?.[1] ?? 0);
  }

  feed(bytes: Buffer): void {
    let rest = this.#held ? Buffer.concat([this.#held, bytes]) : bytes;
    this.#held = undefined;
    while (rest.length > 0) {
      const taken = this.#step(rest);
      if (taken === 0) {
        this.#held = rest;
        return;
      }
      rest = taken === rest.length ? rest.subarray(rest.length) : rest.subarray(taken);
    }
  }

  /** The connection has ended. False when that cut a response short. */
  finish(): boolean {
    if (this.#state === "until close") this.#end();
    return this.#state === "done" || this.#state === "tunnel";
  }

  /** How many bytes one step could use; 0 when it needs more to go on. */
  #step(bytes: Buffer): number {
    switch (this.#state) {
      case "head":
        return this.#head(bytes);
      case "length":
      case "chunk data":
        return this.#counted(bytes);
      case "chunk size":
      case "chunk end":
      case "trailer":
        return this.#line(bytes);
      case "until close":
      case "tunnel":
        this.#sink?.body(bytes);
        return bytes.length;
      case "done":
        // Nobody asked for it: the connection's state is unknown from here on.
        this.#persistent = false;
        return bytes.length;
    }
  }

  #head(bytes: Buffer): number {
    const at = bytes.indexOf(HEAD_END);
    if (at < 0) {
      if (bytes.length > MAX_HEAD_BYTES) throw new MalformedResponse("The response's head is too long.");
      return 0;
    }
    const lines = bytes.toString("latin1", 0, at).split("\r\n");
    const status = STATUS_LINE.exec(lines[0] ?? "");
    if (!status) throw new MalformedResponse("The response's status line is malformed.");
    this.#fields(Number(status[2]), status, lines);
    return at + HEAD_END.length;
  }

  #fields(code: number, status: RegExpExecArray, lines: readonly string[]): void {
    const headers: string[] = [];
    let [length, chunked, encoded, connection, keepAlive, upgrade] = [-1, false, false, "", "", ""];
    for (let index = 1; index < lines.length; index += 1) {
      const line = lines[index] ?? "";
      const colon = line.indexOf(":");
      // A name before the colon, no blank before or after it: blanks there are how responses get smuggled.
      if (colon < 1 || line.charCodeAt(0) <= 32 || line.charCodeAt(colon - 1) <= 32)
        throw new MalformedResponse("A header field of the response is malformed.");
      const name = line.slice(0, colon);
      const value = line.slice(colon + 1).trim();
      const lower = lowerCase(name);
      if (HOP_BY_HOP.has(lower)) {
        if (lower === "transfer-encoding") [encoded, chunked] = [true, /(?:^|,)\s*chunked$/i.test(value)];
        else if (lower === "connection") connection = value.toLowerCase();
        else if (lower === "keep-alive") keepAlive = value;
        else if (lower === "upgrade") upgrade = value;
        continue;
      }
      if (lower === "content-length") {
        if (!/^\d{1,15}$/.test(value) || (length >= 0 && length !== Number(value)))
          throw new MalformedResponse("Content-Length is malformed.");
        if (length >= 0) continue;
        length = Number(value);
      }
      headers.push(name, value);
    }
    if (encoded && length >= 0) throw new MalformedResponse("Both Content-Length and Transfer-Encoding were sent.");
    if (code < 200 && code !== 101) return; // interim: the final head follows
    this.#persistent = status[1] === "0" ? connection.includes("keep-alive") : !connection.includes("close");
    this.#keepAlive = keepAlive;
    this.#sink?.head({ status: code, reason: status[3] ?? "", headers, upgrade });
    if (code === 101) this.#state = "tunnel";
    else if (this.#toHead || code === 204 || code === 304) this.#end();
    else if (chunked) this.#state = "chunk size";
    else if (encoded || length < 0) this.#untilClose();
    else if (length === 0) this.#end();
    else [this.#state, this.#left] = ["length", length];
  }

  #untilClose(): void {
    this.#state = "until close";
    this.#persistent = false;
  }

  #counted(bytes: Buffer): number {
    const take = Math.min(bytes.length, this.#left);
    this.#left -= take;
    this.#sink?.body(take === bytes.length ? bytes : bytes.subarray(0, take));
    if (this.#left === 0) {
      if (this.#state === "length") this.#end();
      else this.#state = "chunk end";
    }
    return take;
  }

  #line(bytes: Buffer): number {
    const at = bytes.indexOf(LINE_END);
    if (at < 0) {
      if (bytes.length > MAX_LINE_BYTES) throw new MalformedResponse("A line of the chunked body is too long.");
      return 0;
    }
    const line = bytes.toString("latin1", 0, at);
    if (this.#state === "chunk size") {
      const size = Number.parseInt(CHUNK_SIZE.exec(line)?.[1] ?? "none", 16);
      if (Number.isNaN(size)) throw new MalformedResponse("A chunk's size is malformed.");
      [this.#state, this.#left] = size === 0 ? ["trailer", 0] : ["chunk data", size];
    } else if (this.#state === "chunk end") {
      if (line !== "") throw new MalformedResponse("A chunk is longer than its size.");
      this.#state = "chunk size";
    } else if (line === "") {
      this.#end();
    }
    return at + LINE_END.length;
  }

  #end(): void {
    this.#state = "done";
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.end();
  }
}
