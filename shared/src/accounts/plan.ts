import type { Transaction } from "kysely";
import type { Tables } from "../database/tables.ts";
import { ArchiveRequest } from "../messages.ts";
import { MAX_DELAY_SECONDS, putMessage } from "../reliability/outbox.ts";

export const PREMIUM_PRICE = "$999.99 a week";

const OUTBOX_ROWS_PER_INSERT = 500;

/**
 * Makes a user Premium: under the lock of the row, what is about to be archived is kept, and a message has every
 * archived result restored. Safe to repeat. False when there is no such user.
 */
export async function makePremium(trx: Transaction<Tables>, userId: number): Promise<boolean> {
  const user = await lockUser(trx, userId);
  if (user === undefined) return false;
  await trx.updateTable("users").set({ role: "premium_user" }).where("id", "=", userId).execute();
  await trx
    .updateTable("jobs")
    .set((where) => ({ archiveState: "kept", archiveGeneration: where("archiveGeneration", "+", 1) }))
    .where("userId", "=", userId)
    .where("archiveState", "=", "archiving")
    .execute();
  await putMessage(trx, "restore", { version: 1, userId });
  return true;
}

/**
 * Makes a user Free again and has each result archived as soon as it is past the retention (at once, for old ones).
 * Safe to repeat. False when there is no such user.
 */
export async function makeFree(
  trx: Transaction<Tables>,
  { userId, now, retentionSeconds }: { readonly userId: number; readonly now: Date; readonly retentionSeconds: number },
): Promise<boolean> {
  const user = await lockUser(trx, userId);
  if (user === undefined) return false;
  await trx.updateTable("users").set({ role: "free_user" }).where("id", "=", userId).execute();
  const jobs = await trx
    .selectFrom("jobs")
    .select(["id", "completedAt"])
    .where("userId", "=", userId)
    .where("status", "=", "COMPLETED")
    .where("archiveState", "!=", "archived")
    .execute();
  const rows = jobs.map(({ id, completedAt }) => {
    const dueAt = new Date((completedAt ?? now).getTime() + retentionSeconds * 1_000);
    const wait = (dueAt.getTime() - now.getTime()) / 1_000;
    return {
      queue: "archive" as const,
      body: JSON.stringify(ArchiveRequest.parse({ version: 1, jobId: id, userId, dueAt: dueAt.toISOString() })),
      delaySeconds: Math.max(0, Math.min(MAX_DELAY_SECONDS, Math.round(wait))),
    };
  });
  // A premium user may have thousands of results: a few large inserts rather than one message at a time.
  for (let start = 0; start < rows.length; start += OUTBOX_ROWS_PER_INSERT) {
    await trx
      .insertInto("outbox")
      .values(
        rows.slice(start, start + OUTBOX_ROWS_PER_INSERT).map((row) => ({ ...row, claimedUntil: null, sentAt: null })),
      )
      .execute();
  }
  return true;
}

/** The lock that every change of a role or of an archive state takes first. */
async function lockUser(trx: Transaction<Tables>, userId: number): Promise<{ readonly id: number } | undefined> {
  return trx.selectFrom("users").select("id").where("id", "=", userId).forUpdate().executeTakeFirst();
}
