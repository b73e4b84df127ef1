import { SHAPE_NAMES } from "@elastic-gas/loadgen/shapes";
import { z } from "zod";

/** So that a test harms nobody: the service refuses what is too much, and it ends by itself. */
export const MAX_RATE = 20;
export const MAX_MINUTES = 30;

/** What an administrator may choose; the target is always this installation's own load balancer. */
export const LoadTestChoice = z.object({
  rate: z.coerce
    .number("The rate is a number of photos a second.")
    .min(0.1, "The rate is at least 0.1 a second.")
    .max(MAX_RATE, `The rate is at most ${MAX_RATE} a second.`),
  minutes: z.coerce
    .number("The duration is a number of minutes.")
    .min(1, "The duration is at least 1 minute.")
    .max(MAX_MINUTES, `The duration is at most ${MAX_MINUTES} minutes.`),
  shape: z.enum(SHAPE_NAMES, "The shape is none that there is."),
});
export type LoadTestChoice = z.infer<typeof LoadTestChoice>;

/** What was sent within one stretch of time. */
export interface LoadBucket {
  /** Seconds after the start. */
  readonly at: number;
  readonly sent: number;
  readonly succeeded: number;
  readonly refused: number;
  readonly failed: number;
  /** Of those that succeeded; null without any. */
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
}

export interface LoadTestSnapshot extends LoadTestChoice {
  readonly by: string;
  readonly target: string;
  readonly startedAt: number;
  /** null while it runs. */
  readonly endedAt: number | null;
  /** How it ended, as a sentence begins; empty while it runs. */
  readonly end: string;
  readonly bucketSeconds: number;
  readonly buckets: readonly LoadBucket[];
  /** Answers by what they were, most frequent first: status, or why none came. */
  readonly answers: readonly { readonly what: string; readonly count: number }[];
}

export function totalOf(buckets: readonly LoadBucket[], key: "sent" | "succeeded" | "refused" | "failed"): number {
  return buckets.reduce((sum, bucket) => sum + bucket[key], 0);
}
