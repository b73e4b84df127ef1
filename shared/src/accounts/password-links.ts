import type { Kysely, Transaction } from "kysely";
import type { Database } from "../database/connect.ts";
import type { Tables } from "../database/tables.ts";
import { putUserMail } from "../mail/user-mails.ts";
import { type AccountTables, ALL_ACCOUNTS } from "./account-tables.ts";
import { changePassword } from "./change-password.ts";
import { hashToken, makeRequest, makeToken } from "./mailed-token.ts";

/** How long the link to set a forgotten password works. */
export const RESET_MINUTES = 60;

/** Whose password a link sets. */
export interface LinkOwner {
  readonly userId: number;
  readonly username: string;
  /** It is the first password, of an account that an administrator made. */
  readonly isInvited: boolean;
}

/**
 * Makes a one-time token that sets a user's password. Only its hash is stored: the table alone sets no password.
 */
export async function makePasswordLink(
  db: Kysely<Tables>,
  tables: AccountTables,
  { userId, expiresAt }: { readonly userId: number; readonly expiresAt: Date },
): Promise<string> {
  const token = makeToken();
  await db
    .insertInto(tables.passwordResets)
    .values({ tokenHash: hashToken(token), userId, expiresAt, usedAt: null })
    .execute();
  return token;
}

/**
 * Has a link mailed to each account with this address that may use the manager, or to each other one: the password of
 * each kind is set in its own app. Returns the user names.
 */
export async function askForPasswordReset(
  db: Database,
  tables: AccountTables,
  { email, mayUseManager, now }: { readonly email: string; readonly mayUseManager: boolean; readonly now: Date },
): Promise<readonly string[]> {
  const users = (await listAccountsAt(db, email)).filter((user) => user.mayUseManager === mayUseManager);
  for (const { id: userId } of users) {
    const { tokenHash, expiresAt } = makeRequest(now);
    await db.transaction().execute(async (trx) => {
      await trx.insertInto(tables.passwordResets).values({ tokenHash, userId, expiresAt, usedAt: null }).execute();
      await putUserMail(trx, { userId, kind: "password-reset", about: tokenHash, detail: { request: tokenHash } });
    });
  }
  return users.map(({ username }) => username);
}

/** Makes the link that was asked for; undefined: the request has ended. */
export async function makeRequestedLink(
  db: Database,
  { request, now }: { readonly request: string; readonly now: Date },
): Promise<{ readonly username: string; readonly mayUseManager: boolean; readonly token: string } | undefined> {
  return db.transaction().execute(async (trx) => {
    const user = await trx
      .selectFrom("passwordResets as links")
      .innerJoin("users", "users.id", "links.userId")
      .select(["users.id", "users.username", "users.isAdmin", "users.isViewer"])
      .where("tokenHash", "=", request)
      .where("usedAt", "is", null)
      .where("expiresAt", ">", now)
      .forUpdate()
      .executeTakeFirst();
    if (user === undefined) return undefined;
    const expiresAt = new Date(now.getTime() + RESET_MINUTES * 60_000);
    const token = await makePasswordLink(trx, ALL_ACCOUNTS, { userId: user.id, expiresAt });
    return { username: user.username, mayUseManager: user.isAdmin || user.isViewer, token };
  });
}

/** Accounts with this address. */
export async function listAccountsAt(
  db: Database,
  email: string,
): Promise<readonly { readonly id: number; readonly username: string; email: string; mayUseManager: boolean }[]> {
  const users = await db
    .selectFrom("users")
    .select(["id", "username", "email", "isAdmin", "isViewer"])
    .where("email", "=", email)
    .limit(10)
    .execute();
  return users.map(({ isAdmin, isViewer, ...user }) => ({
    ...user,
    email: user.email ?? email,
    mayUseManager: isAdmin || isViewer,
  }));
}

/** The account that an unused, unexpired token belongs to. */
export async function findLinkOwner(
  db: Database,
  tables: AccountTables,
  { token, now }: { readonly token: string; readonly now: Date },
): Promise<LinkOwner | undefined> {
  const row = await selectLink(db, tables, { token, now }).executeTakeFirst();
  return row === undefined ? undefined : ownerOf(row);
}

/**
 * Sets the password and uses up the token and every other one of the account. Undefined: the token is used up or too
 * old.
 */
export async function finishPasswordLink(
  db: Database,
  tables: AccountTables,
  { token, passwordHash, now }: { readonly token: string; readonly passwordHash: string; readonly now: Date },
): Promise<LinkOwner | undefined> {
  return db.transaction().execute(async (trx) => {
    const row = await selectLink(trx, tables, { token, now }).forUpdate().executeTakeFirst();
    if (row === undefined) return undefined;
    await changePassword(trx, tables, { userId: row.userId, passwordHash, now });
    return ownerOf(row);
  });
}

function selectLink(
  db: Database | Transaction<Tables>,
  { passwordResets }: AccountTables,
  { token, now }: { readonly token: string; readonly now: Date },
) {
  return db
    .selectFrom(`${passwordResets} as links`)
    .innerJoin("users", "users.id", "links.userId")
    .select(["links.userId", "users.username", "users.invitedAt"])
    .where("tokenHash", "=", hashToken(token))
    .where("usedAt", "is", null)
    .where("expiresAt", ">", now);
}

function ownerOf({
  invitedAt,
  ...owner
}: Omit<LinkOwner, "isInvited"> & { readonly invitedAt: Date | null }): LinkOwner {
  return { ...owner, isInvited: invitedAt !== null };
}

/** Ends the account's links that were made before this one, which was mailed. */
export async function endOlderLinks(
  db: Database,
  { userId, token, now }: { readonly userId: number; readonly token: string; readonly now: Date },
): Promise<void> {
  const own = await db
    .selectFrom("passwordResets")
    .select("createdAt")
    .where("tokenHash", "=", hashToken(token))
    .executeTakeFirst();
  if (own === undefined) return;
  await db
    .updateTable("passwordResets")
    .set({ usedAt: now })
    .where("userId", "=", userId)
    .where("usedAt", "is", null)
    // Not a later one: two that are mailed at the same moment must not end each other.
    .where("createdAt", "<", own.createdAt)
    .execute();
}

/** Ends a request whose link was mailed. */
export async function endRequest(
  db: Database,
  { request, now }: { readonly request: string; readonly now: Date },
): Promise<void> {
  await db.updateTable("passwordResets").set({ usedAt: now }).where("tokenHash", "=", request).execute();
}

/** Forgets a link that nobody was told. */
export async function removeLink(db: Database, token: string): Promise<void> {
  await db.deleteFrom("passwordResets").where("tokenHash", "=", hashToken(token)).execute();
}
