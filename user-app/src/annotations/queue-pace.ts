import type { Database } from "@elastic-gas/shared/database/connect";
import { sql } from "kysely";

/** So many finished jobs tell how long one takes. */
const JOBS_LOOKED_AT = 20;
const HEARTBEAT_MAX_SECONDS = 60;

/**
 * Seconds after which the queue is one job shorter, by the latest finished jobs and the workers that are there;
 * undefined when nothing was finished yet.
 */
export async function readQueuePace(db: Database): Promise<number | undefined> {
  const [jobs, workers] = await Promise.all([
    db
      .selectFrom("jobs")
      .select(["startedAt", "completedAt"])
      .where("status", "=", "COMPLETED")
      .where("startedAt", "is not", null)
      .orderBy("completedAt", "desc")
      .limit(JOBS_LOOKED_AT)
      .execute(),
    db
      .selectFrom("workers")
      .select(sql<number>`count(*)`.as("n"))
      .where("pool", "=", "annotator")
      .where("draining", "=", false)
      .where("at", ">", sql<Date>`utc_timestamp(3) - interval ${sql.lit(HEARTBEAT_MAX_SECONDS)} second`)
      .executeTakeFirstOrThrow(),
  ]);
  const seconds = jobs.flatMap(({ startedAt, completedAt }) =>
    startedAt === null || completedAt === null ? [] : [(completedAt.getTime() - startedAt.getTime()) / 1_000],
  );
  return queuePace(seconds, Number(workers.n));
}

/** The mean time of a job, shared by the workers; a pool that is empty gets a worker for the first job. */
export function queuePace(jobSeconds: readonly number[], workers: number): number | undefined {
  if (jobSeconds.length === 0) return undefined;
  const mean = jobSeconds.reduce((sum, each) => sum + Math.max(0, each), 0) / jobSeconds.length;
  return mean / Math.max(1, workers);
}
