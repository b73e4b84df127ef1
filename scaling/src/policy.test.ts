import { describe, expect, it } from "vitest";
import { CpuPolicy, noiseWarning } from "./policy.ts";

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
