import { type Endpoint, TargetConnection } from "./connection.ts";

const MAX_IDLE = 256; // connections kept open to one target

/** The connections to one target. */
export class ConnectionPool {
  readonly #endpoint: Endpoint;
  readonly #idleTimeoutMs: () => number;
  readonly #idle: TargetConnection[] = [];
  readonly #all = new Set<TargetConnection>();
  #closed = false;

  constructor(endpoint: Endpoint, idleTimeoutMs: () => number) {
    this.#endpoint = endpoint;
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  /** The idle connection used last, which is the least likely to be closed by the target meanwhile; else a new one. */
  take(): TargetConnection {
    for (;;) {
      const connection = this.#idle.pop();
      if (!connection) return this.open();
      if (connection.reusable) return connection;
      connection.socket.destroy();
    }
  }

  /** For a request that must not be sent twice: an idle connection that lasts, else a new one. */
  takeLasting(): TargetConnection {
    return this.#idle.at(-1)?.lasting ? this.take() : this.open();
  }

  /** A connection that no request was sent on yet. */
  open(): TargetConnection {
    const connection = new TargetConnection(this.#endpoint, this.#idleTimeoutMs(), (ended) => this.#forget(ended));
    this.#all.add(connection);
    connection.socket.once("close", () => this.#all.delete(connection));
    return connection;
  }

  /** Back from a request that was answered completely. */
  giveBack(connection: TargetConnection): void {
    connection.release();
    if (!this.#closed && connection.reusable && this.#idle.length < MAX_IDLE) this.#idle.push(connection);
    else connection.socket.destroy();
  }

  /** Ends the idle connections; those in use end with their requests. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) connection.socket.destroy();
  }

  /** Ends those in use too. */
  destroy(): void {
    this.close();
    for (const connection of this.#all) connection.socket.destroy();
  }

  #forget(connection: TargetConnection): void {
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    connection.socket.destroy();
  }
}
