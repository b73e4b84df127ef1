import { Policy, PoolLimits } from "@elastic-gas/scaling/policy";
import { POOLS } from "@elastic-gas/scaling/pools";
import type { PoolName } from "@elastic-gas/shared/resources";
import type { z } from "zod";
import { GUARD_FIELDS, LIMIT_FIELDS, RULE_FIELDS, type Stored, SWITCHES } from "./differences.ts";

/** What the form sends: texts, as typed. */
export type FormValues = Readonly<Record<string, string>>;

export type FormResult =
  | { readonly ok: true; readonly stored: Stored }
  /** The reason beside each field, by field name; the empty name is for the whole form. */
  | { readonly ok: false; readonly errors: ReadonlyMap<string, string> };

/**
 * Checks the form with the schemas that the autoscaler reads by; every field with a problem gets a reason with its
 * range.
 */
export function parsePolicyForm(pool: PoolName, values: FormValues): FormResult {
  const kinds = POOLS[pool].policyKinds;
  const kind = kinds.find((name) => name === values.kind);
  if (kind === undefined) return { ok: false, errors: new Map([["kind", `One of: ${kinds.join(", ")}.`]]) };
  const errors = new Map<string, string>();
  const number = (name: string): number => {
    const text = (values[name] ?? "").trim().replace(",", ".");
    if (text === "") errors.set(name, "A number is needed.");
    else if (!Number.isFinite(Number(text))) errors.set(name, "This is not a number.");
    return Number(text);
  };
  const rule: Record<string, unknown> = { kind };
  for (const { name } of [...RULE_FIELDS[kind], ...GUARD_FIELDS[kind]]) rule[name] = number(name);
  if (kind === "cpu") for (const { name } of SWITCHES) rule[name] = values[name] === "on";
  const limits = Object.fromEntries(LIMIT_FIELDS.map(({ name }) => [name, number(name)]));
  const policy = Policy.safeParse(rule);
  const range = PoolLimits.safeParse(limits);
  for (const issue of [...(policy.error?.issues ?? []), ...(range.error?.issues ?? [])]) {
    const name = String(issue.path[0] ?? "");
    if (!errors.has(name)) errors.set(name, reasonOf(issue));
  }
  // A pool that serves must keep one worker, or nothing would measure the load that asks for the next.
  if (range.success && range.data.min < 1 && !errors.has("min")) errors.set("min", "At least 1.");
  if (errors.size > 0 || !policy.success || !range.success) return { ok: false, errors };
  return { ok: true, stored: { policy: policy.data, limits: range.data } };
}

/** The stored values as the form's texts. */
export function toFormValues({ policy, limits }: Stored): FormValues {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...policy, ...limits })) {
    if (typeof value === "boolean") {
      if (value) values[name] = "on";
    } else values[name] = String(value);
  }
  return values;
}

function reasonOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "too_small":
      return issue.inclusive === false ? `Must be above ${issue.minimum}.` : `At least ${issue.minimum}.`;
    case "too_big":
      return issue.inclusive === false ? `Must be below ${issue.maximum}.` : `At most ${issue.maximum}.`;
    case "invalid_type":
      return issue.expected === "int" ? "A whole number." : "A number is needed.";
    default:
      return issue.message;
  }
}
