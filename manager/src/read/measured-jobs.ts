import type { Database } from "@elastic-gas/shared/database/connect";
import { sql } from "kysely";

export interface MeasuredJobs {
  /** Jobs submitted in each minute. */
  readonly sent: readonly number[];
  /** From start to end of the jobs that completed within the span; null without any. */
  readonly meanSeconds: number | null;
}

/** The annotation jobs of the `minutes` that end at `to`. */
export async function measureJobs(db: Database, to: Date, minutes: number): Promise<MeasuredJobs> {
  const from = new Date(to.getTime() - minutes * 60_000);
  const [sent, run] = await Promise.all([
    db
      .selectFrom("jobs")
      .select([
        sql<number>`timestampdiff(minute, ${from}, submitted_at)`.as("minute"),
        sql<number>`count(*)`.as("count"),
      ])
      .where("submittedAt", ">=", from)
      .where("submittedAt", "<", to)
      .groupBy("minute")
      .execute(),
    db
      .selectFrom("jobs")
      .select(sql<string | null>`avg(timestampdiff(microsecond, started_at, completed_at)) / 1000000`.as("seconds"))
      .where("status", "=", "COMPLETED")
      .where("completedAt", ">=", from)
      .where("completedAt", "<", to)
      .where("startedAt", "is not", null)
      .executeTakeFirst(),
  ]);
  const byMinute = new Map(sent.map((row) => [Number(row.minute), Number(row.count)]));
  return {
    sent: Array.from({ length: minutes }, (_, minute) => byMinute.get(minute) ?? 0),
    meanSeconds: run?.seconds == null ? null : Number(run.seconds),
  };
}
