import type { Policy } from "@elastic-gas/scaling/policy";
import { formatNumber, NO_BREAK_SPACE } from "@elastic-gas/shared/format/numbers";
import { GUARD_FIELDS, RULE_FIELDS, RULE_WORDS } from "./differences.ts";

/** What stands beside the fields of ratios: after "ratio" it says nothing more. */
const RATIO_UNITS: ReadonlySet<string> = new Set(["×", "kept"]);

/**
 * The rule in force in one line: "CPU: grow above 70 %, shrink below 30 %, grow ratio 2, shrink ratio 0.5, cooldown
 * 120 s".
 */
export function describeRule(policy: Policy): string {
  const values: Readonly<Record<string, unknown>> = { ...policy };
  const parts = [...RULE_FIELDS[policy.kind], ...GUARD_FIELDS[policy.kind]].map(({ name, label, unit }) => {
    const value = values[name];
    // Ratios such as 1.25 keep both decimals.
    const number = typeof value === "number" ? (Number.isInteger(value) ? formatNumber(value) : String(value)) : "–";
    const hasUnit = !RATIO_UNITS.has(unit);
    return `${label.toLowerCase()} ${number}${hasUnit ? `${NO_BREAK_SPACE}${unit}` : ""}`;
  });
  return parts.length === 0 ? RULE_WORDS[policy.kind] : `${RULE_WORDS[policy.kind]}: ${parts.join(", ")}`;
}
