import { isTransient } from "./transient.ts";

/** A message or a piece of work that failed this often for a reason that does not pass by itself is given up. */
export const MAX_FAILURES = 4;
/**
 * Long before SQS's own limit (MAX_RECEIVE_COUNT of the redrive policy) a message is sent afresh, so that its receives
 * start again at 0.
 */
export const RENEW_AFTER_RECEIVES = 900;
export const LONGEST_RETRY_SECONDS = 300;

export interface Failure {
  readonly error: unknown;
  /** Of SQS: all receives, also those that ended because a service was away. */
  readonly receiveCount: number;
  /** Earlier failures of this message that do not pass by themselves. */
  readonly failures: number;
  readonly longestRetrySeconds: number;
  /** 0 to 1. */
  readonly random: number;
}

/**
 * What becomes of a message that could not be handled:
 *
 *     transient      --> hand back, for as long as it takes; it never counts
 *     not transient  --> try again (with one more failure) --after MAX_FAILURES--> set aside
 */
export type Verdict =
  | { readonly kind: "hand back"; readonly seconds: number }
  /** As "hand back", by a fresh copy. */
  | { readonly kind: "renew"; readonly seconds: number }
  | { readonly kind: "try again"; readonly failures: number; readonly seconds: number }
  | { readonly kind: "set aside"; readonly failures: number; readonly reason: string };

export function afterFailure({ error, receiveCount, failures, longestRetrySeconds, random }: Failure): Verdict {
  if (isTransient(error)) {
    const seconds = transientDelay(receiveCount, random, longestRetrySeconds);
    return { kind: receiveCount < RENEW_AFTER_RECEIVES ? "hand back" : "renew", seconds };
  }
  const count = failures + 1;
  if (count >= MAX_FAILURES) {
    return { kind: "set aside", failures: count, reason: `Failed ${count} times, at last with: ${messageOf(error)}` };
  }
  return { kind: "try again", failures: count, seconds: failureDelay(count, longestRetrySeconds) };
}

/**
 * Seconds until the next attempt while something is away: 1, 2, 4, ... up to the longest; half of it by chance, so that
 * waiting messages do not come in step.
 */
export function transientDelay(attempt: number, random: number, longest = LONGEST_RETRY_SECONDS): number {
  const full = Math.min(longest, 2 ** Math.min(30, Math.max(0, attempt - 1)));
  return full / 2 + (full / 2) * random;
}

/** Seconds until the next attempt after the nth failure that does not pass by itself: 1, 4, 16. */
export function failureDelay(failures: number, longest = LONGEST_RETRY_SECONDS): number {
  return Math.min(longest, 4 ** (failures - 1));
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
