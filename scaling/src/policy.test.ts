import { describe, expect, it } from "vitest";
import { CpuPolicy, marginWarning, noiseWarning, Policy, QUIET_HYSTERESIS_MARGIN_PERCENT } from "./policy.ts";
import { POOLS, readPolicy } from "./pools.ts";
import { constantLoad } from "./simulator/loads.ts";
import { POOL_DEFAULTS } from "./simulator/pool-settings.ts";
import { policyRule } from "./simulator/rules.ts";
import { simulate } from "./simulator/simulated-pool.ts";

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

describe("the warning about the hysteresis margin", () => {
  /** Actions in a day after two hours, at the load at which the margin alone decides between one worker and two. */
  const actionsAt = (hysteresisMarginPercent: number): number => {
    const policy = CpuPolicy.parse({ kind: "cpu", shrinkThresholdPercent: 65, hysteresisMarginPercent });
    const load = constantLoad(0.7 * (1 - hysteresisMarginPercent / 100) - 0.02, 1_560);
    const noisy = { ...POOL_DEFAULTS, noise: 0.05, noiseShape: "normal", start: 2 } as const;
    return simulate(policyRule("cpu", policy), load, noisy).actions.filter(({ second }) => second > 7_200).length;
  };

  it("is the simulator's answer", () => {
    for (const margin of [1, 5]) {
      expect(actionsAt(margin)).toBeGreaterThan(2);
      expect(marginWarning(CpuPolicy.parse({ kind: "cpu", hysteresisMarginPercent: margin }))).toContain(
        "Below 9\u00a0%",
      );
    }
    for (const margin of [QUIET_HYSTERESIS_MARGIN_PERCENT, 10]) {
      expect(actionsAt(margin)).toBeLessThanOrEqual(2);
      expect(marginWarning(CpuPolicy.parse({ kind: "cpu", hysteresisMarginPercent: margin }))).toBeNull();
    }
  }, 120_000);
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
      longestLookbackSeconds: 900,
    });
  });

  it("that is not known becomes the pool's default", () => {
    expect(readPolicy("annotator", { kind: "unheard-of" })).toEqual(POOLS.annotator.defaults.policy);
  });
});
