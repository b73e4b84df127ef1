import { connect, type Socket } from "node:net";
import { ResponseParser, type ResponseSink } from "./response-parser.ts";

/**
 * "refused": no connection came about, so nothing was sent. "cut": the target ended it before the response was
 * complete.
 */
export type Failure = "refused" | "connect timeout" | "idle timeout" | "malformed" | "cut";

export interface ConnectionUser extends ResponseSink {
  /** All complete parts of what has arrived so far were told. */
  flush(): void;
  /** The connection is gone; nothing else will be told. */
  failed(failure: Failure): void;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const CONNECT_TIMEOUT_MS = 10_000; // as an Application Load Balancer
const KEEP_ALIVE_MARGIN_MS = 2_000; // a request on its way, and a target that tells whole seconds

/**
 * One TCP connection to a target, used by one request after the other. Not a library's: those hide what a safe retry
 * must know, whether the connection had been used before and whether a byte of the answer came
 * (docs/decisions/0010-the-balancer-keeps-its-own-client.md).
 */
export class TargetConnection {
  readonly socket: Socket;
  readonly #parser = new ResponseParser();
  readonly #onIdleEnd: (connection: TargetConnection) => void;
  readonly #idleTimeoutMs: number;
  #user: ConnectionUser | undefined;
  #connected = false;
  #failure: Failure = "cut";
  #answered = false;
  #uses = 0;
  #idleSince = 0;

  constructor({ host, port }: Endpoint, idleTimeoutMs: number, onIdleEnd: (connection: TargetConnection) => void) {
    this.#onIdleEnd = onIdleEnd;
    this.#idleTimeoutMs = idleTimeoutMs;
    const socket = connect({ host, port, noDelay: true });
    this.socket = socket;
    const connecting = setTimeout(() => this.#destroy("connect timeout"), CONNECT_TIMEOUT_MS);
    socket.once("connect", () => {
      clearTimeout(connecting);
      this.#connected = true;
      socket.setTimeout(idleTimeoutMs);
    });
    socket.on("timeout", () => this.#destroy("idle timeout"));
    socket.on("data", (bytes) => this.#data(bytes));
    socket.on("end", () => this.#ended(true));
    socket.on("error", () => undefined); // "close" follows and tells
    socket.on("close", () => {
      clearTimeout(connecting);
      this.#ended(false);
    });
  }

  /** Whether a request before this one was sent on it: then the target may have closed it at the same moment. */
  get reused(): boolean {
    return this.#uses > 1;
  }

  /** Whether any byte of the answer to the current request came. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Whether it can carry another request once the current one is answered. */
  get reusable(): boolean {
    return this.#parser.persistent && this.socket.writable && !this.socket.destroyed;
  }

  /**
   * Whether it can carry a request that must not be sent twice: its target keeps idle connections longer than we do, as
   * AWS recommends, so that only one that ends closes this one while it is idle.
   * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
   */
  get lasting(): boolean {
    return (
      this.reusable &&
      performance.now() - this.#idleSince < this.#idleTimeoutMs &&
      this.#parser.keepAliveSeconds * 1000 >= this.#idleTimeoutMs + KEEP_ALIVE_MARGIN_MS
    );
  }

  begin(user: ConnectionUser, toHead: boolean): void {
    this.#uses += 1;
    this.#answered = false;
    this.#user = user;
    this.#parser.expect(user, toHead);
  }

  /** The user wants to hear no more. */
  release(): void {
    this.#user = undefined;
    this.#idleSince = performance.now();
  }

  #data(bytes: Buffer): void {
    const user = this.#user;
    if (!user) {
      this.socket.destroy(); // bytes that nobody asked for
      return;
    }
    this.#answered = true;
    try {
      this.#parser.feed(bytes);
      user.flush();
    } catch {
      this.#destroy("malformed"); // by our parser's rules, or by Node's for header fields
    }
  }

  /** `cleanly`: the target said so, instead of the connection being reset or given up. */
  #ended(cleanly: boolean): void {
    const user = this.#user;
    if (!user) {
      this.#onIdleEnd(this);
      return;
    }
    const complete = cleanly && this.#parser.finish();
    if (this.#user !== user) return; // that was the end of a response that lasts until then
    this.#user = undefined;
    if (complete)
      user.end(); // a tunnel
    else user.failed(this.#connected || this.#failure !== "cut" ? this.#failure : "refused");
    this.socket.destroy();
  }

  #destroy(failure: Failure): void {
    this.#failure = failure;
    this.socket.destroy();
  }
}
