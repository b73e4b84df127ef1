import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { connectDatabase, type Database } from "../database/connect.ts";
import { migrate } from "../database/migrate.ts";

export interface TestDatabase extends AsyncDisposable {
  readonly db: Database;
  readonly url: string;
}

/**
 * A migrated schema of its own on the test run's MariaDB server. Drops it when disposed: `await using database = await
 * createTestDatabase()`.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env.TEST_DATABASE_SERVER;
  if (server === undefined)
    throw new Error("No test server: run this through vitest, whose global set-up starts MariaDB.");
  const schema = `test_${randomBytes(6).toString("hex")}`;
  const admin = connectDatabase({ url: `${server}/information_schema`, connectionLimit: 1 });
  await sql.raw(`create database ${schema} character set utf8mb4 collate utf8mb4_unicode_ci`).execute(admin);
  const url = `${server}/${schema}`;
  const db = connectDatabase({ url });
  await migrate(db);
  return {
    db,
    url,
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await sql.raw(`drop database ${schema}`).execute(admin);
      await admin.destroy();
    },
  };
}
