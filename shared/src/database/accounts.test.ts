import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createUser } from "../accounts/users.ts";
import { DATABASE_PERMISSIONS } from "../database-permissions.ts";
import { ROLES, type Role } from "../permissions.ts";
import { databaseAccount, databaseAccountsSql, makeDatabaseAccounts } from "./accounts.ts";
import { connectDatabase } from "./connect.ts";
import type { Tables } from "./tables.ts";

interface Column {
  readonly table: string;
  readonly column: string;
}

let database: TestDatabase;
let columns: readonly Column[];
beforeAll(async () => {
  database = await createTestDatabase();
  const { rows } = await sql<Column>`
    select table_name as \`table\`, column_name as \`column\` from information_schema.columns
    where table_schema = database() and table_name != 'migrations'`.execute(database.db);
  columns = rows;
});
afterAll(() => database[Symbol.asyncDispose]());

const passwordOf = async (role: Role) => decodeURIComponent(new URL(await database.urlOf(role)).password);
const connectAs = async (role: Role) => connectDatabase({ url: await database.urlOf(role), connectionLimit: 1 });

/**
 * True when the server carries the statement out, or refuses it for another reason than the account's rights. Nothing
 * stays.
 */
async function mayRun(db: Kysely<Tables>, statement: string): Promise<boolean> {
  try {
    await db.transaction().execute(async (trx) => {
      await sql.raw(statement).execute(trx);
      throw new Error("undo");
    });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    return !/DENIED/.test(code);
  }
  return true;
}

/** What the list says, read by itself: `select, update (a, b)`. */
function isListed(role: Role, right: string, { table, column }: Column): boolean {
  const rights = new Map(Object.entries(DATABASE_PERMISSIONS[role])).get(table) ?? "";
  return [...rights.matchAll(/(\w+)(?: \(([^)]*)\))?/g)].some(
    ([, name, some]) => name === right && (some === undefined || some.split(", ").includes(column)),
  );
}

describe.each(ROLES)("the database account of %s", (role) => {
  test("may do what is listed, column by column, and is refused everything else", async () => {
    const db = await connectAs(role);
    const wrong: string[] = [];
    for (const at of columns) {
      const statements = {
        select: `select \`${at.column}\` from ${at.table} limit 0`,
        insert: `insert into ${at.table} (\`${at.column}\`) values (default)`,
        update: `update ${at.table} set \`${at.column}\` = default where 1 = 0`,
      };
      for (const [right, statement] of Object.entries(statements)) {
        if ((await mayRun(db, statement)) !== isListed(role, right, at)) wrong.push(statement);
      }
    }
    for (const table of new Set(columns.map((at) => at.table))) {
      const statement = `delete from ${table} where 1 = 0`;
      if ((await mayRun(db, statement)) !== isListed(role, "delete", { table, column: "" })) wrong.push(statement);
    }
    await db.destroy();
    expect(wrong).toEqual([]);
  });

  test.each([
    "create table stolen (id int)",
    "drop table outbox",
    "truncate table outbox",
    "alter table users add column x int",
    "create user 'other'@'127.0.0.1' identified by 'x'",
    "grant select on users to 'other'@'127.0.0.1'",
    "select * from migrations",
    "select * from mysql.user",
    "create database other",
    "set global max_connections = 1",
    "select load_file('/etc/passwd') into outfile '/tmp/x'",
  ])("is refused `%s`", async (statement) => {
    const db = await connectAs(role);
    expect(await mayRun(db, statement)).toBe(false);
    await db.destroy();
  });
});

test("web registers users and sets passwords and plans, but makes nobody an administrator or a viewer", async () => {
  const db = await connectAs("web");
  const plain = await createUser(db, { username: "registered", passwordHash: "h" });
  expect(plain).toBeGreaterThan(0);
  const change = (columns: string) => sql.raw(`update users set ${columns} where id = ${plain}`).execute(db);
  await change("password_hash = 'other', role = 'premium_user'");
  for (const flag of ["is_admin", "is_viewer"]) {
    await expect(change(`${flag} = 1`)).rejects.toThrow("denied");
    await expect(change(`name = 'x', ${flag} = ${flag} + 1`)).rejects.toThrow("denied");
    const row = `insert into users (username, username_skeleton, ${flag}) values ('x', 'x', 1)`;
    await expect(sql.raw(row).execute(db)).rejects.toThrow("denied");
    await expect(sql.raw(`${row} on duplicate key update name = 'x'`).execute(db)).rejects.toThrow("denied");
    const copy = `replace into users (id, username, ${flag}) values (${plain}, 'registered', 1)`;
    await expect(sql.raw(copy).execute(db)).rejects.toThrow("denied");
  }
  await expect(createUser(db, { username: "boss", passwordHash: "h", isAdmin: true })).rejects.toThrow("denied");
  await expect(createUser(db, { username: "onlooker", passwordHash: "h", isViewer: true })).rejects.toThrow("denied");
  await db.destroy();
  const { rows } = await sql`select username from users where is_admin or is_viewer`.execute(database.db);
  expect(rows).toEqual([]);
});

test("only the roles that sign people in see passwords, sessions and tokens", () => {
  const holders = (table: keyof (typeof DATABASE_PERMISSIONS)["web"]) =>
    ROLES.filter((role) => DATABASE_PERMISSIONS[role][table] !== undefined);
  expect(holders("sessions")).toEqual(["manager", "web"]);
  expect(holders("password_resets")).toEqual(["manager", "web"]);
  expect(holders("api_tokens")).toEqual(["manager", "web"]);
  for (const role of ROLES) {
    const seesHashes = isListed(role, "select", { table: "users", column: "password_hash" });
    expect([role, seesHashes]).toEqual([role, role === "manager" || role === "web"]);
    expect(isListed(role, "delete", { table: "audit_log", column: "" })).toBe(false);
    expect(isListed(role, "update", { table: "audit_log", column: "actor" })).toBe(false);
  }
});

test("made again, an account loses what is not listed any more and takes a new password", async () => {
  const schema = new URL(database.url).pathname.slice(1);
  const first = await connectAs("autoscaler");
  const account = `'${databaseAccount(schema, "autoscaler")}'@'127.0.0.1'`;
  await sql.raw(`grant select, update on ${schema}.users to ${account}`).execute(database.db);
  expect(await mayRun(first, "select password_hash from users")).toBe(true);
  await first.destroy();
  // A worker that runs meanwhile writes its heartbeats as before.
  const web = await connectAs("web");
  let isMade = false;
  const beats = (async () => {
    const refused: boolean[] = [];
    while (!isMade) refused.push(!(await mayRun(web, "update workers set at = utc_timestamp(3) where 1 = 0")));
    return refused;
  })();
  await makeDatabaseAccounts(database.db, { schema, host: "127.0.0.1", passwords: { web: await passwordOf("web") } });
  isMade = true;
  expect((await beats).filter(Boolean)).toEqual([]);
  await web.destroy();
  await makeDatabaseAccounts(database.db, { schema, host: "127.0.0.1", passwords: { autoscaler: "another-password" } });
  const address = new URL(await database.urlOf("autoscaler"));
  const again = connectDatabase({ url: address.href, connectionLimit: 1 });
  expect(await mayRun(again, "select password_hash from users")).toBe(false);
  expect(await mayRun(again, "select completed_at from jobs")).toBe(true);
  await again.destroy();
});

test("what is printed for a person to run makes the same accounts", async () => {
  const schema = new URL(database.url).pathname.slice(1);
  const url = await database.urlOf("utility");
  const password = await passwordOf("utility");
  const statements = databaseAccountsSql({ schema, host: "127.0.0.1", passwords: { utility: password } });
  for (const statement of statements) await sql.raw(statement).execute(database.db);
  const db = connectDatabase({ url, connectionLimit: 1 });
  expect(await mayRun(db, "select email from users")).toBe(true);
  expect(await mayRun(db, "select password_hash from users")).toBe(false);
  await db.destroy();
});

test("a password that SQL would need quoted is refused", () => {
  const accounts = { schema: "gas", host: "%", passwords: { web: "x' or '1" } };
  expect(() => databaseAccountsSql(accounts)).toThrow("would need quoted");
});
