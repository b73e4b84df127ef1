import { randomUUID } from "node:crypto";
import type { Transaction } from "kysely";
import type { Database } from "../database/connect.ts";
import type { Tables } from "../database/tables.ts";
import { putUserMail, type UserMailDetail } from "../mail/user-mails.ts";
import type { AccountTables } from "./account-tables.ts";
import { endLinks } from "./change-password.ts";
import { hashToken, makeRequest, makeToken } from "./mailed-token.ts";

/** How long the link that confirms a new address works. */
export const EMAIL_CHANGE_MINUTES = 60;

/** A user with the address until now. */
interface Addressee {
  readonly id: number;
  readonly email: string | null;
}

export interface EmailChange {
  readonly userId: number;
  readonly username: string;
  /** The address until now. */
  readonly old: string | null;
  readonly email: string;
}

/**
 * Has a link mailed to a new address, and tells the old one; the links of earlier requests for this account end.
 * Nothing changes until it is confirmed.
 */
export async function askForEmailChange(
  db: Database,
  tables: AccountTables,
  { user, email, now }: { readonly user: Addressee; readonly email: string; readonly now: Date },
): Promise<void> {
  const userId = user.id;
  const { tokenHash, expiresAt } = makeRequest(now);
  await db.transaction().execute(async (trx) => {
    await trx
      .updateTable(tables.emailChanges)
      .set({ usedAt: now })
      .where("userId", "=", userId)
      .where("usedAt", "is", null)
      .execute();
    await trx.insertInto(tables.emailChanges).values({ tokenHash, userId, email, expiresAt, usedAt: null }).execute();
    const detail = { request: tokenHash };
    await putUserMail(trx, { userId, kind: "confirm-address", about: tokenHash, to: email, detail });
    await tellOldAddress(trx, user, { change: "asked", email });
  });
}

/** Makes the link that was asked for; undefined: the request has ended. */
export async function makeRequestedChange(
  db: Database,
  { request, now }: { readonly request: string; readonly now: Date },
): Promise<{ readonly username: string; readonly mayUseManager: boolean; readonly token: string } | undefined> {
  return db.transaction().execute(async (trx) => {
    const change = await trx
      .selectFrom("emailChanges as changes")
      .innerJoin("users", "users.id", "changes.userId")
      .select(["changes.userId", "changes.email", "users.username", "users.isAdmin", "users.isViewer"])
      .where("tokenHash", "=", request)
      .where("usedAt", "is", null)
      .where("expiresAt", ">", now)
      .forUpdate()
      .executeTakeFirst();
    if (change === undefined) return undefined;
    const { userId, email, username } = change;
    const token = makeToken();
    const expiresAt = new Date(now.getTime() + EMAIL_CHANGE_MINUTES * 60_000);
    await trx
      .insertInto("emailChanges")
      .values({ tokenHash: hashToken(token), userId, email, expiresAt, usedAt: null })
      .execute();
    return { username, mayUseManager: change.isAdmin || change.isViewer, token };
  });
}

/** Ends a request whose link was mailed, or a link that nobody was told. */
export async function endChange(
  db: Database,
  { tokenHash, now }: { readonly tokenHash: string; readonly now: Date },
): Promise<void> {
  await db.updateTable("emailChanges").set({ usedAt: now }).where("tokenHash", "=", tokenHash).execute();
}

/** What an unused, unexpired token would change. */
export async function findEmailChange(
  db: Database,
  tables: AccountTables,
  { token, now }: { readonly token: string; readonly now: Date },
): Promise<EmailChange | undefined> {
  return selectEmailChange(db, tables, { token, now }).executeTakeFirst();
}

/**
 * Makes the new address the account's and uses up the token, with every link that was mailed to the old address.
 * Undefined: the token is used up or too old.
 */
export async function finishEmailChange(
  db: Database,
  tables: AccountTables,
  { token, now }: { readonly token: string; readonly now: Date },
): Promise<EmailChange | undefined> {
  return db.transaction().execute(async (trx) => {
    const change = await selectEmailChange(trx, tables, { token, now }).forUpdate().executeTakeFirst();
    if (change === undefined) return undefined;
    await trx.updateTable(tables.users).set({ email: change.email }).where("id", "=", change.userId).execute();
    const { userId, email, old } = change;
    await endLinks(trx, tables, { userId, now });
    await tellOldAddress(trx, { id: userId, email: old }, { change: "changed", email });
    return change;
  });
}

/** Takes the address away at once, for nobody has to confirm that, and tells it. */
export async function removeEmail(
  db: Database,
  tables: AccountTables,
  { user, now }: { readonly user: Addressee; readonly now: Date },
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx.updateTable(tables.users).set({ email: null }).where("id", "=", user.id).execute();
    await endLinks(trx, tables, { userId: user.id, now });
    await tellOldAddress(trx, user, { change: "removed", email: null });
  });
}

async function tellOldAddress(
  trx: Transaction<Tables>,
  { id: userId, email }: Addressee,
  detail: UserMailDetail<"address-notice">,
): Promise<void> {
  if (email === null) return;
  const about = `${userId} ${randomUUID()}`;
  await putUserMail(trx, { userId, kind: "address-notice", about, to: email, detail });
}

function selectEmailChange(
  db: Database,
  { emailChanges }: AccountTables,
  { token, now }: { readonly token: string; readonly now: Date },
) {
  return db
    .selectFrom(`${emailChanges} as changes`)
    .innerJoin("users", "users.id", "changes.userId")
    .select(["changes.userId", "users.username", "users.email as old", "changes.email"])
    .where("tokenHash", "=", hashToken(token))
    .where("usedAt", "is", null)
    .where("expiresAt", ">", now);
}
