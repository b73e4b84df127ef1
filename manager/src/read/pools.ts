import type { Policy } from "@elastic-gas/scaling/policy";
import { readPolicy } from "@elastic-gas/scaling/pools";
import type { Database } from "@elastic-gas/shared/database/connect";
import { listPools as listStoredPools, type PoolRow as StoredPool } from "@elastic-gas/shared/pools/pools";
import type { PoolName } from "@elastic-gas/shared/resources";

export type PoolRow = StoredPool<Policy>;

export function listPools(db: Database): Promise<readonly PoolRow[]> {
  return listStoredPools(db, readPolicy);
}

export async function findPool(db: Database, name: PoolName): Promise<PoolRow | undefined> {
  return (await listPools(db)).find((pool) => pool.name === name);
}
