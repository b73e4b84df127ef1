import { CpuPolicy, POOL_DEFAULTS } from "@elastic-gas/scaling/policy";
import { expect, it } from "vitest";
import { GUARD_FIELDS, LIMIT_FIELDS, RULE_FIELDS } from "./differences.ts";
import { meaningsOf } from "./meanings.ts";
import { warningsOf } from "./warnings.ts";

const cpu = (changes: object) => CpuPolicy.parse({ kind: "cpu", ...changes });

it("warns beside the grow threshold where the metrics' noise alone may change the size", () => {
  expect(warningsOf(cpu({ growThresholdPercent: 85 }))).toEqual({});
  expect(warningsOf(cpu({ growThresholdPercent: 86 })).growThresholdPercent).toMatch(/noise/);
});

it("warns that nothing is below 0 %", () => {
  expect(warningsOf(cpu({ shrinkThresholdPercent: 0 }))).toHaveProperty("shrinkThresholdPercent");
});

it("has nothing to say about the defaults", () => {
  for (const { policy } of Object.values(POOL_DEFAULTS)) expect(warningsOf(policy)).toEqual({});
});

it("explains every number of every rule", () => {
  for (const kind of ["cpu", "adaptive", "requests", "queue", "fixed"] as const) {
    const explained = meaningsOf(kind).map(({ label }) => label.toLowerCase());
    for (const { label } of [...RULE_FIELDS[kind], ...GUARD_FIELDS[kind], ...LIMIT_FIELDS]) {
      expect(explained.some((text) => text.includes(label.toLowerCase()))).toBe(true);
    }
  }
});
