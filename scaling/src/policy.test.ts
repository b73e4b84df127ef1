import { describe, expect, it } from "vitest";
import { CpuPolicy, noiseWarning, Policy } from "./policy.ts";
import { POOLS, readPolicy } from "./pools.ts";

describe("the warning about measuring noise", () => {
  it.each([
    [70, null],
    [85, null],
    [85.5, "Above 85"],
    [95, "Above 85"],
  ])("of a grow threshold of %d %%", (growThresholdPercent, words) => {
    const warning = noiseWarning(CpuPolicy.parse({ kind: "cpu", growThresholdPercent }));
    if (words === null) expect(warning).toBeNull();
    else expect(warning).toContain(words);
  });

  it("is only for the rule on CPU", () => {
    expect(noiseWarning({ kind: "fixed" })).toBeNull();
    expect(noiseWarning({ kind: "adaptive", serviceLevelPercent: 99, riskPercent: 17 })).toBeNull();
  });
});

describe("a policy of an earlier version", () => {
  it("is read with the present names", () => {
    expect(Policy.parse({ kind: "cpu", settleMarginPercent: 12 })).toMatchObject({ hysteresisMarginPercent: 12 });
    expect(readPolicy("web", { kind: "cpu", settleMarginPercent: 12 })).toMatchObject({ hysteresisMarginPercent: 12 });
  });

  it("keeps its thresholds on the queue, which are a rule of their own now", () => {
    const stored = { kind: "queue", windowSeconds: 600, growAboveSent: 40, shrinkBelowSent: 5, cooldownSeconds: 60 };
    expect(readPolicy("annotator", stored)).toMatchObject({ kind: "queue-thresholds", growAboveSent: 40 });
    expect(Policy.parse({ kind: "queue" })).toEqual({
      kind: "queue",
      targetUtilizationPercent: 80,
      acceptableWaitSeconds: 60,
    });
  });

  it("that is not known becomes the pool's default", () => {
    expect(readPolicy("annotator", { kind: "unheard-of" })).toEqual(POOLS.annotator.defaults.policy);
  });
});
