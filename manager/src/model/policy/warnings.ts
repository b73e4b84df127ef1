import { marginWarning, noiseWarning, type Policy } from "@elastic-gas/scaling/policy";

/** Sentences beside fields, by field name; they stop nothing. */
export type Warnings = Readonly<Record<string, string>>;

/** What a policy allows and its author may not expect. */
export function warningsOf(policy: Policy): Warnings {
  if (policy.kind !== "cpu") return {};
  const noise = noiseWarning(policy);
  const margin = marginWarning(policy);
  return {
    ...(noise === null ? {} : { growThresholdPercent: noise }),
    ...(margin === null ? {} : { hysteresisMarginPercent: margin }),
    ...(policy.shrinkThresholdPercent === 0
      ? { shrinkThresholdPercent: "No CPU is below 0\u00a0%: the pool only shrinks manually." }
      : {}),
  };
}
