import { expect, it } from "vitest";
import { explainOvershoot, worstOvershoot } from "./overshoot.ts";
import { CpuPolicy } from "./policy.ts";

const cpu = (changes: Partial<CpuPolicy> = {}): CpuPolicy => CpuPolicy.parse({ kind: "cpu", ...changes });
const limits = { min: 1, max: 8 } as const;

it("doubles to where the larger pool stays", () => {
  const worst = worstOvershoot(cpu(), limits);
  expect(worst).toEqual({ load: expect.closeTo(2.8), settlesAt: 8, wouldDo: 4 });
  expect(worst && explainOvershoot(worst)).toBe(
    "A load of 2.8 workers’ worth settles at 8 workers once it has grown there; 4 would do.",
  );
});

it("is told of the sizes that do not shrink back", () => {
  // 4 grow to 8, where 35 % are below the threshold; 5 are cut off at 8, where 43.8 % are not.
  expect(worstOvershoot(cpu({ shrinkThresholdPercent: 40 }), limits)).toMatchObject({ settlesAt: 8, wouldDo: 5 });
});

it.each([
  ["grows only to what is needed", cpu({ growOnlyToNeed: true })],
  ["adds one at a time", cpu({ growRatio: 1 })],
])("is none where the pool %s", (_name, policy) => {
  expect(worstOvershoot(policy, limits)).toBeNull();
});
