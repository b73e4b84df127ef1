import type { Transaction } from "kysely";
import type { Tables } from "../database/tables.ts";
import type { AccountTables } from "./account-tables.ts";

/**
 * Sets the password and ends what the old one opened: every session, API token, link to set a password and unconfirmed
 * change of the address. `passwordChangedAt` also refuses sessions that another worker remembers.
 */
export async function changePassword(
  trx: Transaction<Tables>,
  tables: AccountTables,
  { userId, passwordHash, now }: { readonly userId: number; readonly passwordHash: string; readonly now: Date },
): Promise<void> {
  await trx
    .updateTable(tables.users)
    .set({ passwordHash, passwordChangedAt: now, invitedAt: null })
    .where("id", "=", userId)
    .execute();
  for (const table of tables.sessions) await trx.deleteFrom(table).where("userId", "=", userId).execute();
  await trx
    .updateTable(tables.apiTokens)
    .set({ revokedAt: now })
    .where("userId", "=", userId)
    .where("revokedAt", "is", null)
    .execute();
  await endLinks(trx, tables, { userId, now });
}

/** Uses up every link that was mailed for the account: to set a password, and to confirm an address. */
export async function endLinks(
  trx: Transaction<Tables>,
  tables: AccountTables,
  { userId, now }: { readonly userId: number; readonly now: Date },
): Promise<void> {
  await trx
    .updateTable(tables.passwordResets)
    .set({ usedAt: now })
    .where("userId", "=", userId)
    .where("usedAt", "is", null)
    .execute();
  await trx
    .updateTable(tables.emailChanges)
    .set({ usedAt: now })
    .where("userId", "=", userId)
    .where("usedAt", "is", null)
    .execute();
}
