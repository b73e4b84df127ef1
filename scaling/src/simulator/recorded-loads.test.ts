import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { explainOvershoot, worstOvershoot } from "../overshoot.ts";
import { AdaptivePolicy, CpuPolicy, marginWarning } from "../policy.ts";
import { constantLoad, traceLoad } from "./loads.ts";
import { POOL_DEFAULTS } from "./pool-settings.ts";
import { policyRule, ruleNamed } from "./rules.ts";
import { simulate } from "./simulated-pool.ts";
import { summarize } from "./summary.ts";

const recorded = (name: string) =>
  traceLoad(name, readFileSync(new URL(`../../test-data/${name}.csv`, import.meta.url), "utf8"));
const adaptive = policyRule("adaptive", AdaptivePolicy.parse({ kind: "adaptive" }));

describe("a sawtooth between 2.5 and 3.1 workers' worth", () => {
  const load = recorded("sawtooth-2.5-3.1");
  const lastSize = (policy: CpuPolicy): number | undefined =>
    simulate(policyRule("cpu", policy), load, POOL_DEFAULTS).samples.at(-1)?.inService;

  it("settles at 5 workers where a grow goes only to the need", () => {
    expect(lastSize(CpuPolicy.parse({ kind: "cpu", growOnlyToNeed: true }))).toBe(5);
  });

  it("settles at 8 by the ratio of the course, as the policy's page says", () => {
    const policy = CpuPolicy.parse({ kind: "cpu" });
    expect(lastSize(policy)).toBe(8);
    const overshoot = worstOvershoot(policy, { min: 1, max: 8 });
    expect(overshoot === null ? "" : explainOvershoot(overshoot)).toContain("settles at 8 workers");
  });
});

describe("loads that come and go", () => {
  it.each(["cron-half-hour", "square-20-min", "flash-each-3-h", "steps-2-h"])(
    "%s: adaptive overloads no longer than Kubernetes' autoscaler, at no more than 1.3 times its cost",
    (name) => {
      const load = recorded(name);
      const [own, hpa] = [adaptive, ruleNamed("hpa-60", [])].map((rule) =>
        summarize(simulate(rule, load, POOL_DEFAULTS)),
      );
      if (own === undefined || hpa === undefined) throw new Error("no run");
      expect(own.overloadMinutes).toBeLessThanOrEqual(hpa.overloadMinutes);
      expect(own.workerMinutes).toBeLessThanOrEqual(1.3 * hpa.workerMinutes);
    },
  );
});

describe("a hysteresis margin of 1 %", () => {
  it("is warned of, because noise of 5 % makes the pool flap at 0.651", () => {
    const policy = CpuPolicy.parse({
      kind: "cpu",
      growThresholdPercent: 70,
      shrinkThresholdPercent: 65,
      hysteresisMarginPercent: 1,
    });
    const noisy = { ...POOL_DEFAULTS, start: 2, noise: 0.05 };
    const { actions } = simulate(policyRule("cpu", policy), constantLoad(0.651, 1_440), noisy);
    expect(actions.length).toBeGreaterThan(2);
    expect(marginWarning(policy)).toMatch(/several times a day/);
  });
});
