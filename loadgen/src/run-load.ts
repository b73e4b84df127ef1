import { pause } from "@elastic-gas/shared/shutdown";
import type { Outcome } from "./outcome.ts";

export interface LoadOptions {
  /** When to send, in seconds after the start, in order. */
  readonly times: Iterable<number>;
  /** Sends request number `index`. */
  readonly send: (index: number) => Promise<Outcome>;
  /**
   * Open requests at one time; above it a request is counted as not sent, so that a slow service cannot fill this
   * process.
   */
  readonly maxOpen: number;
  readonly signal: AbortSignal;
  readonly onOutcome: (outcome: Outcome) => void;
}

export interface LoadRun {
  readonly sent: number;
  readonly notSent: number;
  readonly seconds: number;
}

/**
 * An open loop: requests go out at their times, whether or not earlier ones have been answered. Resolves when the last
 * answer has come.
 */
export async function runLoad({ times, send, maxOpen, signal, onOutcome }: LoadOptions): Promise<LoadRun> {
  const startedAt = performance.now();
  const open = new Set<Promise<void>>();
  let sent = 0;
  let notSent = 0;
  for (const seconds of times) {
    await pause(Math.max(0, startedAt + seconds * 1000 - performance.now()), signal);
    if (signal.aborted) break;
    if (open.size >= maxOpen) {
      notSent += 1;
      continue;
    }
    const request = send(sent).then((outcome) => {
      onOutcome(outcome);
      open.delete(request);
    });
    open.add(request);
    sent += 1;
  }
  await Promise.all(open);
  return { sent, notSent, seconds: (performance.now() - startedAt) / 1000 };
}
