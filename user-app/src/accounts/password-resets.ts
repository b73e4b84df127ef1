import { changePassword } from "@elastic-gas/shared/accounts/change-password";
import type { Database } from "@elastic-gas/shared/database/connect";
import { hashToken, makeToken } from "./mailed-token.ts";

export const RESET_MINUTES = 60;

export interface ResetMail {
  readonly username: string;
  readonly email: string;
  readonly token: string;
}

/**
 * Makes a one-time token for each account with this address. Only hashes are stored: the table alone resets no
 * password.
 */
export async function startPasswordReset(db: Database, email: string, now: Date): Promise<readonly ResetMail[]> {
  const users = await db
    .selectFrom("users")
    .select(["id", "username", "email"])
    .where("email", "=", email)
    .limit(10)
    .execute();
  if (users.length === 0) return [];
  const expiresAt = new Date(now.getTime() + RESET_MINUTES * 60_000);
  const made = users.map((user) => ({ user, token: makeToken() }));
  await db
    .insertInto("passwordResets")
    .values(made.map(({ user, token }) => ({ tokenHash: hashToken(token), userId: user.id, expiresAt, usedAt: null })))
    .execute();
  return made.map(({ user, token }) => ({ username: user.username, email: user.email ?? email, token }));
}

/** The account that an unused, unexpired token belongs to. */
export async function findResetUser(db: Database, token: string, now: Date): Promise<number | undefined> {
  const row = await db
    .selectFrom("passwordResets")
    .select("userId")
    .where("tokenHash", "=", hashToken(token))
    .where("usedAt", "is", null)
    .where("expiresAt", ">", now)
    .executeTakeFirst();
  return row?.userId;
}

/**
 * Sets the password and uses up the token and every other one of the account. False: the token is used up or too old.
 */
export async function finishPasswordReset(
  db: Database,
  { token, passwordHash, now }: { readonly token: string; readonly passwordHash: string; readonly now: Date },
): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom("passwordResets")
      .select("userId")
      .where("tokenHash", "=", hashToken(token))
      .where("usedAt", "is", null)
      .where("expiresAt", ">", now)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) return false;
    await changePassword(trx, { userId: row.userId, passwordHash, now });
    return true;
  });
}
