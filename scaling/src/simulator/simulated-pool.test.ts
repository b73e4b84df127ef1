import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Observation } from "../observation.ts";
import { CpuPolicy } from "../policy.ts";
import { constantLoad, SHAPES, shapeLoad } from "./loads.ts";
import { POOL_DEFAULTS } from "./pool-settings.ts";
import type { Rule } from "./rule.ts";
import { COMPARED_RULES, policyRule, ruleNamed } from "./rules.ts";
import { countReversals, SAMPLE_SECONDS, simulate } from "./simulated-pool.ts";

const quiet = { ...POOL_DEFAULTS, noise: 0 };

/** Wants the given sizes, one per minute, and keeps what it saw. */
function scripted(sizes: readonly number[]): { readonly rule: Rule; readonly saw: Observation[] } {
  const saw: Observation[] = [];
  const decide = (seen: Observation) => {
    saw.push(seen);
    return { desired: sizes[saw.length - 1] ?? seen.desired, describe: () => "as written" };
  };
  return { rule: { name: "scripted", start: () => decide }, saw };
}

/** The last sample before a second, and the first from it on. */
function aroundSecond<Sample>(samples: readonly Sample[], second: number): readonly (Sample | undefined)[] {
  return [samples[second / SAMPLE_SECONDS - 1], samples[second / SAMPLE_SECONDS]];
}

describe("the simulated pool", () => {
  it("boots for 90 s and pays from the launch", () => {
    const { rule, saw } = scripted([3]);
    const { samples, actions } = simulate(rule, constantLoad(1, 5), quiet);
    const [before, after] = aroundSecond(samples, 150);
    expect(actions).toEqual([{ second: 60, from: 1, to: 3, reason: "as written" }]);
    expect([before?.inService, after?.inService]).toEqual([1, 3]);
    expect(aroundSecond(samples, 60).map((sample) => sample?.paid)).toEqual([1, 3]);
    expect(saw[1]?.workers.map((worker) => worker.state)).toEqual(["in service", "pending", "pending"]);
  });

  it("drains the youngest for 60 s, which serves no more and is still paid", () => {
    const { rule, saw } = scripted([2, 1]);
    const { samples } = simulate(rule, constantLoad(1, 5), { ...quiet, start: 2 });
    expect(aroundSecond(samples, 120).map((sample) => sample?.inService)).toEqual([2, 1]);
    expect(aroundSecond(samples, 180).map((sample) => sample?.paid)).toEqual([2, 1]);
    expect(saw[2]?.workers.map((worker) => worker.id)).toContain("i-1");
  });

  it("asks a rule as often as it checks, once a minute by default, about the same metrics", () => {
    const { rule, saw } = scripted([]);
    simulate({ ...rule, checkSeconds: 15 }, constantLoad(0.5, 3), { ...quiet, noise: 0.05 });
    expect(saw).toHaveLength(12);
    expect(saw.slice(7, 11).map((seen) => seen.workers[0]?.cpu.length)).toEqual([1, 1, 1, 1]);
    expect(saw[7]?.workers[0]?.cpu).toEqual(saw[10]?.workers[0]?.cpu);
    const slow = scripted([]);
    simulate(slow.rule, constantLoad(0.5, 3), quiet);
    expect(slow.saw).toHaveLength(3);
  });

  it("makes an even error that stays within its bound", () => {
    const { rule, saw } = scripted([]);
    simulate(rule, constantLoad(0.5, 300), { ...quiet, noise: 0.05, noiseShape: "even" });
    const errors = saw.flatMap((seen) => (seen.workers[0]?.cpu.at(-1)?.percent ?? 50) / 50 - 1);
    expect(Math.max(...errors.map(Math.abs))).toBeLessThanOrEqual(0.05 + 1e-9);
    expect(Math.max(...errors)).toBeGreaterThan(0.04);
    expect(Math.min(...errors)).toBeLessThan(-0.04);
  });

  it("ends booting workers at once", () => {
    const { samples } = simulate(scripted([3, 1]).rule, constantLoad(1, 5), quiet);
    expect(aroundSecond(samples, 120).map((sample) => sample?.paid)).toEqual([3, 1]);
  });

  it("reports CPU and requests one minute late", () => {
    const { rule, saw } = scripted([]);
    simulate(rule, constantLoad(1.5, 4), { ...quiet, start: 2 });
    expect(saw[0]?.workers[0]?.cpu).toEqual([]);
    expect(saw[1]?.workers[0]?.cpu).toHaveLength(1);
    expect(saw[3]?.workers[0]?.cpu.map((point) => point.percent)).toEqual(
      [75, 75, 75].map((value) => expect.closeTo(value)),
    );
    expect(saw[3]?.balancer.map((period) => period.requests)).toEqual([900, 900, 900]);
  });

  it("shows no more than 100 % CPU, but every request", () => {
    const { rule, saw } = scripted([]);
    simulate(rule, constantLoad(3, 4), { ...quiet, start: 2, noise: 0.05 });
    expect(saw[3]?.workers[0]?.cpu.every((point) => point.percent <= 100)).toBe(true);
    expect(saw[3]?.balancer[0]?.requests).toBeGreaterThan(1_400);
  });

  it("gives the same run for the same seed and another for another", () => {
    const load = shapeLoad("sine", { minutes: 240, peak: 6.4, seed: 1 });
    for (const rule of COMPARED_RULES) {
      expect(simulate(rule, load, POOL_DEFAULTS)).toEqual(simulate(rule, load, POOL_DEFAULTS));
    }
    const { rule, saw } = scripted([]);
    simulate(rule, load, POOL_DEFAULTS);
    simulate(rule, load, { ...POOL_DEFAULTS, seed: 2 });
    expect(saw[239]?.balancer).not.toEqual(saw[479]?.balancer);
  });
});

describe("rules in the simulated pool", () => {
  it("the CPU rule has its workers in service 6.5 minutes after a step from 0.4 to 6", () => {
    const load = { ...constantLoad(6, 60), at: (second: number) => (second < 1_200 ? 0.4 : 6) };
    const { samples } = simulate(policyRule("cpu", CpuPolicy.parse({ kind: "cpu" })), load, quiet);
    const full = samples.findIndex((sample) => sample.inService === 8);
    expect((full * SAMPLE_SECONDS) / 60).toBeCloseTo(26.5);
  });

  it.each(["cpu", "adaptive"])("%s is silent after 3 hours at a constant load with a little noise", (name) => {
    for (let tenths = 4; tenths <= 72; tenths += 4) {
      const load = constantLoad(tenths / 10, 300);
      const run = simulate(ruleNamed(name, []), load, { ...POOL_DEFAULTS, start: 4, seed: tenths });
      expect(run.actions.filter((action) => action.second > 10_800)).toEqual([]);
      expect(countReversals(run.actions)).toBeLessThanOrEqual(1);
    }
  });

  it("no rule leaves the limits", () => {
    fc.assert(
      fc.property(fc.constantFrom(...COMPARED_RULES), fc.constantFrom(...SHAPES), fc.integer(), (rule, shape, seed) => {
        const load = shapeLoad(shape, { minutes: 120, peak: 9, seed });
        const run = simulate(rule, load, { ...POOL_DEFAULTS, min: 2, max: 5, start: 3, seed });
        for (const { from, to } of run.actions) {
          expect(to).not.toBe(from);
          expect(to).toBeGreaterThanOrEqual(2);
          expect(to).toBeLessThanOrEqual(5);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("counts an action against the one before as a reversal", () => {
    const actions = [1, 2, 4, 2, 1, 3].map((to, index, sizes) => ({
      second: index,
      from: sizes[index - 1] ?? 0,
      to,
      reason: "",
    }));
    expect(countReversals(actions)).toBe(2);
  });

  it("are found by name, with settings for those of the autoscaler", () => {
    expect(ruleNamed("hpa-60", []).name).toBe("hpa-60");
    expect(simulate(ruleNamed("cpu", ["growThresholdPercent=95"]), constantLoad(0.9, 30), quiet).actions).toEqual([]);
    expect(() => ruleNamed("magic", [])).toThrow('No policy "magic". There are: thresholds,');
    expect(() => ruleNamed("cpu", ["growThresholdPercent=high"])).toThrow("must be name=number");
    expect(() => ruleNamed("hpa-60", ["target=50"])).toThrow("has no settings");
  });
});
