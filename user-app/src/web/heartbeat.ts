import type { Database } from "@elastic-gas/shared/database/connect";
import { sql } from "kysely";

/** Says that this web worker is alive. The row's other columns belong to the autoscaler. */
export async function beat(db: Database, instanceId: string): Promise<void> {
  await db
    .insertInto("workers")
    .values({ instanceId, pool: "web", at: sql<Date>`utc_timestamp(3)` })
    .onDuplicateKeyUpdate({ at: sql<Date>`utc_timestamp(3)` })
    .execute();
}
