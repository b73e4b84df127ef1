import { sql } from "kysely";
import { DATABASE_PERMISSIONS } from "../database-permissions.ts";
import { ROLES, type Role } from "../permissions.ts";
import type { Database } from "./connect.ts";

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
 * Makes the accounts, with the rights of `DATABASE_PERMISSIONS` and no others. The tables must exist. Safe to repeat, also while the accounts are in use: what
 * they may do and go on doing is never away for longer than one statement.
 */
export async function makeDatabaseAccounts(db: Database, accounts: DatabaseAccounts): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = ${accounts.schema} and table_type = 'BASE TABLE'`.execute(db);
  for (const { role, account, password } of list(accounts)) {
    for (const statement of createSql(account, password)) await sql.raw(statement).execute(db);
    for (const { name } of rows) await revokeOthers(db, { role, account, table: name, schema: accounts.schema });
    for (const statement of grantSql(role, account, accounts.schema)) await sql.raw(statement).execute(db);
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

const TABLE_RIGHTS = ["select", "insert", "update", "delete"] as const;

/** Takes away what an earlier release needed on a table. A right on some columns only is taken and given again. */
async function revokeOthers(
  db: Database,
  where: { readonly role: Role; readonly account: string; readonly table: string; readonly schema: string },
): Promise<void> {
  const listed = new Map<string, string>(Object.entries(DATABASE_PERMISSIONS[where.role])).get(where.table) ?? "";
  const kept = listed.replaceAll(/(\w+) \([^)]*\)/g, "").split(/,\s*/);
  const others = TABLE_RIGHTS.filter((right) => !kept.includes(right));
  if (others.length === 0) return;
  try {
    await sql.raw(`revoke ${others.join(", ")} on ${where.schema}.${where.table} from ${where.account}`).execute(db);
  } catch (error) {
    // It never had any right on this table.
    if (!(error instanceof Error && "code" in error && error.code === "ER_NONEXISTING_TABLE_GRANT")) throw error;
  }
}
