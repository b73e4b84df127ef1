import { randomBytes } from "node:crypto";
import { connectDatabase, type Database } from "@elastic-gas/shared/database/connect";
import { migrate } from "@elastic-gas/shared/database/migrate";
import { sql } from "kysely";
import { waitUntil } from "./wait-until.ts";

export interface TestDatabase extends AsyncDisposable {
  readonly db: Database;
  readonly url: string;
}

const PATIENT = { deadlineMs: 50_000 };

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
  // On a machine that is busy with other tests a connection may time out before it is looked at, on either side.
  await waitUntil(
    "a connection to the test server",
    async () => {
      await sql
        .raw(`create database if not exists ${schema} character set utf8mb4 collate utf8mb4_unicode_ci`)
        .execute(admin);
      return true;
    },
    PATIENT,
  );
  const url = `${server}/${schema}`;
  const db = connectDatabase({ url });
  // A migration may be cut and run again.
  await waitUntil("the schema", async () => (await migrate(db)) !== undefined, PATIENT);
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
