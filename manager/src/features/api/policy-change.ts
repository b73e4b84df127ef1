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

function describeIssue({ path, message }: z.core.$ZodIssue): string {
  const name = path.at(-1);
  return name === undefined ? message : `${String(name)}: ${message}.`.replace(/\.\.$/, ".");
}
