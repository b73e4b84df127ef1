import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { afterFailure, type Failure, MAX_FAILURES, RENEW_AFTER_RECEIVES, transientDelay } from "./after-failure.ts";
import { Unavailable } from "./transient.ts";

const away = new Unavailable("The mail service is away");
const wrong = new Error("x is undefined");

const failure = (changes: Partial<Failure>): Failure => ({
  error: away,
  receiveCount: 1,
  failures: 0,
  longestRetrySeconds: 300,
  random: 1,
  ...changes,
});

describe("a message that could not be handled", () => {
  it.each([
    ["is handed back when a service is away", { receiveCount: 1 }, { kind: "hand back", seconds: 1 }],
    ["waits longer each time", { receiveCount: 6 }, { kind: "hand back", seconds: 32 }],
    ["waits half of that at least", { receiveCount: 6, random: 0 }, { kind: "hand back", seconds: 16 }],
    ["never waits beyond the limit", { receiveCount: 500 }, { kind: "hand back", seconds: 300 }],
    [
      "is sent afresh before SQS would give it up",
      { receiveCount: RENEW_AFTER_RECEIVES },
      { kind: "renew", seconds: 300 },
    ],
    ["keeps its failures while a service is away", { failures: MAX_FAILURES - 1 }, { kind: "hand back", seconds: 1 }],
    [
      "counts a failure of another kind from 0, however often it was received",
      { error: wrong, receiveCount: 500 },
      { kind: "try again", failures: 1, seconds: 1 },
    ],
    ["waits between such failures", { error: wrong, failures: 2 }, { kind: "try again", failures: 3, seconds: 16 }],
    [
      "is set aside with the reason after the fourth",
      { error: wrong, failures: 3 },
      { kind: "set aside", failures: 4, reason: "Failed 4 times, at last with: x is undefined" },
    ],
  ] as const)("%s", (_, changes, verdict) => {
    expect(afterFailure(failure(changes))).toEqual(verdict);
  });

  it("is never set aside for what passes by itself", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.nat(100),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (receiveCount, failures, random) => {
          const verdict = afterFailure(failure({ receiveCount, failures, random }));
          expect(["hand back", "renew"]).toContain(verdict.kind);
        },
      ),
    );
  });

  it("waits between half and all of the limit in the long run", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
        const seconds = transientDelay(attempt, random, 300);
        expect(seconds).toBeGreaterThanOrEqual(0.5);
        expect(seconds).toBeLessThanOrEqual(300);
        if (attempt > 10) expect(seconds).toBeGreaterThanOrEqual(150);
      }),
    );
  });
});
