import { POOLS } from "@elastic-gas/scaling/pools";
import type { Database } from "@elastic-gas/shared/database/connect";
import { insertUnlessThere } from "@elastic-gas/shared/database/insert-unless-there";
import type { Tables } from "@elastic-gas/shared/database/tables";
import type { PoolName } from "@elastic-gas/shared/resources";
import type { Transaction } from "kysely";
import type { Pool } from "../context/context.ts";

/** Makes the rows of a new installation; changes nothing in those that are there. */
export async function ensurePools(db: Database, now: Date): Promise<void> {
  for (const { name, defaults } of Object.values(POOLS)) {
    const { desired, min, max, policy } = defaults;
    const row = { min, max, policy: JSON.stringify(policy) };
    await insertUnlessThere(db.insertInto("pools").values({ name, desired, ...row, policyVersion: 1, checkedAt: now }));
    await insertUnlessThere(db.insertInto("policyVersions").values({ pool: name, version: 1, ...row, actor: "start" }));
  }
}

/**
 * False when somebody changed the desired capacity, the limits or the policy since they were read: then their request
 * counts.
 */
export async function setDesired(
  trx: Transaction<Tables>,
  pool: Pool,
  change: { readonly desired: number; readonly policyState?: unknown; readonly checkedAt?: Date; readonly now: Date },
): Promise<boolean> {
  const result = await trx
    .updateTable("pools")
    .set({
      desired: change.desired,
      ...(change.policyState === undefined ? {} : { policyState: JSON.stringify(change.policyState) }),
      ...(change.checkedAt === undefined ? {} : { checkedAt: change.checkedAt }),
      updatedAt: change.now,
    })
    .where("name", "=", pool.name)
    .where("desired", "=", pool.desired)
    .where("min", "=", pool.min)
    .where("max", "=", pool.max)
    .where("policyVersion", "=", pool.policyVersion)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/**
 * Marks the pool as resized for this run of start.sh and ends an earlier stop. The time until then was no check missed.
 */
export async function beginRun(
  trx: Transaction<Tables>,
  pool: PoolName,
  run: { readonly startId: string; readonly desired: number; readonly now: Date },
): Promise<void> {
  const { now } = run;
  await trx
    .updateTable("pools")
    .set({
      startId: run.startId,
      desired: run.desired,
      stopping: false,
      manualUntil: null,
      checkedAt: now,
      updatedAt: now,
    })
    .where("name", "=", pool)
    .execute();
  await trx.deleteFrom("settings").where("name", "=", "stop_requested").execute();
}
