import type { Socket } from "node:net";
import { HttpDate } from "../../wire/http-date.ts";
import type { ClientResponse } from "./client.ts";
import { lowerCase } from "./header-name.ts";

const VALID_HEAD =
  /^HTTP\/1\.1 \d{3} [\t\x20-\x7e\x80-\xff]*\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [\t\x20-\x7e\x80-\xff]*\r\n)*$/;
const date = new HttpDate(() => new Date());

export interface PlainResponseOptions {
  readonly toHead: boolean;
  /** How long the connection is kept for the client's next request, which it is told. */
  readonly keepAliveSeconds: number;
  /** The answer has been written. */
  readonly done: () => void;
}

/** The answer to a plain request, on a connection that stays open: with the target's Content-Length, else in chunks. */
export class PlainResponse implements ClientResponse {
  headersSent = false;
  readonly #socket: Socket;
  readonly #options: PlainResponseOptions;
  #head = "";
  #chunked = false;
  #onClose: (() => void) | undefined;

  constructor(socket: Socket, options: PlainResponseOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  writeHead(status: number, reason: string, headers: readonly string[]): void {
    let text = `HTTP/1.1 ${status} ${reason}\r\n`;
    let [hasLength, hasDate] = [false, false];
    for (let index = 0; index < headers.length; index += 2) {
      const name = headers[index] ?? "";
      text += `${name}: ${headers[index + 1]}\r\n`;
      const lower = lowerCase(name);
      if (lower === "content-length") hasLength = true;
      else if (lower === "date") hasDate = true;
    }
    // A line break in a value would let a target write answers of its own making.
    if (!VALID_HEAD.test(text)) throw new Error("A header field of the response is malformed.");
    if (!hasDate) text += `Date: ${date.text()}\r\n`;
    const hasBody = !this.#options.toHead && status >= 200 && status !== 204 && status !== 304;
    this.#chunked = hasBody && !hasLength;
    if (this.#chunked) text += "Transfer-Encoding: chunked\r\n";
    this.#head = `${text}Connection: keep-alive\r\nKeep-Alive: timeout=${this.#options.keepAliveSeconds}\r\n\r\n`;
    this.headersSent = true;
  }

  flushHeaders(): void {
    if (this.#head !== "") this.#socket.write(this.#takeHead(), "latin1");
  }

  write(chunk: Buffer): boolean {
    const socket = this.#socket;
    socket.cork();
    const before = this.#takeHead() + (this.#chunked ? `${chunk.length.toString(16)}\r\n` : "");
    if (before !== "") socket.write(before, "latin1");
    const keepsUp = socket.write(chunk);
    const after = this.#chunked ? socket.write("\r\n", "latin1") : true;
    socket.uncork();
    return keepsUp && after;
  }

  end(body?: Buffer | string): void {
    if (typeof body === "string") {
      const framed = this.#chunked && body !== "" ? `${body.length.toString(16)}\r\n${body}\r\n` : body;
      this.#socket.write(`${this.#takeHead()}${framed}${this.#chunked ? "0\r\n\r\n" : ""}`, "latin1");
    } else {
      if (body) this.write(body);
      const rest = this.#takeHead() + (this.#chunked ? "0\r\n\r\n" : "");
      if (rest !== "") this.#socket.write(rest, "latin1");
    }
    this.#onClose = undefined;
    this.#options.done();
  }

  on(_event: "close", listener: () => void): void {
    this.#onClose = listener;
  }

  once(event: "drain", listener: () => void): void {
    this.#socket.once(event, listener);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** The client's connection has gone. */
  closed(): void {
    this.#onClose?.();
  }

  #takeHead(): string {
    const head = this.#head;
    this.#head = "";
    return head;
  }
}
