import { DeleteObjectsCommand, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import type { Database } from "@elastic-gas/shared/database/connect";
import { LOG_SO_FAR } from "@elastic-gas/shared/reliability/running-log";
import { jobKey } from "@elastic-gas/shared/resources";
import type { Deps } from "../web/deps.ts";

const CANCELLED = "You cancelled this job.";
/** S3 takes so many keys in one call. */
const KEYS_AT_ONCE = 1_000;

/**
 * Ends a job that waits or runs. Its worker finds out when it next renews its lease, within seconds, and what it does
 * until then is not recorded; its log so far stays. False when the job is finished (or not this user's): then nothing
 * changes.
 */
export async function cancelJob(
  db: Database,
  { userId, jobId, now }: { readonly userId: number; readonly jobId: string; readonly now: Date },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("jobs")
    .set({
      status: "FAILED",
      failure: CANCELLED,
      cancelledAt: now,
      completedAt: now,
      // Whoever cancels a job needs no mail about its end.
      notifiedAt: now,
      // Otherwise its time would count among those from which the scaling learns how long a job takes.
      startedAt: null,
      owner: null,
      leaseUntil: null,
      ...LOG_SO_FAR,
      retryAt: null,
    })
    .where("id", "=", jobId)
    .where("userId", "=", userId)
    .where("status", "in", ["PENDING", "RUNNING"])
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

type RemoveDeps = Pick<Deps, "db" | "s3" | "resources" | "log">;

/**
 * Deletes jobs of one user in whatever state, with input, result, log and archive. Ids that are not the user's are
 * passed over. Returns how many were deleted. What cannot be deleted from S3 now is left to the sweeps.
 */
export async function deleteJobs(deps: RemoveDeps, userId: number, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const jobs = await deps.db.transaction().execute(async (trx) => {
    const found = await trx
      .selectFrom("jobs")
      .select(["id", "inputKey", "resultKey", "logKey", "resultsFileArchiveId", "archiveStore"])
      .where("userId", "=", userId)
      .where("id", "in", ids)
      .forUpdate()
      .execute();
    if (found.length === 0) return [];
    const deletes = found.flatMap(({ resultKey, logKey, resultsFileArchiveId, archiveStore }) => [
      ...[resultKey, logKey].flatMap((name) => (name === null ? [] : [{ store: "results" as const, name }])),
      ...(resultsFileArchiveId === null || archiveStore === null
        ? []
        : [{ store: archiveStore, name: resultsFileArchiveId }]),
    ]);
    if (deletes.length > 0) await trx.insertInto("pendingDeletes").values(deletes).execute();
    const own = found.map(({ id }) => id);
    await trx.deleteFrom("jobs").where("userId", "=", userId).where("id", "in", own).execute();
    return found;
  });
  try {
    await deleteInputs(deps, jobs);
    for (const { id } of jobs) await deleteResults(deps, userId, id);
  } catch (error) {
    deps.log.warn({ err: error, userId }, "files of deleted jobs not deleted yet, left to the sweeps");
  }
  return jobs.length;
}

/** Deletes the inputs that no other job was made of. */
async function deleteInputs(
  { db, s3, resources }: RemoveDeps,
  jobs: readonly { readonly inputKey: string }[],
): Promise<void> {
  const keys = [...new Set(jobs.map(({ inputKey }) => inputKey))];
  if (keys.length === 0) return;
  const used = await db.selectFrom("jobs").select("inputKey").where("inputKey", "in", keys).execute();
  const kept = new Set(used.map(({ inputKey }) => inputKey));
  await deleteKeys(
    { s3, bucket: resources.buckets.inputs },
    keys.filter((key) => !kept.has(key)),
  );
}

/** By the start of the key, as a worker that was still at it may have written what no row names. */
async function deleteResults({ s3, resources }: RemoveDeps, userId: number, jobId: string): Promise<void> {
  const bucket = resources.buckets.results;
  const Prefix = jobKey(resources.prefix, userId, jobId, "");
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix })) {
    await deleteKeys(
      { s3, bucket },
      (page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key])),
    );
  }
}

async function deleteKeys(
  { s3, bucket }: { readonly s3: Deps["s3"]; readonly bucket: string },
  keys: readonly string[],
): Promise<void> {
  for (let from = 0; from < keys.length; from += KEYS_AT_ONCE) {
    const Objects = keys.slice(from, from + KEYS_AT_ONCE).map((Key) => ({ Key }));
    const { Errors = [] } = await s3.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
    );
    const [error] = Errors;
    if (error !== undefined)
      throw new Error(`Could not delete ${Errors.length} objects in ${bucket}: ${error.Code} ${error.Message}`);
  }
}
