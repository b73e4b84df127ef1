/** A client's request as an exchange reads it: Node's own, or one that took the short way. */
export interface ClientRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Name, value, name, value, ... */
  readonly rawHeaders: readonly string[];
  readonly socket: { readonly remoteAddress?: string | undefined };
  /** All of it has arrived. */
  readonly complete: boolean;
  /** All of the body, when it came at once with the head. */
  readonly body?: Buffer | undefined;
  on(event: "data", listener: (part: Buffer) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
}

/** The way back to the client. */
export interface ClientResponse {
  readonly headersSent: boolean;
  /** `headers` are name, value, name, value, ... Throws, before anything is sent, when a field is not valid. */
  writeHead(status: number, reason: string, headers: string[]): unknown;
  flushHeaders(): void;
  /** False when the client does not keep up: "drain" tells when it has. */
  write(chunk: Buffer): boolean;
  end(chunk?: Buffer): unknown;
  end(text: string, encoding: "latin1"): unknown;
  on(event: "close", listener: () => void): unknown;
  once(event: "drain", listener: () => void): unknown;
  destroy(): unknown;
}
