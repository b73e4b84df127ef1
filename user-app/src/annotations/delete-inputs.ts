import { DeleteObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { JobStatus } from "@elastic-gas/shared/database/tables";
import type { Resources } from "@elastic-gas/shared/resources";

const DAY_MS = 86_400_000;
const AT_ONCE = 500;

export interface DeleteInputsDeps {
  readonly db: Database;
  readonly s3: S3Client;
  readonly resources: Pick<Resources, "buckets">;
}

/**
 * Deletes inputs whose jobs all ended more than `retentionDays` ago; results and logs stay. 0 days: never. Safe to run
 * in several workers at once. Returns how many.
 */
export async function sweepInputs(
  { db, s3, resources }: DeleteInputsDeps,
  { retentionDays, now }: { readonly retentionDays: number; readonly now: Date },
): Promise<number> {
  if (retentionDays === 0) return 0;
  const before = new Date(now.getTime() - retentionDays * DAY_MS);
  const old = await db
    .selectFrom("jobs")
    .select("inputKey")
    .distinct()
    .where("completedAt", "<", before)
    .where("status", "in", ["COMPLETED", "FAILED"])
    .where("inputDeletedAt", "is", null)
    .limit(AT_ONCE)
    .execute();
  let deleted = 0;
  for (const { inputKey } of old) {
    const isOver = (job: InputJob) => job.completedAt !== null && job.completedAt < before;
    if (await deleteInput({ db, s3, resources }, { inputKey, now, isOver })) deleted += 1;
  }
  return deleted;
}

interface InputJob {
  readonly status: JobStatus;
  readonly completedAt: Date | null;
}

/**
 * Deletes an input if all its jobs are finished and over; they keep their results and logs. False: one of them still
 * waits or runs, or is not over.
 */
export async function deleteInput(
  { db, s3, resources }: DeleteInputsDeps,
  {
    inputKey,
    now,
    isOver = () => true,
  }: { readonly inputKey: string; readonly now: Date; readonly isOver?: (job: InputJob) => boolean },
): Promise<boolean> {
  // First the rows: a job that somebody starts again meanwhile is seen by the condition, or refused by the mark.
  const isMarked = await db.transaction().execute(async (trx) => {
    const jobs = await trx
      .selectFrom("jobs")
      .select(["status", "completedAt"])
      .where("inputKey", "=", inputKey)
      .forUpdate()
      .execute();
    const areOver = jobs.every((job) => (job.status === "COMPLETED" || job.status === "FAILED") && isOver(job));
    if (areOver) await trx.updateTable("jobs").set({ inputDeletedAt: now }).where("inputKey", "=", inputKey).execute();
    return areOver;
  });
  if (isMarked) await s3.send(new DeleteObjectCommand({ Bucket: resources.buckets.inputs, Key: inputKey }));
  return isMarked;
}
