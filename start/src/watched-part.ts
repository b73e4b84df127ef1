import type { ChildProcess } from "node:child_process";
import { findFreePort } from "./free-port.ts";
import { waitForHttp } from "./ready.ts";
import type { Part } from "./supervise.ts";
import { healthAddressCheck } from "./watch-health.ts";

/** A process that boots with a share of a CPU takes its time. */
const UP_DEADLINE_MS = 180_000;

export interface WatchedPart {
  readonly name: string;
  /** Starts the process, which answers at the loopback port that this environment names. */
  readonly start: (environment: { readonly HEALTH_PORT: string }) => Promise<ChildProcess>;
  readonly stopMs: number;
  /** Of its health address; longer than that, and it is started again. */
  readonly silenceLimitMs?: number;
}

/**
 * A part without a service of its own: up from the first answer of its health address, and watched by it from then on.
 */
export function watchedPart({ name, start, stopMs, silenceLimitMs }: WatchedPart): Part {
  let url = "";
  return {
    name,
    start: async () => {
      // Another port for each process: nothing waits for one that its predecessor still holds.
      const port = await findFreePort();
      url = `http://127.0.0.1:${port}/`;
      return start({ HEALTH_PORT: String(port) });
    },
    ready: (child, signal) => waitForHttp(url, { child, signal, deadlineMs: UP_DEADLINE_MS }),
    health: healthAddressCheck(() => url, silenceLimitMs),
    stopMs,
  };
}
