import type { Database } from "@elastic-gas/shared/database/connect";
import type { PoolName } from "@elastic-gas/shared/resources";
import { sql } from "kysely";

export interface ChangeCount {
  readonly pool: PoolName;
  readonly direction: "grow" | "shrink";
  readonly count: number;
}

/** How often each pool was made larger and smaller, by whomever. */
export async function countChanges(db: Database): Promise<readonly ChangeCount[]> {
  const rows = await db
    .selectFrom("activities")
    .select((eb) => [
      "pool",
      sql<"grow" | "shrink">`if(desired_after > desired_before, 'grow', 'shrink')`.as("direction"),
      eb.fn.countAll<number>().as("count"),
    ])
    .whereRef("desiredAfter", "!=", "desiredBefore")
    .groupBy(["pool", "direction"])
    .execute();
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}
