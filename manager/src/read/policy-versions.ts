import { readPolicy } from "@elastic-gas/scaling/pools";
import type { Database } from "@elastic-gas/shared/database/connect";
import { POOL_NAMES, type PoolName } from "@elastic-gas/shared/resources";
import type { PolicyVersion } from "../model/policy/policy-version.ts";

/** Newest first. */
export async function listPolicyVersions(
  db: Database,
  { pool, from = 0, limit }: { readonly pool?: PoolName | undefined; readonly from?: number; readonly limit: number },
): Promise<readonly PolicyVersion[]> {
  const rows = await db
    .selectFrom("policyVersions")
    .selectAll()
    .where("pool", "in", pool === undefined ? POOL_NAMES : [pool])
    .where("at", ">=", new Date(from))
    .orderBy("at", "desc")
    .orderBy("version", "desc")
    .limit(limit)
    .execute();
  return rows.map(({ min, max, at, ...row }) => ({
    ...row,
    policy: readPolicy(row.pool, row.policy),
    limits: { min, max },
    at: at.getTime(),
  }));
}

export async function findPolicyVersion(
  db: Database,
  pool: PoolName,
  version: number,
): Promise<PolicyVersion | undefined> {
  const row = await db
    .selectFrom("policyVersions")
    .selectAll()
    .where("pool", "=", pool)
    .where("version", "=", version)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    pool: row.pool,
    version: row.version,
    policy: readPolicy(row.pool, row.policy),
    limits: { min: row.min, max: row.max },
    actor: row.actor,
    at: row.at.getTime(),
  };
}
