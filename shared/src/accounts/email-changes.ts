import type { Database } from "../database/connect.ts";
import type { AccountTables } from "./account-tables.ts";
import { endLinks } from "./change-password.ts";
import { hashToken, makeToken } from "./mailed-token.ts";

/** How long the link that confirms a new address works. */
export const EMAIL_CHANGE_MINUTES = 60;

export interface EmailChange {
  readonly userId: number;
  readonly username: string;
  /** The address until now. */
  readonly old: string | null;
  readonly email: string;
}

/**
 * Makes the one-time token for a new address; the links of earlier requests for this account end. Nothing changes until
 * it is confirmed.
 */
export async function startEmailChange(
  db: Database,
  tables: AccountTables,
  { userId, email, now }: { readonly userId: number; readonly email: string; readonly now: Date },
): Promise<string> {
  const token = makeToken();
  const expiresAt = new Date(now.getTime() + EMAIL_CHANGE_MINUTES * 60_000);
  await db.transaction().execute(async (trx) => {
    await trx
      .updateTable(tables.emailChanges)
      .set({ usedAt: now })
      .where("userId", "=", userId)
      .where("usedAt", "is", null)
      .execute();
    await trx
      .insertInto(tables.emailChanges)
      .values({ tokenHash: hashToken(token), userId, email, expiresAt, usedAt: null })
      .execute();
  });
  return token;
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
    await endLinks(trx, tables, { userId: change.userId, now });
    return change;
  });
}

/** Takes the address away at once: nobody has to confirm that. */
export async function removeEmail(
  db: Database,
  tables: AccountTables,
  { userId, now }: { readonly userId: number; readonly now: Date },
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx.updateTable(tables.users).set({ email: null }).where("id", "=", userId).execute();
    await endLinks(trx, tables, { userId, now });
  });
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
