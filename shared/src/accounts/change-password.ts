import type { Transaction } from "kysely";
import type { Tables } from "../database/tables.ts";

/**
 * Sets the password and ends what the old one opened: every session, API token, link to set a password and unconfirmed
 * change of the address. `passwordChangedAt` also refuses sessions that another worker remembers.
 */
export async function changePassword(
  trx: Transaction<Tables>,
  { userId, passwordHash, now }: { readonly userId: number; readonly passwordHash: string; readonly now: Date },
): Promise<void> {
  await trx
    .updateTable("users")
    .set({ passwordHash, passwordChangedAt: now, invitedAt: null })
    .where("id", "=", userId)
    .execute();
  await trx.deleteFrom("sessions").where("userId", "=", userId).execute();
  await trx
    .updateTable("apiTokens")
    .set({ revokedAt: now })
    .where("userId", "=", userId)
    .where("revokedAt", "is", null)
    .execute();
  await endLinks(trx, userId, now);
}

/** Uses up every link that was mailed for the account: to set a password, and to confirm an address. */
export async function endLinks(trx: Transaction<Tables>, userId: number, now: Date): Promise<void> {
  await trx
    .updateTable("passwordResets")
    .set({ usedAt: now })
    .where("userId", "=", userId)
    .where("usedAt", "is", null)
    .execute();
  await trx
    .updateTable("emailChanges")
    .set({ usedAt: now })
    .where("userId", "=", userId)
    .where("usedAt", "is", null)
    .execute();
}
