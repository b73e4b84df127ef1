import type { Policy } from "@elastic-gas/scaling/policy";
import { POOLS } from "@elastic-gas/scaling/pools";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePolicyForm, toFormValues } from "./policy-form.ts";

const { policy, min, max } = POOLS.web.defaults;
const stored = toFormValues({ policy, limits: { min, max } });

function reasons(changes: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const result = parsePolicyForm("web", { ...stored, ...changes });
  return result.ok ? {} : Object.fromEntries(result.errors);
}

describe("the policy form", () => {
  it("reads back what is stored, unchanged", () => {
    expect(parsePolicyForm("web", stored)).toEqual({ ok: true, stored: { policy, limits: { min, max } } });
    const annotator = POOLS.annotator.defaults;
    const values = toFormValues({ policy: annotator.policy, limits: annotator });
    expect(parsePolicyForm("annotator", values)).toMatchObject({ ok: true, stored: { policy: annotator.policy } });
  });

  it.each([
    [{ growThresholdPercent: "0" }, "growThresholdPercent", "At least 1."],
    [{ growThresholdPercent: "96" }, "growThresholdPercent", "At most 95."],
    [{ shrinkThresholdPercent: "-1" }, "shrinkThresholdPercent", "At least 0."],
    [{ shrinkThresholdPercent: "66" }, "shrinkThresholdPercent", "Must be at least 5 points below the grow threshold."],
    [{ growRatio: "0.9" }, "growRatio", "At least 1."],
    [{ shrinkRatio: "1.1" }, "shrinkRatio", "At most 1."],
    [{ shrinkRatio: "0" }, "shrinkRatio", "Must be above 0."],
    [{ growRatio: "two" }, "growRatio", "This is not a number."],
    [{ cooldownSeconds: "" }, "cooldownSeconds", "A number is needed."],
    [{ hysteresisMarginPercent: "0" }, "hysteresisMarginPercent", "At least 1."],
    [{ hysteresisMarginPercent: "51" }, "hysteresisMarginPercent", "At most 50."],
    [{ max: "2.5" }, "max", "A whole number."],
    [{ min: "9" }, "min", "Must not be above the maximum."],
    [{ min: "0" }, "min", "At least 1."],
  ])("refuses %j beside its field", (changes, field, reason) => {
    expect(reasons(changes)[field]).toBe(reason);
  });

  it("takes decimals, with a comma too", () => {
    const result = parsePolicyForm("web", { ...stored, growRatio: "1,25" });
    expect(result).toMatchObject({ ok: true, stored: { policy: { growRatio: 1.25 } } });
  });

  it("knows only the rules of its pool", () => {
    expect(reasons({ kind: "queue" })).toHaveProperty("kind");
    expect(parsePolicyForm("web", { ...stored, kind: "fixed" })).toMatchObject({ ok: true });
  });

  it("never lets a text pass that is not a number in range", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const result = parsePolicyForm("web", { ...stored, growRatio: text });
        if (!result.ok) return;
        const { growRatio } = result.stored.policy as Extract<Policy, { kind: "cpu" }>;
        expect(growRatio >= 1 && growRatio <= 10).toBe(true);
      }),
    );
  });
});
