import { expect, it } from "vitest";
import type { Load } from "./loads.ts";
import { POOL_DEFAULTS } from "./pool-settings.ts";
import { ruleNamed } from "./rules.ts";
import { simulate } from "./simulated-pool.ts";

const step = (at: number): Load => ({ name: "step", minutes: 46, at: (second) => (second < at ? 0.6 : 2.2) });

/** Seconds from a step to the first grow. */
function grownAfter(rule: string, at: number): number {
  const { actions } = simulate(ruleNamed(rule, []), step(at), { ...POOL_DEFAULTS, bootSeconds: 25 });
  return (actions.find(({ second, from, to }) => second >= at && to > from)?.second ?? Number.NaN) - at;
}

it("with points of 10 s the adaptive rule grows within 30 s of a step, wherever in the minute it comes", () => {
  const begins = [2_400, 2_405, 2_415, 2_425, 2_435, 2_445, 2_455];
  expect(Math.max(...begins.map((at) => grownAfter("adaptive-10s", at)))).toBeLessThanOrEqual(30);
  expect(Math.max(...begins.map((at) => grownAfter("adaptive", at)))).toBeGreaterThan(60);
});
