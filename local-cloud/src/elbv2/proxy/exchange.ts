import type { ClientRequest, ClientResponse } from "./client.ts";
import type { ConnectionUser, Failure, TargetConnection } from "./connection.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { type BalancerError, errorPage } from "./error-page.ts";
import { newTraceId, type OutgoingHead, requestHead } from "./request-head.ts";
import type { ResponseHead } from "./response-parser.ts";
import type { Route } from "./route.ts";
import type { Target } from "./target.ts";

/** Methods that may be sent twice (RFC 9110, section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"]);
const MAX_HELD_BYTES = 65_536; // a body up to this length is held, so that it can be sent again
const MAX_TEXT_BYTES = 16_384;
const NONE: ReadonlySet<Target> = new Set();

/**
 * One request on its way to a target and back.
 *
 * Which failures are tried again:
 * - No connection came about: nothing was sent, so another target takes it.
 * - A connection that had carried requests before ended without a byte of answer: the target has most likely closed it
 *   while idle. An idempotent request whose body we hold is sent again on a fresh one.
 * - Everything else is sent once. It goes over a used connection only where the target keeps those longer than we do,
 *   and is answered 502 when that ends all the same.
 */
export class Exchange implements ConnectionUser {
  readonly #req: ClientRequest;
  readonly #res: ClientResponse;
  readonly #route: Route;
  readonly #head: OutgoingHead;
  readonly #streamed: boolean;
  readonly #repeatable: boolean;
  #body: Buffer | null = null;
  #tried: Set<Target> | null = null;
  #target: Target | null = null;
  #connection: TargetConnection | null = null;
  #pool: ConnectionPool | null = null;
  #sentAt = 0;
  #held: Buffer | null = null; // the latest part of the response, so that a short one leaves in one piece with its head
  #flushed = false; // some of the response has been written
  #over = false;
  #bodyTimer: NodeJS.Timeout | undefined; // runs while the rest of a body that is held is to come

  constructor(req: ClientRequest, res: ClientResponse, route: Route) {
    this.#req = req;
    this.#res = res;
    this.#route = route;
    this.#head = requestHead(
      { method: req.method ?? "GET", url: req.url ?? "/", rawHeaders: req.rawHeaders },
      {
        clientAddress: req.socket.remoteAddress ?? "",
        listenerPort: route.port,
        traceId: newTraceId(Date.now()),
        upgrading: false,
      },
    );
    const { contentLength, chunked } = this.#head;
    this.#streamed = chunked || (contentLength ?? 0) > MAX_HELD_BYTES;
    this.#repeatable = !this.#streamed && IDEMPOTENT.has(req.method ?? "");
    res.on("close", () => this.#clientGone());
    if (req.body) this.#body = req.body;
    if (req.body || this.#streamed || !contentLength) this.#send(true);
    else this.#holdBody();
  }

  head({ status, reason, headers }: ResponseHead): void {
    this.#route.counters.answered(status, performance.now() - this.#sentAt);
    // Node copies nothing of a flat list; its type wants a mutable one.
    this.#res.writeHead(status, reason, headers as string[]);
  }

  body(chunk: Buffer): void {
    const held = this.#held;
    this.#held = chunk;
    if (held) this.#write(held);
  }

  flush(): void {
    if (this.#over) return;
    const held = this.#held;
    this.#held = null;
    if (held) this.#write(held);
    else if (this.#res.headersSent) this.#res.flushHeaders();
  }

  end(): void {
    const held = this.#held;
    this.#held = null;
    const connection = this.#connection;
    if (!connection) return;
    // Before the answer leaves: the client's next request may come at once.
    if (this.#req.complete) this.#pool?.giveBack(connection);
    else this.#discard(connection); // the target answered without reading all of the request
    this.#finish();
    if (!held) this.#res.end();
    // As text, Node puts a short body and the head into one piece to write.
    else if (held.length <= MAX_TEXT_BYTES && !this.#flushed) this.#res.end(held.toString("latin1"), "latin1");
    else this.#res.end(held);
  }

  failed(failure: Failure): void {
    const [target, connection] = [this.#target, this.#connection];
    if (this.#over || !target || !connection) return;
    target.end();
    this.#target = null;
    this.#connection = null;
    if (this.#res.headersSent) {
      this.#over = true;
      this.#res.destroy();
    } else if (failure === "refused" || failure === "connect timeout") {
      this.#tried ??= new Set();
      this.#tried.add(target);
      this.#send(true, failure === "refused" ? this.#route.group.unreachable() : 504);
    } else if (failure === "cut" && this.#repeatable && connection.reused && !connection.answered) {
      this.#send(false, 502);
    } else if (failure === "idle timeout") {
      this.#refuse(this.#req.complete ? 504 : 408);
    } else {
      this.#refuse(502);
    }
  }

  #holdBody(): void {
    const parts: Buffer[] = [];
    // A client that announces a body and sends none must not keep a place for ever. A longer body is the connection's
    // to watch.
    const timer = setTimeout(() => this.#refuse(408), this.#route.idleTimeoutMs);
    this.#bodyTimer = timer;
    this.#req.on("data", (part: Buffer) => {
      timer.refresh();
      parts.push(part);
    });
    this.#req.on("end", () => {
      clearTimeout(timer);
      this.#body = parts.length === 1 ? (parts[0] ?? null) : Buffer.concat(parts);
      this.#send(true);
    });
  }

  /** `otherwise` is the answer when no target is left. */
  #send(mayReuse: boolean, otherwise: BalancerError = 503): void {
    if (this.#over) return;
    const target = this.#route.group.choose(this.#tried ?? NONE);
    if (!target?.pool) {
      this.#refuse(otherwise);
      return;
    }
    const connection = mayReuse ? this.#take(target.pool) : target.pool.open();
    this.#target = target;
    this.#pool = target.pool;
    this.#connection = connection;
    target.begin();
    connection.begin(this, this.#req.method === "HEAD");
    const { socket } = connection;
    const { text } = this.#head;
    this.#sentAt = performance.now();
    if (this.#streamed) {
      // Not before the connection stands: until then another target can still take the request.
      socket.once("connect", () => {
        socket.write(text, "latin1");
        this.#stream(connection);
      });
    } else if (!this.#body) {
      socket.write(text, "latin1");
    } else if (this.#body.length <= MAX_TEXT_BYTES) {
      socket.write(text + this.#body.toString("latin1"), "latin1");
    } else {
      socket.cork();
      socket.write(text, "latin1");
      socket.write(this.#body);
      socket.uncork();
    }
  }

  #take(pool: ConnectionPool): TargetConnection {
    if (this.#streamed) return pool.open();
    return this.#repeatable ? pool.take() : pool.takeLasting();
  }

  #stream({ socket }: TargetConnection): void {
    const req = this.#req;
    const { chunked } = this.#head;
    const write = (part: Buffer) => {
      if (!chunked) return socket.write(part);
      socket.write(`${part.length.toString(16)}\r\n`, "latin1");
      socket.write(part);
      return socket.write("\r\n", "latin1");
    };
    req.on("data", (part: Buffer) => {
      if (this.#over || socket.destroyed || write(part)) return;
      req.pause();
      socket.once("drain", () => req.resume());
    });
    req.on("end", () => {
      this.#sentAt = performance.now();
      if (chunked && !this.#over && !socket.destroyed) socket.write("0\r\n\r\n", "latin1");
    });
    socket.once("close", () => req.resume()); // it may be paused for a drain that never comes
  }

  #write(chunk: Buffer): void {
    this.#flushed = true;
    const socket = this.#connection?.socket;
    if (this.#res.write(chunk) || !socket) return;
    socket.pause();
    this.#res.once("drain", () => socket.resume());
  }

  #refuse(status: BalancerError): void {
    this.#over = true;
    this.#route.counters.refused(status);
    const page = errorPage(status);
    this.#req.resume();
    // What is still to come of the request could not be told from the next one.
    const closing = status === 408 ? ["Connection", "close"] : [];
    this.#res.writeHead(page.status, page.reason, [...Object.entries(page.headers).flat(), ...closing]);
    this.#res.end(page.body, "latin1");
  }

  #clientGone(): void {
    clearTimeout(this.#bodyTimer);
    if (this.#over) return;
    if (this.#connection) this.#discard(this.#connection);
    this.#finish();
  }

  #discard(connection: TargetConnection): void {
    connection.release();
    connection.socket.destroy();
    this.#req.resume();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#connection = null;
    this.#target?.end();
  }
}
