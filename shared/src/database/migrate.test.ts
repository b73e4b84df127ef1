import { createTestDatabase } from "@elastic-gas/testing/database";
import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { connectDatabase } from "./connect.ts";
import { migrate } from "./migrate.ts";

test("a second migration finds nothing to do", async () => {
  await using database = await createTestDatabase();
  expect(await migrate(database.db)).toEqual([]);
});

test("four processes that migrate at once run each migration once", async () => {
  await using database = await createTestDatabase();
  const { rows } = await sql<{ name: string }>`select table_name as name from information_schema.tables
    where table_schema = database() and table_type = 'BASE TABLE'`.execute(database.db);
  await database.db.connection().execute(async (connection) => {
    await sql`set foreign_key_checks = 0`.execute(connection);
    for (const { name } of rows) await sql.raw(`drop table ${name}`).execute(connection);
  });
  const connections = [1, 2, 3, 4].map(() => connectDatabase({ url: database.url, connectionLimit: 1 }));
  onTestFinished(async () => {
    await Promise.all(connections.map((db) => db.destroy()));
  });
  const ran = await Promise.all(connections.map((db) => migrate(db)));
  expect(ran.filter((names) => names.length > 0)).toHaveLength(1);
});

test("a migration that was cut half-way is finished by the next run", async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  await sql`delete from migrations where name = '0001-initial'`.execute(db);
  await sql`drop table outbox`.execute(db);
  expect(await migrate(db)).toContain("0001-initial");
  expect(await db.selectFrom("outbox").selectAll().execute()).toEqual([]);
});

test("columns that a cut migration added stay, the missing ones are added", async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  const describe = () => sql<{ Field: string; Type: string }>`describe workers`.execute(db);
  const columns = async () => (await describe()).rows.map(({ Field, Type }) => `${Field} ${Type}`).toSorted();
  const complete = await columns();
  await sql`delete from migrations where name = '0002-worker-states'`.execute(db);
  await sql`alter table workers drop column state_reason`.execute(db);
  expect(await migrate(db)).toEqual(["0002-worker-states"]);
  expect(await columns()).toEqual(complete);
});

test("values come back as the types say: flags, JSON, dates in UTC, big ids", async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  const at = new Date("2026-07-01T12:00:00.123Z");
  await db
    .insertInto("users")
    .values({
      username: "Ada",
      isAdmin: true,
      passwordHash: null,
      createdAt: at,
      email: null,
    })
    .execute();
  const user = await db.selectFrom("users").selectAll().executeTakeFirstOrThrow();
  expect(user).toMatchObject({ id: 1, username: "Ada", isAdmin: true, createdAt: at, role: "free_user" });
  await db
    .insertInto("pools")
    .values({ name: "web", desired: 1, min: 1, max: 8, policy: JSON.stringify({ kind: "fixed" }) })
    .execute();
  const pool = await db.selectFrom("pools").selectAll().executeTakeFirstOrThrow();
  expect(pool).toMatchObject({ policy: { kind: "fixed" }, policyState: null, paused: false, policyVersion: 1 });
  // In UTC: the nearest other time zone is half an hour away.
  expect(Math.abs(pool.updatedAt.getTime() - Date.now())).toBeLessThan(900_000);
});
