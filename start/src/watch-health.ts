import { connect } from "node:net";
import { pause } from "@elastic-gas/shared/shutdown";

export interface HealthCheck {
  /**
   * Rejects, or does not resolve in time, when the part does not answer. What it answers is its own affair: a 503 is an
   * answer.
   */
  readonly ask: (signal: AbortSignal) => Promise<unknown>;
  readonly everyMs: number;
  /** A part that has not answered for that long hangs. */
  readonly silenceLimitMs: number;
}

const ASK_EVERY_MS = 5_000;
const PATIENCE_MS = 30_000;

/** Asks from now on; resolves with what to say when the part hangs, or with undefined when the signal aborts. */
export async function watchHealth(
  { ask, everyMs, silenceLimitMs }: HealthCheck,
  signal: AbortSignal,
): Promise<string | undefined> {
  let silentMs = 0;
  let last = "";
  while (!signal.aborted) {
    const beganAt = performance.now();
    await pause(everyMs, signal);
    if (signal.aborted) return undefined;
    try {
      await ask(AbortSignal.any([signal, AbortSignal.timeout(everyMs)]));
      silentMs = 0;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
      // One question counts for the longest that it may take: who was itself held up does not blame the part.
      silentMs += Math.min(performance.now() - beganAt, 2 * everyMs);
    }
    if (!signal.aborted && silentMs >= silenceLimitMs)
      return `did not answer for ${Math.round(silentMs / 1_000)} s: ${last}`;
  }
  return undefined;
}

export function httpCheck(url: string, silenceLimitMs = PATIENCE_MS): HealthCheck {
  return {
    ask: async (signal) => (await fetch(url, { signal, redirect: "manual" })).arrayBuffer(),
    everyMs: ASK_EVERY_MS,
    silenceLimitMs,
  };
}

/** Of a part with an address for this only: another answer than 200 says that its work stands still. */
export function healthAddressCheck(url: () => string): HealthCheck {
  return {
    ask: async (signal) => {
      const response = await fetch(url(), { signal });
      const text = await response.text();
      if (!response.ok) throw new Error(text.trim());
    },
    everyMs: ASK_EVERY_MS,
    silenceLimitMs: PATIENCE_MS,
  };
}

/** A server that speaks first, as MariaDB does; that it has no connection left is an answer too. */
export function greetingCheck(port: number, silenceLimitMs: number): HealthCheck {
  return {
    ask: (signal) =>
      new Promise<void>((resolve, reject) => {
        const socket = connect({ host: "127.0.0.1", port });
        const end = (settle: () => void) => {
          socket.destroy();
          settle();
        };
        socket.once("data", () => end(resolve));
        socket.once("error", (error) => end(() => reject(error)));
        signal.addEventListener("abort", () => end(() => reject(new Error("no greeting"))), { once: true });
      }),
    everyMs: ASK_EVERY_MS,
    silenceLimitMs,
  };
}
