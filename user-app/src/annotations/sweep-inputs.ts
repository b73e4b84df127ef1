import { DeleteObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Resources } from "@elastic-gas/shared/resources";

const DAY_MS = 86_400_000;
const AT_ONCE = 500;

export interface SweepInputsDeps {
  readonly db: Database;
  readonly s3: S3Client;
  readonly resources: Pick<Resources, "buckets">;
}

/**
 * Deletes inputs whose jobs all ended more than `retentionDays` ago; results and logs stay. 0 days: never. Safe to run
 * in several workers at once. Returns how many.
 */
export async function sweepInputs(
  { db, s3, resources }: SweepInputsDeps,
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
    // First the rows: a job that somebody starts again meanwhile is seen by the condition, or refused by the mark.
    const marked = await db.transaction().execute(async (trx) => {
      const jobs = await trx
        .selectFrom("jobs")
        .select(["status", "completedAt"])
        .where("inputKey", "=", inputKey)
        .forUpdate()
        .execute();
      const areOver = jobs.every(
        ({ status, completedAt }) =>
          (status === "COMPLETED" || status === "FAILED") && completedAt !== null && completedAt < before,
      );
      if (areOver)
        await trx.updateTable("jobs").set({ inputDeletedAt: now }).where("inputKey", "=", inputKey).execute();
      return areOver;
    });
    if (!marked) continue;
    await s3.send(new DeleteObjectCommand({ Bucket: resources.buckets.inputs, Key: inputKey }));
    deleted += 1;
  }
  return deleted;
}
