import type { Policy } from "@elastic-gas/scaling/policy";
import { readPolicy } from "@elastic-gas/scaling/pools";
import type { Database } from "@elastic-gas/shared/database/connect";
import { POOL_NAMES, type PoolName } from "@elastic-gas/shared/resources";

/** A pool's wishes as stored. Instants are epoch milliseconds. */
export interface PoolRow {
  readonly name: PoolName;
  readonly desired: number;
  readonly min: number;
  readonly max: number;
  readonly policy: Policy;
  readonly policyVersion: number;
  readonly policyState: unknown;
  readonly paused: { readonly by: string; readonly at: number } | null;
  readonly stopping: boolean;
  readonly manualUntil: number | null;
}

/** In the order of POOL_NAMES; a pool that the autoscaler has not made yet is missing. */
export async function listPools(db: Database): Promise<readonly PoolRow[]> {
  const rows = await db.selectFrom("pools").selectAll().execute();
  return rows
    .map(
      (row): PoolRow => ({
        name: row.name,
        desired: row.desired,
        min: row.min,
        max: row.max,
        policy: readPolicy(row.name, row.policy),
        policyVersion: row.policyVersion,
        policyState: row.policyState,
        paused: row.paused ? { by: row.pausedBy ?? "somebody", at: row.pausedAt?.getTime() ?? 0 } : null,
        stopping: row.stopping,
        manualUntil: row.manualUntil?.getTime() ?? null,
      }),
    )
    .sort((a, b) => POOL_NAMES.indexOf(a.name) - POOL_NAMES.indexOf(b.name));
}

export async function findPool(db: Database, name: PoolName): Promise<PoolRow | undefined> {
  return (await listPools(db)).find((pool) => pool.name === name);
}
