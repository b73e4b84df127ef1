import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { ConnectionUser, Failure, TargetConnection } from "./connection.ts";
import { type BalancerError, errorPage } from "./error-page.ts";
import { newTraceId, requestHead } from "./request-head.ts";
import type { ResponseHead } from "./response-parser.ts";
import type { Route } from "./route.ts";
import type { Target } from "./target.ts";

/** Carries an upgraded connection, such as a WebSocket, between client and target until either ends it. */
export class Upgrade implements ConnectionUser {
  readonly #req: IncomingMessage;
  readonly #client: Duplex;
  readonly #route: Route;
  readonly #tried = new Set<Target>();
  #early: Buffer;
  #target: Target | null = null;
  #connection: TargetConnection | null = null;
  #sentAt = 0;
  #begun = false;
  #over = false;

  constructor(req: IncomingMessage, client: Duplex, early: Buffer, route: Route) {
    this.#req = req;
    this.#client = client;
    this.#early = early;
    this.#route = route;
    client.on("error", () => undefined); // "close" follows
    client.on("close", () => this.#finish());
    this.#send(503);
  }

  head({ status, reason, headers, upgrade }: ResponseHead): void {
    this.#begun = true;
    this.#route.counters.answered(status, performance.now() - this.#sentAt);
    const connection = status === 101 ? `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n` : "Connection: close\r\n";
    this.#client.write(`HTTP/1.1 ${status} ${reason}\r\n${fieldLines(headers)}${connection}\r\n`, "latin1");
    if (status === 101) this.#tunnel();
  }

  body(chunk: Buffer): void {
    const socket = this.#connection?.socket;
    if (this.#client.write(chunk) || !socket) return;
    socket.pause();
    this.#client.once("drain", () => socket.resume());
  }

  flush(): void {
    // Every part is written on at once.
  }

  end(): void {
    this.#client.end();
    this.#finish();
  }

  failed(failure: Failure): void {
    const target = this.#target;
    if (this.#over || !target) return;
    target.end();
    this.#target = null;
    this.#connection = null;
    if (this.#begun) {
      this.#over = true;
      this.#client.destroy();
    } else if (failure === "refused" || failure === "connect timeout") {
      this.#tried.add(target);
      this.#send(failure === "refused" ? this.#route.group.unreachable() : 504);
    } else {
      this.#refuse(failure === "idle timeout" ? 504 : 502);
    }
  }

  #send(otherwise: BalancerError): void {
    const target = this.#route.group.choose(this.#tried);
    if (!target?.pool) {
      this.#refuse(otherwise);
      return;
    }
    this.#target = target;
    target.begin();
    const connection = target.pool.open();
    this.#connection = connection;
    connection.begin(this, false);
    this.#sentAt = performance.now();
    const { text } = requestHead(
      { method: this.#req.method ?? "GET", url: this.#req.url ?? "/", rawHeaders: this.#req.rawHeaders },
      {
        clientAddress: this.#req.socket.remoteAddress ?? "",
        listenerPort: this.#route.port,
        traceId: newTraceId(Date.now()),
        upgrading: true,
      },
    );
    connection.socket.write(text, "latin1");
  }

  #tunnel(): void {
    const socket = this.#connection?.socket;
    if (!socket) return;
    if (this.#early.length > 0) socket.write(this.#early);
    this.#early = Buffer.alloc(0);
    this.#client.on("data", (part: Buffer) => {
      if (socket.write(part)) return;
      this.#client.pause();
      socket.once("drain", () => this.#client.resume());
    });
    this.#client.on("end", () => socket.end());
  }

  #refuse(status: BalancerError): void {
    this.#over = true;
    this.#route.counters.refused(status);
    const { reason, headers, body } = errorPage(status);
    this.#client.end(
      `HTTP/1.1 ${status} ${reason}\r\n${fieldLines(Object.entries(headers).flat())}Connection: close\r\n\r\n${body}`,
    );
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#connection?.release();
    this.#connection?.socket.destroy();
    this.#target?.end();
  }
}

function fieldLines(fields: readonly string[]): string {
  let lines = "";
  for (let index = 0; index < fields.length; index += 2) lines += `${fields[index]}: ${fields[index + 1]}\r\n`;
  return lines;
}
