import type { Database } from "../database/connect.ts";
import { POOL_NAMES, type PoolName } from "../resources.ts";

/** A pool's desired state as stored. Instants are epoch milliseconds. */
export interface PoolRow<Policy> {
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
  /** When the autoscaler last looked at the pool and published its workers' states; null before its first pass. */
  readonly observedAt: number | null;
  /** When the last check could be made: its sources answered. Null before the first. */
  readonly checkedAt: number | null;
}

/**
 * In the order of POOL_NAMES; a pool that the autoscaler has not made yet is missing. `readPolicy` judges the stored
 * policy.
 */
export async function listPools<Policy>(
  db: Database,
  readPolicy: (pool: PoolName, stored: unknown) => Policy,
): Promise<readonly PoolRow<Policy>[]> {
  const rows = await db.selectFrom("pools").selectAll().execute();
  return rows
    .map(
      (row): PoolRow<Policy> => ({
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
        observedAt: row.observedAt?.getTime() ?? null,
        checkedAt: row.checkedAt?.getTime() ?? null,
      }),
    )
    .sort((a, b) => POOL_NAMES.indexOf(a.name) - POOL_NAMES.indexOf(b.name));
}
