import { describe, expect, it } from "vitest";
import { CpuPolicy } from "../policy.ts";
import { POOL_DEFAULTS } from "./pool-settings.ts";
import { stabilityTable } from "./report.ts";
import { countSettling, overshootRows, settlingOf, stabilityCase } from "./stability.ts";

describe("constant loads with metrics up to 180 s late and up to 20 % lost", () => {
  it("settle, at what the policy's numbers explain, for random policies", { timeout: 300_000 }, () => {
    expect(countSettling({ cases: 60 })).toEqual({ cases: 60, cycles: 0, below: 0, above: 0, seedsOfFaults: [] });
  });

  it("come from random policies of both kinds, late and lossy", () => {
    const cases = Array.from({ length: 200 }, (_, index) => stabilityCase(index + 1));
    expect(new Set(cases.map(({ policy }) => policy.kind))).toEqual(new Set(["cpu", "adaptive"]));
    expect(Math.max(...cases.map(({ settings }) => settings.metricDelaySeconds))).toBeGreaterThan(160);
    expect(Math.max(...cases.map(({ settings }) => settings.lostShare))).toBeGreaterThan(0.18);
    expect(stabilityCase(7)).toEqual(stabilityCase(7));
  });

  it("are told to cycle, or to be too small, when they are", () => {
    const policy = CpuPolicy.parse({
      kind: "cpu",
      growThresholdPercent: 70,
      shrinkThresholdPercent: 65,
      hysteresisMarginPercent: 1,
      flapBackOff: false,
    });
    const settings = { ...POOL_DEFAULTS, noise: 0.08, start: 2 };
    expect(settlingOf({ policy, load: 0.651, settings })).toBe("cycles");
    expect(
      settlingOf({ policy: CpuPolicy.parse({ kind: "cpu" }), load: 5, settings: { ...settings, lostShare: 1 } }),
    ).toBe("below");
  });
});

describe("the table of faults", () => {
  it("gives each count with its share, and the bound of 3/n where none was found", () => {
    const count = { cases: 10_000, cycles: 0, below: 2, above: 87, seedsOfFaults: [17, 4_711] };
    expect(stabilityTable(count, []).split("\n").slice(0, 7)).toEqual([
      "random policies at constant loads  found  cases      share",
      "limit cycles                           0  10000  < 0.030 %",
      "stuck below need                       2  10000    0.020 %",
      "above need                            87  10000    0.870 %",
      "",
      "None found among n: the share is below 3/n, with 95 % confidence.",
      "Seeds of the first faults: 17 4711",
    ]);
    expect(stabilityTable({ ...count, cycles: 1 }, [])).not.toContain("3/n");
  });
});

describe("the overshoot of usual policies", () => {
  it("is what a simulated pool settles at: 8 workers where 4 would do, by the ratio of the course", () => {
    const [course, toNeed] = overshootRows();
    expect(course).toMatchObject({ load: expect.closeTo(2.8), settlesAt: 8, wouldDo: 4 });
    expect(toNeed).toMatchObject({ load: expect.closeTo(2.8), settlesAt: 5, wouldDo: 4 });
  });
});
