import { describe, expect, it } from "vitest";
import { Observation } from "../observation.ts";
import { AdaptivePolicy } from "../policy.ts";
import { initialState, type State } from "../policy-state.ts";
import { decideAdaptive } from "./adaptive.ts";
import { freshLoad } from "./adaptive-fresh.ts";
import { measureMinutes } from "./adaptive-measure.ts";
import { initialAdaptiveState } from "./adaptive-state.ts";

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 0, 5, 14, 0, 30);
const policy = AdaptivePolicy.parse({ kind: "adaptive", serviceLevelPercent: 90, riskPercent: 17 });

/** Workers with points of 10 s up to 10 s ago: the last two at `percent`, those before at 60 %. */
function seen(
  percent: number,
  changes: { readonly periodSeconds?: number; readonly silent?: number } = {},
): Observation {
  const { periodSeconds = 10, silent = 0 } = changes;
  const newest = NOW - 2 * periodSeconds * 1000;
  return Observation.parse({
    pool: "web",
    desired: 4,
    min: 1,
    max: 12,
    bootSeconds: 60,
    periodSeconds,
    workers: Array.from({ length: 4 }, (_, index) => ({
      id: `i-${index}`,
      state: "in service",
      inServiceAt: NOW - 60 * MINUTE,
      cpu:
        index < silent
          ? []
          : Array.from({ length: 12 }, (_each, age) => ({
              at: newest - (11 - age) * periodSeconds * 1000,
              percent: age >= 10 ? percent : 60,
            })),
    })),
    balancer: [{ at: newest, requests: 800, healthyHosts: 4 }],
  });
}

describe("the load of the newest seconds", () => {
  const learned = { ...initialAdaptiveState(60, NOW), ratios: [600] };

  it("is the mean of 20 s times the workers", () => {
    expect(freshLoad(learned, seen(80), NOW)).toEqual({ load: expect.closeTo(3.2), until: NOW - 10_000 });
  });

  it("is that of the requests when the workers are full", () => {
    // 800 in 10 s are 4,800 a minute; 600 fill a worker.
    expect(freshLoad(learned, seen(99), NOW)?.load).toBeCloseTo(8);
    expect(freshLoad(initialAdaptiveState(60, NOW), seen(99), NOW)?.load).toBeCloseTo(3.96);
  });

  it("is not known from points of a minute, from old ones, or from less than half of the workers", () => {
    expect(freshLoad(learned, seen(80, { periodSeconds: 60 }), NOW)).toBeNull();
    expect(freshLoad(learned, seen(80), NOW + 2 * MINUTE)).toBeNull();
    expect(freshLoad(learned, seen(80, { silent: 2 }), NOW)?.load).toBeCloseTo(3.2);
    expect(freshLoad(learned, seen(80, { silent: 3 }), NOW)).toBeNull();
  });
});

describe("the adaptive rule on points of 10 s", () => {
  const minutes = Array.from({ length: 200 }, (_, age) => ({
    at: Math.floor(NOW / MINUTE) * MINUTE - (200 - age) * MINUTE,
    members: 4,
    reporting: 4,
    cpuSum: 240,
    requests: null,
  }));
  const adaptive = measureMinutes(initialAdaptiveState(60, NOW - 300 * MINUTE), minutes);
  const state: State = { ...initialState(), minutes: minutes.slice(-38), adaptive };

  it("grows within 20 s of a step, before a minute is over", () => {
    expect(decideAdaptive(policy, seen(60), state, NOW).decision.kind).toBe("hold");
    expect(decideAdaptive(policy, seen(95), state, NOW).decision).toMatchObject({
      kind: "grow",
      desired: 5,
      reason: { finding: { level: expect.closeTo(3.8), aheadSeconds: 120 } },
    });
  });

  it("keeps its waits in minutes: a lull of 20 s shrinks nothing", () => {
    expect(decideAdaptive(policy, seen(1), state, NOW).decision.reason).toMatchObject({
      kind: "adaptive-unchanged",
      withinSeconds: 420,
    });
  });
});
