import { CpuPolicy } from "@elastic-gas/scaling/policy";
import { policyMeanings } from "@elastic-gas/scaling/policy-meanings";
import { POOLS } from "@elastic-gas/scaling/pools";
import { expect, it } from "vitest";
import { GUARD_FIELDS, LIMIT_FIELDS, RULE_FIELDS } from "./differences.ts";
import { warningsOf } from "./warnings.ts";

const cpu = (changes: object) => CpuPolicy.parse({ kind: "cpu", ...changes });

it("warns beside the grow threshold where the metrics' noise alone may change the size", () => {
  expect(warningsOf(cpu({ growThresholdPercent: 85 }))).toEqual({});
  expect(warningsOf(cpu({ growThresholdPercent: 86 })).growThresholdPercent).toMatch(/noise/);
});

it("warns beside the hysteresis margin where noise alone may change the size", () => {
  expect(warningsOf(cpu({ hysteresisMarginPercent: 9 }))).toEqual({});
  expect(warningsOf(cpu({ hysteresisMarginPercent: 5 })).hysteresisMarginPercent).toMatch(/noise/);
});

it("warns that nothing is below 0 %", () => {
  expect(warningsOf(cpu({ shrinkThresholdPercent: 0 }))).toHaveProperty("shrinkThresholdPercent");
});

it("has nothing to say about the defaults", () => {
  for (const { defaults } of Object.values(POOLS)) expect(warningsOf(defaults.policy)).toEqual({});
});

it("explains every number of every rule", () => {
  for (const kind of ["cpu", "adaptive", "requests", "queue", "queue-thresholds", "fixed"] as const) {
    const explained = policyMeanings(kind).map(({ label }) => label.toLowerCase());
    for (const { label } of [...RULE_FIELDS[kind], ...GUARD_FIELDS[kind], ...LIMIT_FIELDS]) {
      expect(explained.some((text) => text.includes(label.toLowerCase()))).toBe(true);
    }
  }
});
