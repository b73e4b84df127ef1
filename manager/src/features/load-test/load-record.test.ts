import type { Outcome } from "@elastic-gas/loadgen/outcome";
import { describe, expect, it } from "vitest";
import { LoadRecord } from "./load-record.ts";

const outcome = (part: Partial<Outcome>): Outcome => ({
  sentAtMs: 0,
  ms: 100,
  status: 200,
  succeeded: true,
  refused: false,
  text: "{}",
  ...part,
});

describe("the record of a load", () => {
  it("counts by the time of sending, however late the answer came, and leaves no gap", () => {
    const record = new LoadRecord();
    for (const at of [10, 20, 30, 4_999, 12_000, 12_100]) record.addSent(at);
    record.addOutcome(outcome({ sentAtMs: 12_000, ms: 9_000 }));
    record.addOutcome(outcome({ sentAtMs: 4_999, ms: 300 }));
    record.addOutcome(outcome({ sentAtMs: 10, ms: 100 }));
    record.addOutcome(outcome({ sentAtMs: 20, status: 503, succeeded: false, refused: true }));
    record.addOutcome(outcome({ sentAtMs: 30, status: null, succeeded: false, text: "connection refused" }));
    const none = { sent: 0, succeeded: 0, refused: 0, failed: 0, medianMs: null, p95Ms: null };
    expect(record.buckets()).toEqual([
      { at: 0, sent: 4, succeeded: 2, refused: 1, failed: 1, medianMs: 100, p95Ms: 300 },
      { ...none, at: 5 },
      { at: 10, sent: 2, succeeded: 1, refused: 0, failed: 0, medianMs: 9_000, p95Ms: 9_000 },
    ]);
  });

  it("tells answers by their status, most frequent first, whatever stood in them", () => {
    const record = new LoadRecord();
    record.addOutcome(outcome({ status: null, succeeded: false, text: "connection refused" }));
    record.addOutcome(outcome({ text: "one" }));
    record.addOutcome(outcome({ text: "two" }));
    record.addOutcome(outcome({ status: 503, succeeded: false, refused: true }));
    expect(record.answers()).toEqual([
      { what: "200", count: 2 },
      { what: "503 with a time to come back", count: 1 },
      { what: "connection refused", count: 1 },
    ]);
  });
});
