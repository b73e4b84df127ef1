import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Exchange } from "./exchange.ts";
import { PlainConnection } from "./plain-connection.ts";
import type { Route } from "./route.ts";
import { Upgrade } from "./upgrade.ts";

const HEADERS_TIMEOUT_MS = 60_000;
const MAX_HEADER_BYTES = 65_536;
/**
 * What one client may have open. A load balancer of AWS grows instead; here S3, SQS and the rest live in the same
 * process, and a client that takes all of its file descriptors would take them all down.
 */
const MOST_OF_ONE_CLIENT = 2_000;

/**
 * One listener's server. Connections begin on the short way (`PlainConnection`) and go to Node's HTTP server when they
 * need it. `route` is asked for every request, so that a listener
 * can change its target group while it listens.
 */
export class Listener {
  readonly #server: Server;
  readonly #route: () => Omit<Route, "port">;
  readonly #sockets = new Set<Socket>();
  readonly #openOf = new Map<string, number>();
  #port = 0;

  constructor(route: () => Omit<Route, "port">, { mostOfOneClient = MOST_OF_ONE_CLIENT } = {}) {
    this.#route = route;
    // No limit to a whole request: an upload lasts as long as bytes flow, which the connections' idle timeout watches.
    this.#server = createServer(
      { requestTimeout: 0, headersTimeout: HEADERS_TIMEOUT_MS, maxHeaderSize: MAX_HEADER_BYTES },
      (req, res) => void new Exchange(req, res, this.#current()),
    );
    const [parse] = this.#server.listeners("connection") as [(this: Server, socket: Socket) => void]; // Node's own, and the only one
    this.#server.removeAllListeners("connection");
    this.#server.on("connection", (socket: Socket) => {
      if (!this.#admit(socket, mostOfOneClient)) {
        socket.destroy();
        return;
      }
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      new PlainConnection(socket, {
        idleTimeoutMs: this.#server.keepAliveTimeout,
        exchange: (req, res) => void new Exchange(req, res, this.#current()),
        handOver: () => parse.call(this.#server, socket),
      });
    });
    this.#server.on("upgrade", (req, socket, early) => void new Upgrade(req, socket, early, this.#current()));
  }

  set idleTimeoutMs(milliseconds: number) {
    this.#server.keepAliveTimeout = milliseconds;
  }

  /** Resolves with the port, which port 0 leaves to the system. Rejects when it is taken. */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    this.#port = (this.#server.address() as AddressInfo).port; // a TCP server that listens has one
    return this.#port;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Counts a connection of its client, until it closes; false when the client has too many. */
  #admit(socket: Socket, most: number): boolean {
    const { remoteAddress: client } = socket;
    if (client === undefined) return false; // it has gone already
    const open = this.#openOf.get(client) ?? 0;
    if (open >= most) return false;
    this.#openOf.set(client, open + 1);
    socket.once("close", () => {
      const left = (this.#openOf.get(client) ?? 1) - 1;
      if (left === 0) this.#openOf.delete(client);
      else this.#openOf.set(client, left);
    });
    return true;
  }

  #current(): Route {
    return { port: this.#port, ...this.#route() };
  }
}
