import type { Database } from "../database/connect.ts";
import type { PoolName } from "../resources.ts";

/**
 * Ends the time for which a change by hand keeps the policy away: it is in force at the next check. False when no such
 * time was running. Also within a transaction, as when a policy is saved.
 */
export async function endManualHold(db: Database, pool: PoolName, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("pools")
    .set({ manualUntil: null, updatedAt: now })
    .where("name", "=", pool)
    .where("manualUntil", ">", now)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
