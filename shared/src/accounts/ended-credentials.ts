import type { Database } from "../database/connect.ts";

/** How long a revoked or expired API token is listed, and what became of a mailed link can be looked up. */
const KEPT_DAYS = 90;
/** At once: the rest is the next sweep's. */
const ROWS = 1_000;

/** Deletes API tokens and mailed links that opened nothing for 90 days. Returns how many. Any process may call it. */
export async function deleteEndedCredentials(db: Database, now: Date): Promise<number> {
  const before = new Date(now.getTime() - KEPT_DAYS * 86_400_000);
  const deleted = [
    await db
      .deleteFrom("apiTokens")
      .where((row) => row.or([row("revokedAt", "<", before), row("expiresAt", "<", before)]))
      .limit(ROWS)
      .executeTakeFirst(),
    await db.deleteFrom("emailChanges").where("expiresAt", "<", before).limit(ROWS).executeTakeFirst(),
    await db
      .deleteFrom("passwordResets")
      .where("expiresAt", "<", before)
      // The list of users shows when an invitation ended that was not accepted.
      .where((row) =>
        row.or([
          row("usedAt", "is not", null),
          row("userId", "not in", row.selectFrom("users").select("id").where("invitedAt", "is not", null)),
        ]),
      )
      .limit(ROWS)
      .executeTakeFirst(),
  ];
  return deleted.reduce((sum, { numDeletedRows }) => sum + Number(numDeletedRows), 0);
}
