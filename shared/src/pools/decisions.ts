import type { Selectable } from "kysely";
import type { Database } from "../database/connect.ts";
import type { DecisionsTable } from "../database/tables.ts";
import { POOL_NAMES, type PoolName } from "../resources.ts";

/** One check of one pool, as stored; `at` in epoch milliseconds, `facts` as JSON that `scaling` reads. */
export type DecisionRow = Omit<Selectable<DecisionsTable>, "at"> & { readonly at: number };

/** The latest check of each pool that was ever checked. */
export async function listLatestDecisions(db: Database): Promise<ReadonlyMap<PoolName, DecisionRow>> {
  const rows = await Promise.all(POOL_NAMES.map((pool) => findLatestDecision(db, pool)));
  return new Map(rows.flatMap((row) => (row === undefined ? [] : [[row.pool, row] as const])));
}

export async function findLatestDecision(db: Database, pool: PoolName): Promise<DecisionRow | undefined> {
  const row = await db
    .selectFrom("decisions")
    .selectAll()
    .where("pool", "=", pool)
    .orderBy("at", "desc")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : { ...row, at: row.at.getTime() };
}
