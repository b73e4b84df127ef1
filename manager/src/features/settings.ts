import type { Database } from "@elastic-gas/shared/database/connect";
import { insertUnlessThere } from "@elastic-gas/shared/database/insert-unless-there";
import { sql } from "kysely";
import { readSetting } from "../read/settings.ts";

/** Changes of single values in table `settings`. */
export async function writeSetting(db: Database, name: string, value: string): Promise<void> {
  const updatedAt = sql<Date>`utc_timestamp(3)`;
  await db
    .insertInto("settings")
    .values({ name, value, updatedAt })
    .onDuplicateKeyUpdate({ value, updatedAt })
    .execute();
}

export async function removeSetting(db: Database, name: string): Promise<void> {
  await db.deleteFrom("settings").where("name", "=", name).execute();
}

/** Writes a value only if the name has none yet; false when it has. */
export async function claimSetting(db: Database, name: string, value: string): Promise<boolean> {
  return insertUnlessThere(db.insertInto("settings").values({ name, value, updatedAt: sql<Date>`utc_timestamp(3)` }));
}

/** Raises a counter and returns its new value. */
export async function raiseSetting(db: Database, name: string): Promise<number> {
  await db
    .insertInto("settings")
    .values({ name, value: "1" })
    .onDuplicateKeyUpdate({ value: sql<string>`cast(value as unsigned) + 1`, updatedAt: sql<Date>`utc_timestamp(3)` })
    .execute();
  return Number((await readSetting(db, name)) ?? "1");
}
