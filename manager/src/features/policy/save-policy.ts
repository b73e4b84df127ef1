import { readPolicy } from "@elastic-gas/scaling/pools";
import type { Database } from "@elastic-gas/shared/database/connect";
import { insertUnlessThere } from "@elastic-gas/shared/database/insert-unless-there";
import type { PoolName } from "@elastic-gas/shared/resources";
import { describeDifference, type Stored } from "../../model/policy/differences.ts";
import { findPolicyVersion } from "../../read/policy-versions.ts";

export type Saved =
  | { readonly kind: "saved"; readonly version: number; readonly difference: string }
  | { readonly kind: "same" }
  /** Somebody else saved in between. */
  | { readonly kind: "conflict"; readonly version: number; readonly by: string };

/**
 * Writes policy and limits as a new version, in force at the next check; limits clamp the desired capacity at once, by
 * the autoscaler. `expected` is the version that the form showed.
 */
export async function savePolicy(
  db: Database,
  pool: PoolName,
  stored: Stored,
  { actor, now, expected }: { readonly actor: string; readonly now: Date; readonly expected: number },
): Promise<Saved | undefined> {
  return db.transaction().execute(async (trx): Promise<Saved | undefined> => {
    const row = await trx.selectFrom("pools").selectAll().where("name", "=", pool).forUpdate().executeTakeFirst();
    if (row === undefined) return undefined;
    if (row.policyVersion !== expected) {
      const newer = await findPolicyVersion(trx, pool, row.policyVersion);
      return { kind: "conflict", version: row.policyVersion, by: newer?.actor ?? "somebody" };
    }
    const difference = describeDifference(
      { policy: readPolicy(pool, row.policy), limits: { min: row.min, max: row.max } },
      stored,
    );
    if (difference === "nothing changed") return { kind: "same" };
    const version = row.policyVersion + 1;
    const { min, max } = stored.limits;
    const policy = JSON.stringify(stored.policy);
    // The values so far get a version too, so that the first change can be undone.
    await insertUnlessThere(
      trx.insertInto("policyVersions").values({
        pool,
        version: row.policyVersion,
        policy: JSON.stringify(row.policy),
        min: row.min,
        max: row.max,
        actor: "start",
        at: row.updatedAt,
      }),
    );
    await trx.insertInto("policyVersions").values({ pool, version, policy, min, max, actor, at: now }).execute();
    await trx
      .updateTable("pools")
      .set({ policy, policyVersion: version, min, max, updatedAt: now })
      .where("name", "=", pool)
      .execute();
    return { kind: "saved", version, difference };
  });
}
