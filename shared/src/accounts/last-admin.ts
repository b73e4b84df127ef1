import type { Transaction } from "kysely";
import type { Tables } from "../database/tables.ts";
import { HttpError } from "../web/errors.ts";

/**
 * Call it in the transaction that takes the administrator role from an account, or deletes it. It locks all
 * administrators in one order, so that two who do that to each other at once come one after the other, and the second
 * is refused. Throws HttpError 409 when nobody else would be left.
 */
export async function keepOneAdmin(trx: Transaction<Tables>, userId: number): Promise<void> {
  const admins = await trx
    .selectFrom("users")
    .select("id")
    .where("isAdmin", "=", true)
    .orderBy("id")
    .forUpdate()
    .execute();
  if (admins.some(({ id }) => id === userId) && admins.length === 1) {
    throw new HttpError(409, "One administrator has to stay.", { remedy: "Make another account administrator first." });
  }
}
