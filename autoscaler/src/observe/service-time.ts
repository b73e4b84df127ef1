import type { SeenQueue } from "@elastic-gas/scaling/observation";
import type { Database } from "@elastic-gas/shared/database/connect";

export type ServiceTime = Pick<SeenQueue, "serviceSeconds" | "finished">;

/** Enough that one odd job weighs little, few enough that a change of the work shows within hours. */
const LATEST_JOBS = 50;

/**
 * The mean time that a worker was busy with one of the latest finished jobs, failed ones included. The wait in the
 * queue does not belong to it.
 */
export async function readServiceTime(db: Database): Promise<ServiceTime> {
  const rows = await db
    .selectFrom("jobs")
    .select(["startedAt", "completedAt"])
    .where("completedAt", "is not", null)
    .orderBy("completedAt", "desc")
    .limit(LATEST_JOBS)
    .execute();
  return serviceTimeOf(rows);
}

export function serviceTimeOf(
  jobs: readonly { readonly startedAt: Date | null; readonly completedAt: Date | null }[],
): ServiceTime {
  const seconds = jobs.flatMap(({ startedAt, completedAt }) => {
    if (startedAt === null || completedAt === null) return [];
    const taken = (completedAt.getTime() - startedAt.getTime()) / 1_000;
    return taken > 0 ? [taken] : [];
  });
  const finished = seconds.length;
  return { serviceSeconds: finished === 0 ? null : seconds.reduce((sum, each) => sum + each, 0) / finished, finished };
}
