import type { S3Client } from "@aws-sdk/client-s3";
import type { Config } from "@elastic-gas/shared/config";
import { putUserMail } from "@elastic-gas/shared/mail/user-mails";
import type { ThawCheck } from "@elastic-gas/shared/messages";
import { DONE, type Handled } from "@elastic-gas/shared/reliability/consumer";
import { putMessage } from "@elastic-gas/shared/reliability/outbox";
import { upload } from "../../jobs/objects.ts";
import { type PendingDelete, putDelete, runDelete } from "../pending-deletes.ts";
import { type ArchivedJob, changeArchiveState, findArchivedJob, lockOwner, NO_RETRIEVAL } from "../queries.ts";
import { askFor, type RestoreDeps, storeOf } from "../restore/restore-user.ts";
import { restoredKey, takeCopy, verifyObject } from "../result-file.ts";

export interface ThawDeps extends RestoreDeps {
  readonly s3: S3Client;
  readonly config: Pick<Config, "ARCHIVE_CHECK_SECONDS" | "FREE_RETENTION_SECONDS">;
}

/** Results that come back within this time are told in one mail. */
const RESTORED_TOGETHER_SECONDS = 120;

/**
 * Looks after one retrieval. Not ready: looks again later with a fresh message. Failed or expired: asks again. Ready:
 * puts the result back under a key of its own, reads it back, records it, deletes the archive:
 *
 *     restoring --copy, verify, upload, verify--> kept, the archive written down as to be deleted --delete it--> done
 */
export async function thawResult(deps: ThawDeps, check: ThawCheck, stop: AbortSignal): Promise<Handled> {
  const { db, stores, outbox, log } = deps;
  const job = await findArchivedJob(db, check.jobId);
  // Gone, thawed already, or asked for again since: this check has nothing to look after.
  if (job === undefined || job.archiveState !== "restoring" || job.archiveGeneration !== check.generation) return DONE;
  const archiveId = job.resultsFileArchiveId;
  if (archiveId === null || (await stayArchived(deps, job))) return DONE;
  switch (await storeOf(stores, job).retrievalState(archiveId, check.retrievalId)) {
    case "in progress":
      await lookAgainLater(deps, job, check);
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
async function stayArchived(deps: ThawDeps, job: ArchivedJob): Promise<boolean> {
  const stayed = await deps.db.transaction().execute(async (trx) => {
    if ((await lockOwner(trx, job.userId)) === "premium_user") return undefined;
    const columns = {
      archiveState: "archived",
      archiveGeneration: job.archiveGeneration + 1,
      ...NO_RETRIEVAL,
    } as const;
    const isChanged = await changeArchiveState(trx, job, columns);
    // What this generation may have put back without recording it.
    return { leftover: isChanged ? await putDelete(trx, "results", restoredKey(deps.resources, job)) : undefined };
  });
  if (stayed?.leftover !== undefined) await runDelete(deps, stayed.leftover);
  return stayed !== undefined;
}

function lookAgainLater({ db, config }: ThawDeps, job: ArchivedJob, check: ThawCheck): Promise<void> {
  return db.transaction().execute(async (trx) => {
    await lockOwner(trx, job.userId);
    const seen = { archiveState: "restoring", retrievalCheckedAt: new Date() } as const;
    if (await changeArchiveState(trx, job, seen)) await putMessage(trx, "thaw", check, config.ARCHIVE_CHECK_SECONDS);
  });
}

async function putBack(
  deps: ThawDeps,
  { job, archiveId, retrievalId }: { job: ArchivedJob; archiveId: string; retrievalId: string },
  stop: AbortSignal,
): Promise<void> {
  const { db, s3, stores, outbox, resources, config, log } = deps;
  const store = storeOf(stores, job);
  const place = { bucket: resources.buckets.results, key: restoredKey(resources, job) };
  {
    await using local = await takeCopy(job, await store.open(archiveId, retrievalId, stop), stop);
    await upload(s3, place, { path: local.path, signal: stop });
  }
  await verifyObject(s3, place, { job, signal: stop });
  const leftover = await db.transaction().execute(async (trx): Promise<PendingDelete | undefined> => {
    const role = await lockOwner(trx, job.userId);
    const columns = {
      archiveState: "kept",
      resultKey: place.key,
      resultsFileArchiveId: null,
      archiveStore: null,
      archivedAt: null,
      ...NO_RETRIEVAL,
    } as const;
    if (!(await changeArchiveState(trx, job, columns))) {
      const now = await findArchivedJob(trx, job.id);
      // Another thaw of this retrieval was faster, and the object is the same: then nothing is left over.
      return now?.resultKey === place.key ? undefined : putDelete(trx, "results", place.key);
    }
    if (role === "premium_user") {
      const about = `${job.id} ${job.archiveGeneration}`;
      const detail = { jobId: job.id, inputName: job.inputName };
      const dueInSeconds = RESTORED_TOGETHER_SECONDS;
      await putUserMail(trx, { userId: job.userId, kind: "result-restored", about, detail, dueInSeconds });
    } else if (role === "free_user" && job.completedAt !== null) {
      // Cancelled in this very moment: what was scheduled then did not yet see this result.
      const dueAt = new Date(job.completedAt.getTime() + config.FREE_RETENTION_SECONDS * 1_000).toISOString();
      await putMessage(trx, "archive", { version: 1, jobId: job.id, userId: job.userId, dueAt });
    }
    log.info({ jobId: job.id }, "result restored");
    return putDelete(trx, job.archiveStore ?? stores.current, archiveId);
  });
  if (leftover !== undefined) await runDelete(deps, leftover);
  await outbox.flush();
}
