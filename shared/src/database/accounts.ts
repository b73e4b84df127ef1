import { sql } from "kysely";
import { DATABASE_PERMISSIONS } from "../database-permissions.ts";
import { ROLES, type Role } from "../permissions.ts";
import { connectDatabase, type Database } from "./connect.ts";

export interface DatabaseAccounts {
  readonly schema: string;
  /** Where the accounts may connect from; `%` is anywhere. */
  readonly host: string;
  /** One of letters, digits, `-` and `_` for each role that gets an account. */
  readonly passwords: Readonly<Partial<Record<Role, string>>>;
}

/** The account of a role in a schema; the schema is part of the name, for accounts belong to the whole server. */
export function databaseAccount(schema: string, role: Role): string {
  return `${schema}_${role}`;
}

/**
 * Makes the accounts, with the rights of `DATABASE_PERMISSIONS` and no others. The tables must exist. Safe to repeat,
 * also while the accounts are in use: what they may do and go on doing is never taken away.
 */
export async function makeDatabaseAccounts(db: Database, accounts: DatabaseAccounts): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = ${accounts.schema}`.execute(db);
  for (const { role, account, password } of list(accounts)) {
    for (const statement of createSql(account, password)) await sql.raw(statement).execute(db);
    for (const { name } of rows) await revokeOthers(db, { role, account, table: name, schema: accounts.schema });
    for (const statement of grantSql(role, account, accounts.schema)) await sql.raw(statement).execute(db);
  }
}

/** Whether the server refuses the account of an address. False also when it does not answer: that says nothing. */
export async function isPasswordRefused(url: string): Promise<boolean> {
  const db = connectDatabase({ url, connectionLimit: 1 });
  try {
    await sql`select 1`.execute(db);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ER_ACCESS_DENIED_ERROR";
  } finally {
    await db.destroy();
  }
}

/** The same as statements for a person to run; the accounts have no rights for the moment in which they run. */
export function databaseAccountsSql(accounts: DatabaseAccounts): readonly string[] {
  return list(accounts).flatMap(({ role, account, password }) => [
    ...createSql(account, password),
    `revoke all privileges, grant option from ${account}`,
    ...grantSql(role, account, accounts.schema),
  ]);
}

function list({ schema, host, passwords }: DatabaseAccounts) {
  return ROLES.flatMap((role) => {
    const password = passwords[role];
    if (password === undefined) return [];
    for (const word of [schema, host, password]) {
      if (!/^[\w.%-]+$/.test(word)) throw new Error("A name or password has characters that SQL would need quoted");
    }
    return [{ role, password, account: `'${databaseAccount(schema, role)}'@'${host}'` }];
  });
}

function createSql(account: string, password: string): readonly string[] {
  return [
    `create user if not exists ${account} identified by '${password}'`,
    `alter user ${account} identified by '${password}'`,
  ];
}

function grantSql(role: Role, account: string, schema: string): readonly string[] {
  return Object.entries(DATABASE_PERMISSIONS[role]).map(
    ([table, rights]) => `grant ${rights} on ${schema}.${table} to ${account}`,
  );
}

/** Takes away what an earlier release needed on a table, and nothing else: workers go on meanwhile. */
async function revokeOthers(
  db: Database,
  where: { readonly role: Role; readonly account: string; readonly table: string; readonly schema: string },
): Promise<void> {
  const { account, table, schema } = where;
  const listed = new Map<string, string>(Object.entries(DATABASE_PERMISSIONS[where.role])).get(table) ?? "";
  const kept = new Set(
    [...listed.matchAll(/(\w+)(?: \(([^)]*)\))?/g)].flatMap(([, right = "", columns]) =>
      columns === undefined ? [right] : columns.split(/,\s*/).map((column) => `${right} (${column})`),
    ),
  );
  const { rows } = await sql<{ held: string }>`
    select lower(privilege_type) as held from information_schema.table_privileges
    where grantee = ${account} and table_schema = ${schema} and table_name = ${table}
    union all
    select concat(lower(privilege_type), ' (', column_name, ')') from information_schema.column_privileges
    where grantee = ${account} and table_schema = ${schema} and table_name = ${table}`.execute(db);
  for (const { held } of rows) {
    if (kept.has(held) || held === "usage") continue;
    await sql.raw(`revoke ${held} on ${schema}.${table} from ${account}`).execute(db);
  }
}
