import type { Socket } from "node:net";
import type { ClientRequest, ClientResponse } from "./client.ts";
import { PlainRequest, readWholeRequest } from "./plain-request.ts";
import { PlainResponse } from "./plain-response.ts";

export interface PlainConnectionOptions {
  readonly idleTimeoutMs: number;
  readonly exchange: (request: ClientRequest, response: ClientResponse) => void;
  /** Takes the connection over for good; its unread bytes are the socket's next. */
  readonly handOver: (socket: Socket) => void;
}

/**
 * A client's connection on the short way. As long as a client sends one whole request after the other, no HTTP server
 * stands between the two sockets, which saves a third of a request's CPU time. Whatever is not that plain, a body in
 * pieces, an upgrade, two requests at once, a head in pieces, a wrong one, goes with its connection to Node's HTTP
 * server:
 *
 *   waiting -> plain request -> answering -> waiting
 *      |                            |
 *      -> anything else             -> bytes of a next request wait for the end of the answer
 *         = handed over
 */
export class PlainConnection {
  readonly #socket: Socket;
  readonly #options: PlainConnectionOptions;
  #response: PlainResponse | undefined;
  #early: Buffer[] = [];

  constructor(socket: Socket, options: PlainConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.setTimeout(options.idleTimeoutMs);
    socket.on("data", this.#data);
    socket.on("end", this.#end);
    socket.on("timeout", this.#timeout);
    socket.on("error", ignore);
    socket.on("close", this.#closed);
  }

  readonly #data = (bytes: Buffer): void => {
    if (this.#response) {
      this.#early.push(bytes);
      this.#socket.pause();
      return;
    }
    const request = readWholeRequest(bytes);
    if (!request) {
      this.#handOver(bytes);
      return;
    }
    const response = new PlainResponse(this.#socket, {
      toHead: request.method === "HEAD",
      keepAliveSeconds: Math.floor(this.#options.idleTimeoutMs / 1000),
      done: this.#done,
    });
    this.#response = response;
    this.#options.exchange(new PlainRequest(this.#socket, request), response);
  };

  readonly #done = (): void => {
    this.#response = undefined;
    if (this.#early.length > 0) {
      const bytes = Buffer.concat(this.#early);
      this.#early = [];
      this.#socket.resume();
      this.#data(bytes);
    }
  };

  /** As Node's server has it: who sends no more has gone, and need not be answered. */
  readonly #end = (): void => {
    if (this.#response) this.#socket.destroy();
    else this.#socket.end();
  };

  readonly #timeout = (): void => {
    if (!this.#response) this.#socket.destroy();
  };

  readonly #closed = (): void => {
    this.#response?.closed();
  };

  #handOver(bytes: Buffer): void {
    const socket = this.#socket;
    socket.setTimeout(0);
    socket.off("data", this.#data);
    socket.off("end", this.#end);
    socket.off("timeout", this.#timeout);
    socket.off("error", ignore);
    socket.off("close", this.#closed);
    this.#options.handOver(socket);
    socket.unshift(bytes);
  }
}

function ignore(): void {} // "close" follows
