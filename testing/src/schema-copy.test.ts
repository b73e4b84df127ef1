import { connectDatabase } from "@elastic-gas/shared/database/connect";
import { migrate } from "@elastic-gas/shared/database/migrate";
import { sql } from "kysely";
import { expect, it, onTestFinished } from "vitest";
import { createTestDatabase } from "./database.ts";

it("a test's schema is what the migrations make of an empty one", async () => {
  await using database = await createTestDatabase();
  const schema = new URL(database.url).pathname.slice(1);
  const migrated = `${schema}_migrated`;
  await sql.raw(`create database ${migrated} character set utf8mb4 collate utf8mb4_unicode_ci`).execute(database.db);
  const db = connectDatabase({ url: `${database.url}_migrated` });
  onTestFinished(async () => {
    await sql.raw(`drop database ${migrated}`).execute(db);
    await db.destroy();
  });
  await migrate(db);
  /** Every table and view as it would be made again, and what the migrations left in it. */
  const describe = async (name: string) => {
    const { rows } = await sql<{ name: string }>`select table_name as name from information_schema.tables
      where table_schema = ${name} order by table_name`.execute(db);
    return Promise.all(
      rows.map(async (table) => {
        const { rows: made } = await sql.raw<object>(`show create table ${name}.${table.name}`).execute(db);
        const { rows: kept } = await sql.raw<object>(`select * from ${name}.${table.name}`).execute(db);
        const withoutTimes = kept.map((row) => Object.values(row).filter((value) => !(value instanceof Date)));
        return { made: JSON.stringify(made).replaceAll(`\`${name}\`.`, ""), kept: withoutTimes };
      }),
    );
  };
  expect(await describe(schema)).toEqual(await describe(migrated));
});
