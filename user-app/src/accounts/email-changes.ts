import { endLinks } from "@elastic-gas/shared/accounts/change-password";
import { hashToken, makeToken } from "@elastic-gas/shared/accounts/mailed-token";
import type { Database } from "@elastic-gas/shared/database/connect";

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
  { userId, email, now }: { readonly userId: number; readonly email: string; readonly now: Date },
): Promise<string> {
  const token = makeToken();
  const expiresAt = new Date(now.getTime() + EMAIL_CHANGE_MINUTES * 60_000);
  await db.transaction().execute(async (trx) => {
    await trx
      .updateTable("emailChanges")
      .set({ usedAt: now })
      .where("userId", "=", userId)
      .where("usedAt", "is", null)
      .execute();
    await trx
      .insertInto("emailChanges")
      .values({ tokenHash: hashToken(token), userId, email, expiresAt, usedAt: null })
      .execute();
  });
  return token;
}

/** What an unused, unexpired token would change. */
export async function findEmailChange(db: Database, token: string, now: Date): Promise<EmailChange | undefined> {
  return selectEmailChange(db, token, now).executeTakeFirst();
}

/**
 * Makes the new address the account's and uses up the token, with every link that was mailed to the old address.
 * Undefined: the token is used up or too old.
 */
export async function finishEmailChange(db: Database, token: string, now: Date): Promise<EmailChange | undefined> {
  return db.transaction().execute(async (trx) => {
    const change = await selectEmailChange(trx, token, now).forUpdate().executeTakeFirst();
    if (change === undefined) return undefined;
    await trx.updateTable("users").set({ email: change.email }).where("id", "=", change.userId).execute();
    await endLinks(trx, change.userId, now);
    return change;
  });
}

/** Takes the address away at once: nobody has to confirm that. */
export async function removeEmail(db: Database, userId: number, now: Date): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx.updateTable("users").set({ email: null }).where("id", "=", userId).execute();
    await endLinks(trx, userId, now);
  });
}

function selectEmailChange(db: Database, token: string, now: Date) {
  return db
    .selectFrom("emailChanges")
    .innerJoin("users", "users.id", "emailChanges.userId")
    .select(["emailChanges.userId", "users.username", "users.email as old", "emailChanges.email"])
    .where("tokenHash", "=", hashToken(token))
    .where("usedAt", "is", null)
    .where("expiresAt", ">", now);
}
