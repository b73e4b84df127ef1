import { HeadObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { Config } from "@elastic-gas/shared/config";
import type { ThawCheck } from "@elastic-gas/shared/messages";
import { DONE, type Handled } from "@elastic-gas/shared/reliability/consumer";
import { putMessage } from "@elastic-gas/shared/reliability/outbox";
import type { Resources } from "@elastic-gas/shared/resources";
import { remove, upload } from "../../jobs/objects.ts";
import { type ArchivedJob, changeArchiveState, findArchivedJob, lockOwner } from "../queries.ts";
import { askFor, type RestoreDeps } from "../restore/restore-user.ts";
import { resultPlace, takeCopy } from "../result-file.ts";

export interface ThawDeps extends RestoreDeps {
  readonly s3: S3Client;
  readonly resources: Resources;
  readonly config: Pick<Config, "ARCHIVE_CHECK_SECONDS" | "FREE_RETENTION_SECONDS">;
}

/**
 * Looks after one retrieval. Not ready: looks again later with a fresh message (a message that only waits would count its receives up). Failed or expired: asks
 * again. Ready: puts the result back, records it, deletes the archive:
 *
 *     restoring --copy, verify, upload--> kept --delete the archive--> done
 */
export async function thawResult(deps: ThawDeps, check: ThawCheck, stop: AbortSignal): Promise<Handled> {
  const { db, store, outbox, config, log } = deps;
  const job = await findArchivedJob(db, check.jobId);
  // Gone, thawed already, or asked for again since: this check has nothing to look after.
  if (job === undefined || job.archiveState !== "restoring" || job.archiveGeneration !== check.generation) return DONE;
  const archiveId = job.resultsFileArchiveId;
  if (archiveId === null || (await stayArchived(deps, job))) return DONE;
  switch (await store.retrievalState(archiveId, check.retrievalId)) {
    case "in progress":
      await putMessage(db, "thaw", check, config.ARCHIVE_CHECK_SECONDS);
      await outbox.flush();
      return DONE;
    case "failed":
      log.warn({ jobId: job.id }, "retrieval failed or expired, asked again");
      await askFor(deps, job.id, "restoring");
      await outbox.flush();
      return DONE;
    case "ready":
      await putBack(deps, { job, archiveId, retrievalId: check.retrievalId }, stop);
      return DONE;
  }
}

/** A user who is Free again by now keeps the archive: it is still there. */
function stayArchived({ db }: ThawDeps, job: ArchivedJob): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    if ((await lockOwner(trx, job.userId)) === "premium_user") return false;
    await changeArchiveState(trx, job, {
      archiveState: "archived",
      archiveGeneration: job.archiveGeneration + 1,
      archiveTier: null,
      restoreAskedAt: null,
    });
    return true;
  });
}

async function putBack(
  { db, s3, store, outbox, resources, config, log }: ThawDeps,
  { job, archiveId, retrievalId }: { job: ArchivedJob; archiveId: string; retrievalId: string },
  stop: AbortSignal,
): Promise<void> {
  const place = resultPlace(resources, job);
  {
    await using local = await takeCopy(job, await store.open(archiveId, retrievalId, stop), stop);
    await upload(s3, place, { path: local.path, signal: stop });
  }
  const { ContentLength } = await s3.send(new HeadObjectCommand({ Bucket: place.bucket, Key: place.key }));
  if (ContentLength !== job.resultSize)
    throw new Error(`The restored result of job ${job.id} has ${ContentLength} bytes, not ${job.resultSize}`);
  const isRecorded = await db.transaction().execute(async (trx) => {
    const role = await lockOwner(trx, job.userId);
    const columns = {
      archiveState: "kept",
      resultKey: place.key,
      resultsFileArchiveId: null,
      archiveTier: null,
      archivedAt: null,
      restoreAskedAt: null,
    } as const;
    if (!(await changeArchiveState(trx, job, columns))) return false;
    if (role === "free_user" && job.completedAt !== null) {
      // Cancelled in this very moment: what was scheduled then did not yet see this result.
      const dueAt = new Date(job.completedAt.getTime() + config.FREE_RETENTION_SECONDS * 1_000).toISOString();
      await putMessage(trx, "archive", { version: 1, jobId: job.id, userId: job.userId, dueAt });
    }
    return true;
  });
  if (isRecorded) {
    await store.remove(archiveId);
    await outbox.flush();
    log.info({ jobId: job.id }, "result restored");
    return;
  }
  const now = await findArchivedJob(db, job.id);
  // Deleted with all of its owner's data, or archived: then nothing may lie there. Kept: another thaw was faster and the object is the same.
  if (now === undefined || now.archiveState === "archived") await remove(s3, place);
}
