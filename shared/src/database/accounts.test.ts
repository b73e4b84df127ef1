import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ALL_ACCOUNTS, PLAIN_ACCOUNTS } from "../accounts/account-tables.ts";
import { createToken } from "../accounts/api-tokens.ts";
import { changePassword } from "../accounts/change-password.ts";
import { askForEmailChange, removeEmail } from "../accounts/email-changes.ts";
import { makePasswordLink } from "../accounts/password-links.ts";
import { createUser } from "../accounts/users.ts";
import { DATABASE_PERMISSIONS, type TableRights } from "../database-permissions.ts";
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
  await change("role = 'premium_user'");
  await sql`update plain_users set password_hash = 'other' where id = ${plain}`.execute(db);
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

test("web gets no way into the manager: no password, address, link, token or session of who may use it", async () => {
  const owner = database.db;
  const web = await connectAs("web");
  const now = new Date();
  for (const flags of [{ isAdmin: true }, { isViewer: true }]) {
    const name = flags.isAdmin ? "chief" : "onlooker";
    const userId =
      (await createUser(owner, { username: name, passwordHash: "h", email: "a@b.example", ...flags })) ?? 0;
    const before = await owner.selectFrom("users").selectAll().where("id", "=", userId).executeTakeFirstOrThrow();
    // What user-app's own code does, for an account that it must not touch.
    await web.transaction().execute((trx) => changePassword(trx, PLAIN_ACCOUNTS, { userId, passwordHash: "x", now }));
    await removeEmail(web, PLAIN_ACCOUNTS, { user: { id: userId, email: null }, now });
    await web.updateTable("plainUsers").set({ oidcIssuer: "i", oidcSubject: name }).where("id", "=", userId).execute();
    await web.deleteFrom("plainUsers").where("id", "=", userId).execute();
    expect(await owner.selectFrom("users").selectAll().where("id", "=", userId).executeTakeFirst()).toEqual(before);
    const refused = { code: "ER_VIEW_CHECK_FAILED" };
    const expiresAt = new Date(now.getTime() + 60_000);
    await expect(makePasswordLink(web, PLAIN_ACCOUNTS, { userId, expiresAt })).rejects.toMatchObject(refused);
    const change = { user: { id: userId, email: null }, email: "x@y.example", now };
    await expect(askForEmailChange(web, PLAIN_ACCOUNTS, change)).rejects.toMatchObject(refused);
    const token = { userId, name: "t", tokenHash: name, scope: "administer", usedAt: null, revokedAt: null } as const;
    await expect(
      web
        .insertInto("userApiTokens")
        .values({ ...token, audience: "manager" })
        .execute(),
    ).rejects.toMatchObject(refused);
    const plainId = (await createUser(owner, { username: `plain-${name}`, passwordHash: "h" })) ?? 0;
    await makePasswordLink(web, PLAIN_ACCOUNTS, { userId: plainId, expiresAt });
    await createToken(web, { audience: "user", userId: plainId, name: "t", scope: "write", expiresAt: null });
  }
  for (const statement of [
    "select * from manager_sessions",
    "select * from api_tokens",
    "insert into manager_sessions (id_hash, data, expires_at) values ('x', '{}', now())",
    "update users set password_hash = 'x' where is_admin",
    "update users set email = 'x@y.example' where is_admin",
    // A link of a plain user is not made another's, nor a token the manager's.
    "update plain_password_resets set user_id = 1",
    "update plain_email_changes set user_id = 1",
    "update user_api_tokens set audience = 'manager'",
  ])
    expect([statement, await mayRun(web, statement)]).toEqual([statement, false]);
  await web.destroy();
});

test("web takes nothing away from the manager's accounts by the keys of their rows", async () => {
  const owner = database.db;
  const web = await connectAs("web");
  const userId = (await createUser(owner, { username: "keeper", passwordHash: "h", isAdmin: true })) ?? 0;
  const plainId = (await createUser(owner, { username: "taker", passwordHash: "h" })) ?? 0;
  await createToken(owner, { audience: "manager", userId, name: "t", scope: "operate", expiresAt: null });
  await makePasswordLink(owner, ALL_ACCOUNTS, { userId, expiresAt: new Date(Date.now() + 3_600_000) });
  const read = async () => ({
    tokens: await owner.selectFrom("apiTokens").selectAll().where("userId", "=", userId).execute(),
    links: await owner.selectFrom("passwordResets").selectAll().where("userId", "=", userId).execute(),
  });
  const before = await read();
  const { id = 0, tokenHash = "" } = before.tokens[0] ?? {};
  const link = before.links[0]?.tokenHash ?? "";
  const token = (columns: string, values: string) =>
    `insert into user_api_tokens (user_id, name, scope, audience, ${columns})
      values (${plainId}, 'x', 'write', 'user', ${values}) on duplicate key update`;
  const reset = `insert into plain_password_resets (token_hash, user_id, expires_at)
    values ('${link}', ${plainId}, now()) on duplicate key update`;
  for (const statement of [
    `${token("id, token_hash", `${id}, 'mine'`)} audience = 'user', user_id = ${plainId}, token_hash = 'mine'`,
    `${token("token_hash", `'${tokenHash}'`)} audience = 'user', user_id = ${plainId}`,
    `${token("token_hash", `'${tokenHash}'`)} revoked_at = now()`,
    `${reset} user_id = ${plainId}`,
    `${reset} used_at = now()`,
  ])
    await expect(sql.raw(statement).execute(web)).rejects.toThrow(/denied|CHECK OPTION failed/);
  await web.destroy();
  expect(await read()).toEqual(before);
});

test("only the roles that sign people in see passwords, sessions and tokens", () => {
  const holders = (table: keyof TableRights) => ROLES.filter((role) => DATABASE_PERMISSIONS[role][table] !== undefined);
  expect(holders("sessions")).toEqual(["manager", "web"]);
  for (const table of ["manager_sessions", "password_resets", "email_changes", "api_tokens"] as const)
    expect([table, holders(table)]).toEqual([table, ["manager"]]);
  for (const table of ["plain_users", "plain_password_resets", "plain_email_changes", "user_api_tokens"] as const)
    expect([table, holders(table)]).toEqual([table, ["web"]]);
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
