import type { Database } from "@elastic-gas/shared/database/connect";
import type { QueueKey } from "@elastic-gas/shared/resources";

/** A message that could not be handled. The instant is epoch milliseconds. */
export interface DeadLetter {
  readonly id: number;
  readonly at: number;
  readonly queue: QueueKey;
  /** What became of what it asked for. */
  readonly outcome: string;
  /** Why it could not be handled, on one line; null when nobody said. */
  readonly reason: string | null;
  readonly body: string;
}

/** Those that nobody has sent again or looked after, newest first. */
export async function listDeadLetters(db: Database, limit: number): Promise<readonly DeadLetter[]> {
  const rows = await db
    .selectFrom("deadLetters")
    .select(["id", "at", "queue", "outcome", "reason", "body"])
    .where("resolvedAt", "is", null)
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, at: row.at.getTime(), reason: row.reason?.replaceAll(/\s+/g, " ") ?? null }));
}
