import type { Database } from "@elastic-gas/shared/database/connect";
import { sql } from "kysely";

/** How many rows and places of indexes MariaDB looked at for some work, which has to use the given connection. */
export async function countReads(db: Database, work: (one: Database) => Promise<unknown>): Promise<number> {
  return db.connection().execute(async (one) => {
    await sql`flush status`.execute(one);
    await work(one);
    const { rows } = await sql<Record<string, string>>`show session status where variable_name like 'Handler_read%'
      or variable_name = 'Handler_icp_attempts'`.execute(one);
    return rows.reduce((sum, row) => sum + Number(Object.values(row)[1]), 0);
  });
}
