import { renameFormer } from "@elastic-gas/scaling/policy";
import { POOLS } from "@elastic-gas/scaling/pools";
import type { PoolName } from "@elastic-gas/shared/resources";
import { HttpError } from "@elastic-gas/shared/web/errors";
import { z } from "zod";
import type { Stored } from "../../model/policy/differences.ts";
import { PolicyChange } from "./schemas.ts";

const Given = z.object({ policy: z.preprocess(renameFormer, z.record(z.string(), z.unknown())) });

/**
 * Reads a change of policy and limits. Refuses with 400 what the page's form could not send either: another pool's
 * rule, and names that the rule lacks.
 */
export function readPolicyChange(pool: PoolName, body: unknown): Stored & { readonly version: number } {
  const parsed = PolicyChange.safeParse(body);
  if (!parsed.success) {
    throw new HttpError(400, parsed.error.issues.map(describeIssue).join(" "));
  }
  const { policy, limits } = parsed.data;
  if (!POOLS[pool].policyKinds.includes(policy.kind)) {
    throw new HttpError(400, `${pool} has no rule ${policy.kind}; it can have ${POOLS[pool].policyKinds.join(", ")}.`);
  }
  // A pool that serves must keep one worker, or nothing would measure the load that asks for the next.
  if (limits.min < 1) throw new HttpError(400, "min: at least 1.");
  const known = Object.keys(policy);
  const unknown = Object.keys(Given.parse(body).policy).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new HttpError(400, `The rule ${policy.kind} has no ${unknown.join(", ")}; it has ${known.join(", ")}.`);
  }
  return parsed.data;
}

/** The sentence of the schema, or where it has none one of ours: the library's own are for programmers. */
function describeIssue(issue: z.core.$ZodIssue): string {
  const name = issue.path.at(-1);
  const words = /^(?:Invalid|Too (?:big|small))\b/.test(issue.message) ? wordsOf(issue) : issue.message;
  return name === undefined ? words : `${String(name)}: ${words}.`.replace(/\.\.$/, ".");
}

function wordsOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "too_small":
      return `${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}`;
    case "too_big":
      return `${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}`;
    case "invalid_type":
      return issue.expected === "int" ? "a whole number is expected" : `the type ${issue.expected} is expected`;
    default:
      return "this value is not taken";
  }
}
