import type { Database } from "@elastic-gas/shared/database/connect";

/** Single values in table `settings`. */
export async function readSetting(db: Database, name: string): Promise<string | undefined> {
  const row = await db.selectFrom("settings").select("value").where("name", "=", name).executeTakeFirst();
  return row?.value;
}
