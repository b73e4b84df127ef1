import { ConnectionPool } from "./connection-pool.ts";
import { type Health, INITIAL } from "./health.ts";

/** One registered target as the data plane sees it. */
export class Target {
  readonly id: string;
  readonly port: number;
  health: Health = INITIAL;
  /** Since when it is being deregistered; null when it is not. */
  drainingSince: Date | null = null;
  inFlight = 0;
  /** Called when the last request in flight has ended. */
  onIdle: (() => void) | null = null;
  readonly #idleTimeoutMs: () => number;
  #host: string | null = null;
  #pool: ConnectionPool | null = null;

  constructor(id: string, port: number, idleTimeoutMs: () => number) {
    this.id = id;
    this.port = port;
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  /** Null while nothing is known to listen: an instance that is not running. */
  get host(): string | null {
    return this.#host;
  }

  set host(host: string | null) {
    if (host === this.#host) return;
    this.#pool?.close();
    this.#host = host;
    this.#pool = host === null ? null : new ConnectionPool({ host, port: this.port }, this.#idleTimeoutMs);
  }

  get pool(): ConnectionPool | null {
    return this.#pool;
  }

  begin(): void {
    this.inFlight += 1;
  }

  end(): void {
    this.inFlight -= 1;
    if (this.inFlight === 0) this.onIdle?.();
  }

  destroy(): void {
    this.#pool?.destroy();
  }
}
