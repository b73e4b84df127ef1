import { z } from "zod";
import { Fault } from "../wire/handler.ts";

/** A condition of a POST policy on a form field. */
export type PolicyCondition =
  | { readonly kind: "eq" | "starts-with"; readonly field: string; readonly value: string }
  | { readonly kind: "content-length-range"; readonly min: number; readonly max: number };

export interface PostPolicy {
  readonly expiresAt: Date;
  readonly conditions: readonly PolicyCondition[];
}

const Condition = z.union([
  z.tuple([z.string(), z.string(), z.string()]),
  z.tuple([z.string(), z.coerce.number().int().min(0), z.coerce.number().int().min(0)]),
  z.record(z.string(), z.string()),
]);
const Policy = z.object({ expiration: z.iso.datetime({ offset: true }), conditions: z.array(Condition) });

// Fields that need no condition. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
const FREE_FIELDS: ReadonlySet<string> = new Set(["x-amz-signature", "signature", "awsaccesskeyid", "file", "policy"]);
const MAX_POLICY_BYTES = 20 * 1024;

/** Reads the base64 document of the form. */
export function readPolicy(encoded: string): PostPolicy {
  if (encoded.length > MAX_POLICY_BYTES) throw invalidPolicy("Policy is too long.");
  const parsed = Policy.safeParse(parseJson(Buffer.from(encoded, "base64").toString("utf8")));
  if (!parsed.success) throw invalidPolicy(z.prettifyError(parsed.error));
  return { expiresAt: new Date(parsed.data.expiration), conditions: parsed.data.conditions.flatMap(readCondition) };
}

/**
 * Throws AccessDenied unless the policy is in force and every field is covered and as the policy says. Field names are
 * lower case.
 */
export function checkPolicy(policy: PostPolicy, fields: ReadonlyMap<string, string>, bucket: string, now: Date): void {
  if (now >= policy.expiresAt) throw denied("Policy expired.");
  const covered = new Set<string>();
  for (const condition of policy.conditions) {
    if (condition.kind === "content-length-range") continue;
    covered.add(condition.field);
    const actual = condition.field === "bucket" ? bucket : fields.get(condition.field);
    if (!holds(condition, actual)) {
      const text = JSON.stringify([condition.kind, `$${condition.field}`, condition.value]);
      throw denied(`Policy Condition failed: ${text}`);
    }
  }
  for (const name of fields.keys()) {
    if (!covered.has(name) && !FREE_FIELDS.has(name) && !name.startsWith("x-ignore-"))
      throw denied(`Extra input fields: ${name}`);
  }
}

/** Sizes that the policy allows; several ranges all hold. */
export function lengthRange({ conditions }: PostPolicy): { readonly min: number; readonly max: number } {
  return conditions.reduce(
    (range, condition) =>
      condition.kind === "content-length-range"
        ? { min: Math.max(range.min, condition.min), max: Math.min(range.max, condition.max) }
        : range,
    { min: 0, max: Number.POSITIVE_INFINITY },
  );
}

function holds(
  { kind, field, value }: Extract<PolicyCondition, { field: string }>,
  actual: string | undefined,
): boolean {
  if (actual === undefined) return false;
  if (kind === "eq") return actual === value;
  // A list of types matches when each begins so.
  // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html#ConditionMatching
  if (field === "content-type") return actual.split(",").every((part) => part.startsWith(value));
  return actual.startsWith(value);
}

function readCondition(condition: z.infer<typeof Condition>): readonly PolicyCondition[] {
  if (!Array.isArray(condition)) {
    return Object.entries(condition).map(([field, value]) => ({ kind: "eq", field: field.toLowerCase(), value }));
  }
  const [operator, first, second] = condition;
  const kind = operator.toLowerCase();
  if (typeof first === "number" && typeof second === "number") {
    if (kind !== "content-length-range") throw invalidPolicy(`Unknown condition "${operator}".`);
    return [{ kind, min: first, max: second }];
  }
  if (kind === "content-length-range") return [{ kind, min: Number(first), max: Number(second) }];
  if ((kind !== "eq" && kind !== "starts-with") || !String(first).startsWith("$"))
    throw invalidPolicy(`Unknown condition "${operator}".`);
  return [{ kind, field: String(first).slice(1).toLowerCase(), value: String(second) }];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidPolicy("Invalid JSON.");
  }
}

function invalidPolicy(reason: string): Fault {
  return new Fault("InvalidPolicyDocument", `Invalid Policy: ${reason}`);
}

function denied(reason: string): Fault {
  return new Fault("AccessDenied", `Invalid according to Policy: ${reason}`, 403);
}
