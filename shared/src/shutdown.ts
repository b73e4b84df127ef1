import type { Logger } from "./logger.ts";

/**
 * A process that has not stopped by then is ended; must stay below the 30 s that an instance gets between SIGTERM and
 * SIGKILL.
 */
const HARD_DEADLINE_MS = 25_000;

/**
 * The life of a process: `signal` aborts on the first SIGTERM or SIGINT, a second one exits at once, and `stopped` is
 * called when the work has ended. Exit codes: 0 asked to stop, 1 failed.
 */
export function stopOnSignals(log: Logger): { readonly signal: AbortSignal; abort(reason: string): void } {
  const controller = new AbortController();
  const stop = (reason: string) => {
    if (controller.signal.aborted) {
      log.warn({ reason }, "stopping at once");
      process.exit(1);
    }
    log.info({ reason }, "stopping");
    setTimeout(() => {
      log.error({ seconds: HARD_DEADLINE_MS / 1_000 }, "did not stop in time");
      process.exit(1);
    }, HARD_DEADLINE_MS).unref();
    controller.abort(reason);
  };
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
  return { signal: controller.signal, abort: stop };
}

/** Waits until the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Sleeps; resolves early, without an error, when the signal aborts. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
  });
}

export interface LoopOptions {
  readonly name: string;
  /** Asked after each turn when it is a function. */
  readonly intervalMs: number | (() => number);
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/**
 * Runs `work` again and again, `intervalMs` after it ended, until the signal aborts. A failure is logged and the loop
 * goes on.
 */
export async function runLoop(
  { name, intervalMs, signal, log }: LoopOptions,
  work: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await work();
    } catch (error) {
      if (!signal.aborted) log.error({ loop: name, err: error }, "loop failed, goes on");
    }
    await pause(typeof intervalMs === "number" ? intervalMs : intervalMs(), signal);
  }
}
