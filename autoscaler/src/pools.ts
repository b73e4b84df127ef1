import { POOL_DEFAULTS, type Policy, readPolicy } from "@elastic-gas/scaling/policy";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Tables } from "@elastic-gas/shared/database/tables";
import { POOL_NAMES, type PoolName } from "@elastic-gas/shared/resources";
import type { Transaction } from "kysely";

/** A pool's wishes as stored. Instants are epoch milliseconds. */
export interface PoolWishes {
  readonly name: PoolName;
  readonly desired: number;
  readonly min: number;
  readonly max: number;
  readonly policy: Policy;
  readonly policyVersion: number;
  readonly policyState: unknown;
  readonly paused: { readonly by: string; readonly at: number } | null;
  readonly manualUntil: number | null;
  readonly stopping: boolean;
  readonly startId: string | null;
}

/** Makes the rows of a new installation; changes nothing in those that are there. */
export async function ensurePools(db: Database): Promise<void> {
  for (const name of POOL_NAMES) {
    const { desired, min, max, policy } = POOL_DEFAULTS[name];
    const row = { min, max, policy: JSON.stringify(policy) };
    await db
      .insertInto("pools")
      .ignore()
      .values({ name, desired, ...row, policyVersion: 1 })
      .execute();
    await db
      .insertInto("policyVersions")
      .ignore()
      .values({ pool: name, version: 1, ...row, actor: "start" })
      .execute();
  }
}

/** In the order of POOL_NAMES. A stored policy that this version does not know is replaced by the pool's default, never obeyed half. */
export async function listPools(db: Database): Promise<readonly PoolWishes[]> {
  const rows = await db.selectFrom("pools").selectAll().execute();
  return rows
    .map((row): PoolWishes => {
      return {
        name: row.name,
        desired: row.desired,
        min: row.min,
        max: row.max,
        policy: readPolicy(row.name, row.policy),
        policyVersion: row.policyVersion,
        policyState: row.policyState,
        paused: row.paused ? { by: row.pausedBy ?? "somebody", at: row.pausedAt?.getTime() ?? 0 } : null,
        manualUntil: row.manualUntil?.getTime() ?? null,
        stopping: row.stopping,
        startId: row.startId,
      };
    })
    .sort((a, b) => POOL_NAMES.indexOf(a.name) - POOL_NAMES.indexOf(b.name));
}

/** False when somebody changed the desired capacity, the limits or the policy since they were read: then their wish counts. */
export async function setDesired(
  trx: Transaction<Tables>,
  pool: PoolWishes,
  change: { readonly desired: number; readonly policyState?: unknown },
): Promise<boolean> {
  const result = await trx
    .updateTable("pools")
    .set({
      desired: change.desired,
      ...(change.policyState === undefined ? {} : { policyState: JSON.stringify(change.policyState) }),
      updatedAt: new Date(),
    })
    .where("name", "=", pool.name)
    .where("desired", "=", pool.desired)
    .where("min", "=", pool.min)
    .where("max", "=", pool.max)
    .where("policyVersion", "=", pool.policyVersion)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Marks the pool as resized for this run of start.sh and ends an earlier stop. */
export async function beginRun(
  trx: Transaction<Tables>,
  pool: PoolName,
  run: { readonly startId: string; readonly desired: number },
): Promise<void> {
  await trx
    .updateTable("pools")
    .set({ startId: run.startId, desired: run.desired, stopping: false, manualUntil: null, updatedAt: new Date() })
    .where("name", "=", pool)
    .execute();
  await trx.deleteFrom("settings").where("name", "=", "stop_requested").execute();
}
