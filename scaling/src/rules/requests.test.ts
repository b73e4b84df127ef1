import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Decided } from "../decision.ts";
import { Observation, type ObservationInput } from "../observation.ts";
import { RequestsPolicy } from "../policy.ts";
import { initialState, type State } from "../policy-state.ts";
import { decide } from "./decide.ts";

const NOW = Date.UTC(2026, 0, 5, 14, 0, 20);
const MINUTE = 60_000;
const policy = RequestsPolicy.parse({ kind: "requests" });

interface Traffic {
  readonly requests: number | null;
  readonly responseMs?: number;
  readonly healthyHosts?: number | null;
}

function seen(size: number, traffic: Traffic, now = NOW, input: Partial<ObservationInput> = {}): Observation {
  const last = Math.floor(now / MINUTE) * MINUTE - MINUTE;
  return Observation.parse({
    pool: "web",
    desired: size,
    min: 2,
    max: 10,
    workers: Array.from({ length: size }, (_, index) => ({
      id: `i-${index}`,
      state: "in service",
      inServiceAt: NOW - 60 * MINUTE,
    })),
    balancer: [4, 3, 2, 1, 0].map((age) => ({
      at: last - age * MINUTE,
      requests: traffic.requests,
      successes: traffic.requests,
      responseSeconds: traffic.responseMs === undefined ? null : traffic.responseMs / 1000,
      healthyHosts: traffic.healthyHosts === undefined ? size : traffic.healthyHosts,
    })),
    ...input,
  });
}

function check(observation: Observation, state: State = initialState(), now = NOW): Decided {
  return decide(policy, observation, { ...state, desired: observation.desired }, new Date(now));
}

describe("the request policy", () => {
  it("adds one worker above 200 successful requests in one minute, then holds for 300 s", () => {
    const grown = check(seen(2, { requests: 250, responseMs: 30 }));
    expect(grown.decision).toMatchObject({ kind: "grow", desired: 3 });
    expect(grown.decision.reason).toMatchObject({
      kind: "requests-grew",
      finding: { kind: "requests-above", perMinute: 250, limit: 200 },
      holdSeconds: 300,
      max: 10,
    });
    const later = NOW + 4 * MINUTE;
    const held = check(seen(3, { requests: 250, responseMs: 5 }, later), grown.state, later);
    expect(held.decision).toMatchObject({ kind: "hold", facts: { outcome: "holding", secondsLeft: 60 } });
    const after = NOW + 5 * MINUTE;
    expect(check(seen(3, { requests: 250, responseMs: 5 }, after), held.state, after).decision).toMatchObject({
      kind: "grow",
      desired: 4,
    });
  });

  it("does nothing at 200 requests in a minute", () => {
    expect(check(seen(2, { requests: 200, responseMs: 30 })).decision.kind).toBe("hold");
  });

  it("removes one worker on fast answers that one worker less can carry, on the second check", () => {
    const first = check(seen(4, { requests: 150, responseMs: 6 }));
    expect(first.decision.facts).toMatchObject({ outcome: "would shrink", checks: { have: 1, need: 2 } });
    const second = check(seen(4, { requests: 150, responseMs: 6 }, NOW + MINUTE), first.state, NOW + MINUTE);
    expect(second.decision).toMatchObject({ kind: "shrink", desired: 3 });
    expect(second.decision.reason).toMatchObject({ kind: "requests-shrank", to: 3, peakPerMinute: 150, limit: 200 });
  });

  it("keeps the workers while answers are slow", () => {
    expect(check(seen(4, { requests: 150, responseMs: 12 })).decision.reason).toMatchObject({
      kind: "requests-slow",
      responseMs: 12,
      limitMs: 10,
    });
  });

  it("refuses to shrink when failing requests alone would reach the grow figure", () => {
    const observation = seen(4, { requests: 260, responseMs: 2 });
    const failing = { ...observation, balancer: observation.balancer.map((entry) => ({ ...entry, successes: 20 })) };
    expect(check(failing).decision.reason).toEqual({
      kind: "requests-too-many",
      peakPerMinute: 260,
      withinSeconds: 300,
      workers: 3,
      limit: 200,
    });
  });

  it("reads a balancer that reports hosts and no requests as idle, and one that reports nothing as unknown", () => {
    expect(check(seen(4, { requests: null })).decision.facts).toMatchObject({ outcome: "would shrink" });
    expect(check(seen(4, { requests: null, healthyHosts: null })).decision.facts).toMatchObject({ outcome: "no data" });
  });

  it("scales the figure with the metric period", () => {
    const short = seen(2, { requests: 18, responseMs: 30 }, NOW, { periodSeconds: 5, tickSeconds: 5 });
    const last = Math.floor(NOW / 5_000) * 5_000 - 5_000;
    const observation = {
      ...short,
      balancer: short.balancer.map((entry, index) => ({ ...entry, at: last - (4 - index) * 5_000 })),
    };
    expect(check(observation).decision).toMatchObject({ kind: "grow", facts: { measured: 216 } });
  });

  it("falls silent at every constant rate", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 600 }),
        fc.integer({ min: 2, max: 10 }),
        fc.constantFrom(1, 9, 11, 100),
        (requests, start, responseMs) => {
          let state = initialState();
          let size = start;
          const directions = new Set<string>();
          for (let minute = 0; minute < 90; minute += 1) {
            const now = NOW + minute * MINUTE;
            const decided = decide(policy, seen(size, { requests, responseMs }, now), state, new Date(now));
            if (decided.decision.kind !== "hold") directions.add(decided.decision.kind);
            if (minute >= 70) expect(decided.decision.kind).toBe("hold");
            ({ state } = decided);
            size = decided.decision.desired;
          }
          expect(directions.size).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("the request policy on the workers' own points of 10 s", () => {
  /** Five minutes of 10 s, the newest of them as given, the others at `before` requests a minute. */
  const own = (
    newest: readonly number[],
    before: number,
    { now = NOW, size = 4, responseMs = 5 } = {},
  ): Observation => {
    const last = Math.floor(now / 10_000) * 10_000 - 10_000;
    const perMinute = [...Array.from({ length: 30 - newest.length }, () => before), ...newest];
    const balancer = perMinute.map((each, index) => ({
      at: last - (29 - index) * 10_000,
      requests: each / 6,
      successes: each / 6,
      responseSeconds: responseMs / 1000,
      healthyHosts: size,
    }));
    return seen(size, { requests: 0 }, now, { periodSeconds: 10, tickSeconds: 10, balancer });
  };

  it("grows on the newest 20 s, and not on one odd period", () => {
    expect(check(own([260, 260], 60)).decision).toMatchObject({
      kind: "grow",
      reason: { finding: { perMinute: 260 } },
    });
    expect(check(own([120, 260], 60)).decision.kind).toBe("hold");
  });

  it("shrinks by minutes, however often it is checked", () => {
    let state = initialState();
    const kinds = Array.from({ length: 7 }, (_, index) => {
      const now = NOW + index * 10_000;
      const decided = check(own([], 100, { now }), state, now);
      ({ state } = decided);
      return decided.decision.kind;
    });
    expect(kinds).toEqual(["hold", "hold", "hold", "hold", "hold", "hold", "shrink"]);
  });

  it("keeps its size for the busiest of five minutes, not for its busiest seconds", () => {
    const twice = (newest: readonly number[]): Decided => {
      const first = check(own(newest, 100));
      const later = NOW + MINUTE;
      return check(own([...newest, 100, 100, 100, 100, 100, 100], 100, { now: later }), first.state, later);
    };
    // 600 within 10 s are 183 in their minute.
    expect(twice([600, 100, 100, 100]).decision.kind).toBe("shrink");
    expect(twice([300, 300, 300, 300, 300, 300, 100, 100]).decision.kind).toBe("hold");
  });
});
