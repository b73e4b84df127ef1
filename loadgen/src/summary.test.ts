import { describe, expect, it } from "vitest";
import type { Outcome } from "./outcome.ts";
import { summarize } from "./summary.ts";

const outcome = (part: Partial<Outcome>): Outcome => ({
  sentAtMs: 0,
  ms: 100,
  status: 200,
  succeeded: true,
  refused: false,
  text: '{"success":true,"payload":{"num_faces":1,"num_masked":1,"num_unmasked":0}}',
  ...part,
});

describe("the summary of a load", () => {
  it("tells successes, refusals with a time to come back, and failures apart", () => {
    const { succeeded, refused, failed, answered } = summarize(
      [
        outcome({}),
        outcome({ status: 503, succeeded: false, refused: true, text: '{"success":false}' }),
        outcome({ status: 503, succeeded: false, text: "Service Unavailable" }),
        outcome({ succeeded: false, text: '{"success":false,"error":{"code":400}}' }),
        outcome({ succeeded: false, status: null, text: "connection refused" }),
      ],
      10,
    );
    expect({ answered, succeeded, refused, failed }).toEqual({ answered: 5, succeeded: 1, refused: 1, failed: 3 });
  });

  it("takes the percentiles of successes only, by the nearest rank", () => {
    const times = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100];
    const outcomes = [
      ...times.map((ms) => outcome({ ms })),
      outcome({ succeeded: false, status: null, ms: 60_000, text: "no answer" }),
    ];
    expect(summarize(outcomes, 5).latency).toEqual({ p50: 50, p95: 100, p99: 100, max: 100 });
    expect(summarize(outcomes, 5).perSecond).toBe(2);
  });

  it("has no latency without a success", () => {
    expect(summarize([outcome({ succeeded: false, status: 500, text: "" })], 1).latency).toBeNull();
  });

  it("counts equal answers together, most frequent first", () => {
    const refused = outcome({ succeeded: false, status: null, text: "connection refused" });
    expect(
      summarize([outcome({}), refused, refused], 1).outcomes.map(({ what, count }) => [count, what.slice(0, 20)]),
    ).toEqual([
      [2, "connection refused"],
      [1, '200 {"success":true,'],
    ]);
  });
});
