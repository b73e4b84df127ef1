import type { Database } from "../database/connect.ts";
import { ALL_ACCOUNTS } from "./account-tables.ts";
import { changePassword } from "./change-password.ts";
import { endSecondFactor } from "./second-factor.ts";
import { findUserByUsername } from "./users.ts";

export type RestoredAdmin =
  | { readonly kind: "done"; readonly username: string }
  | { readonly kind: "refused"; readonly reason: string };

/**
 * Gives an administrator a new password and switches the second factor off, for somebody who has lost either. An empty
 * name means the first administrator. Where no administrator is left, the named account becomes one.
 */
export async function restoreAdmin(
  db: Database,
  { username, passwordHash, now }: { readonly username: string; readonly passwordHash: string; readonly now: Date },
): Promise<RestoredAdmin> {
  const admins = await db
    .selectFrom("users")
    .select(["id", "username", "isAdmin"])
    .where("isAdmin", "=", true)
    .orderBy("id")
    .execute();
  const user = username === "" ? admins[0] : await findUserByUsername(db, username);
  if (user === undefined) {
    return {
      kind: "refused",
      reason:
        username === ""
          ? "There is no administrator. Name the account that becomes one."
          : `There is no account ${username}.`,
    };
  }
  if (!user.isAdmin && admins.length > 0) {
    const names = admins.map((admin) => admin.username).join(", ");
    return { kind: "refused", reason: `${user.username} is no administrator. These are: ${names}.` };
  }
  await db.transaction().execute(async (trx) => {
    await trx.updateTable("users").set({ isAdmin: true }).where("id", "=", user.id).execute();
    await endSecondFactor(trx, user.id);
    await changePassword(trx, ALL_ACCOUNTS, { userId: user.id, passwordHash, now });
  });
  return { kind: "done", username: user.username };
}
