import { randomBytes } from "node:crypto";
import { databaseAccount, makeDatabaseAccounts } from "@elastic-gas/shared/database/accounts";
import { connectDatabase, type Database } from "@elastic-gas/shared/database/connect";
import type { Role } from "@elastic-gas/shared/permissions";
import { sql } from "kysely";
import { copySchema } from "./schema-copy.ts";
import { waitUntil } from "./wait-until.ts";

export interface TestDatabase extends AsyncDisposable {
  readonly db: Database;
  readonly url: string;
  /**
   * The address of the account that a role has in production, made at the first call. `db` and `url` are the owner's.
   */
  urlOf(role: Role): Promise<string>;
}

const ROLE_PASSWORD = "role-password-of-a-test";
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
    "a migrated schema",
    async () => {
      await copySchema(admin, { server, schema });
      return true;
    },
    PATIENT,
  );
  const url = `${server}/${schema}`;
  const db = connectDatabase({ url });
  const made = new Set<Role>();
  return {
    db,
    url,
    async urlOf(role) {
      made.add(role);
      const accounts = { schema, host: "127.0.0.1", passwords: { [role]: ROLE_PASSWORD } };
      await waitUntil(
        `the account of ${role}`,
        async () => {
          await makeDatabaseAccounts(db, accounts);
          return true;
        },
        PATIENT,
      );
      const address = new URL(url);
      address.username = databaseAccount(schema, role);
      address.password = ROLE_PASSWORD;
      return address.href;
    },
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await sql.raw(`drop database ${schema}`).execute(admin);
      for (const role of made) {
        await sql.raw(`drop user if exists '${databaseAccount(schema, role)}'@'127.0.0.1'`).execute(admin);
      }
      await admin.destroy();
    },
  };
}
