import { describe, expect, it } from "vitest";
import { describePolicyState, explainPolicyState } from "./describe-policy-state.ts";
import { CpuPolicy, Policy } from "./policy.ts";
import { policyMeanings } from "./policy-meanings.ts";
import { initialState, type State } from "./policy-state.ts";
import { POOLS } from "./pools.ts";

const NOW = Date.UTC(2026, 0, 5, 14, 0);
const cpu = (changes: Partial<CpuPolicy> = {}): CpuPolicy => CpuPolicy.parse({ kind: "cpu", ...changes });
const state = (changes: Partial<State> = {}): State => ({ ...initialState(), ...changes });

describe("what a rule keeps in its state", () => {
  it.each([
    { level: 0, flapBackOff: true, need: 2 },
    { level: 2, flapBackOff: true, need: 8 },
    { level: 4, flapBackOff: true, need: 30 },
    // The rule does not look at the level then.
    { level: 2, flapBackOff: false, need: 2 },
  ])("needs $need checks at level $level (back-off $flapBackOff)", ({ level, flapBackOff, need }) => {
    const items = describePolicyState(state({ backOff: { level, at: NOW } }), cpu({ flapBackOff }));
    expect(items).toContainEqual({ kind: "low-checks", have: 0, need });
    expect(items.some(({ kind }) => kind === "back-off")).toBe(flapBackOff);
  });

  it("counts no more checks than a shrink needs", () => {
    const low = { checks: 9, dataUntil: NOW };
    expect(describePolicyState(state({ low }), cpu())).toContainEqual({ kind: "low-checks", have: 2, need: 2 });
  });

  it("tells the requests that fill a worker in minutes of life, also in accelerated tests", () => {
    const learned = state({ requestsPerCpu: [50, 40, 60] });
    const perMinute = (timeScale: number) =>
      describePolicyState(learned, cpu(), { timeScale }).find(({ kind }) => kind === "requests-per-worker");
    expect(perMinute(1)).toEqual({ kind: "requests-per-worker", perMinute: 50 });
    expect(perMinute(1 / 12)).toEqual({ kind: "requests-per-worker", perMinute: 600 });
  });

  it("has something for every rule but the fixed size", () => {
    const changed = state({ change: { at: NOW, from: 2, to: 4 }, service: { seconds: 150, finished: 1 } });
    for (const kind of new Set(Object.values(POOLS).flatMap(({ policyKinds }) => policyKinds))) {
      const items = describePolicyState(changed, Policy.parse({ kind }));
      expect(items.length > 0).toBe(kind !== "fixed");
      for (const item of items) expect(explainPolicyState(item).value).not.toBe("");
    }
  });

  it("says the learned service time", () => {
    const items = describePolicyState(
      state({ service: { seconds: 150, finished: 1 } }),
      Policy.parse({ kind: "queue" }),
    );
    expect(items.map(explainPolicyState)[0]).toEqual({
      name: "Service time",
      value: "2\u00a0min\u00a030\u00a0s a job",
      help: "Mean of the latest 1 finished job; tells how many workers the arrivals need.",
    });
  });

  it("says how long a flap is remembered", () => {
    const backOff = { level: 2, at: NOW };
    const words = describePolicyState(state({ backOff }), cpu()).map(explainPolicyState);
    expect(words).toContainEqual({
      name: "Back-off",
      value: "level 2: 8 checks",
      help: "A grow followed a shrink within 60\u00a0min; halved after 2 quiet hours.".replace(
        "60\u00a0min",
        "1\u00a0h",
      ),
      at: NOW,
    });
  });
});

describe("the meanings of a policy's numbers", () => {
  const textOf = (label: string): string =>
    (policyMeanings("cpu").find((meaning) => meaning.label === label)?.text ?? "").replaceAll("\u00a0", " ");

  it("are written with the numbers that the rule uses", () => {
    expect(textOf("Flap back-off")).toBe(
      "For loads that come and go. Each grow within 30 min of a shrink doubles the checks that a shrink needs (2, 4, 8, 16, at most 30) and the minutes whose peak a smaller pool must carry (5, 10, 20, at most 30). After 2 quiet hours both are halved.",
    );
    expect(textOf("Hysteresis margin")).toContain("10 % below 70 % is 63 %");
    expect(textOf("Hysteresis margin")).toContain("(12 min when halving)");
    expect(textOf("Shrink below")).toContain("at 2 checks in a row");
  });
});
