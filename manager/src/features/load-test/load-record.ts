import type { Outcome } from "@elastic-gas/loadgen/outcome";
import { quantile } from "@elastic-gas/loadgen/summary";
import type { LoadBucket, LoadTestSnapshot } from "../../model/load-test/load-test-snapshot.ts";

interface Counts {
  readonly times: number[];
  sent: number;
  refused: number;
  failed: number;
}

export const BUCKET_SECONDS = 5;

/** Counts of a load by the time at which each request was sent; bounded by the longest test. */
export class LoadRecord {
  readonly #buckets: Counts[] = [];
  readonly #answers = new Map<string, number>();

  /** Counted at once; the answer may take a minute. */
  addSent(sentAtMs: number): void {
    this.#bucketAt(sentAtMs).sent += 1;
  }

  addOutcome({ sentAtMs, ms, status, succeeded, refused, text }: Outcome): void {
    const bucket = this.#bucketAt(sentAtMs);
    if (succeeded) bucket.times.push(ms);
    else if (refused) bucket.refused += 1;
    else bucket.failed += 1;
    // Of an answer its status is enough: bodies hold numbers that differ each time.
    const what = status === null ? text : `${status}${refused ? " with a time to come back" : ""}`;
    this.#answers.set(what, (this.#answers.get(what) ?? 0) + 1);
  }

  buckets(): readonly LoadBucket[] {
    return this.#buckets.map(({ times, sent, refused, failed }, index) => {
      const sorted = times.toSorted((a, b) => a - b);
      const at = (share: number) => (sorted.length === 0 ? null : quantile(sorted, share));
      return {
        at: index * BUCKET_SECONDS,
        sent,
        succeeded: times.length,
        refused,
        failed,
        medianMs: at(0.5),
        p95Ms: at(0.95),
      };
    });
  }

  answers(): LoadTestSnapshot["answers"] {
    return [...this.#answers]
      .map(([what, count]) => ({ what, count }))
      .sort((a, b) => b.count - a.count || a.what.localeCompare(b.what))
      .slice(0, 10);
  }

  #bucketAt(sentAtMs: number): Counts {
    const index = Math.max(0, Math.floor(sentAtMs / 1000 / BUCKET_SECONDS));
    for (;;) {
      const bucket = this.#buckets[index];
      if (bucket !== undefined) return bucket;
      this.#buckets.push({ times: [], sent: 0, refused: 0, failed: 0 });
    }
  }
}
