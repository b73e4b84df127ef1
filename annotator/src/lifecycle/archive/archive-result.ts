import type { Config } from "@elastic-gas/shared/config";
import type { ArchiveRequest } from "@elastic-gas/shared/messages";
import { DONE, type Handled } from "@elastic-gas/shared/reliability/consumer";
import { type OutboxSender, putMessage } from "@elastic-gas/shared/reliability/outbox";
import { outputNames } from "../../jobs/file-names.ts";
import { type DeleteDeps, type PendingDelete, putDelete, runDelete } from "../pending-deletes.ts";
import { type ArchivedJob, changeArchiveState, findArchivedJob, lockOwner, NO_RETRIEVAL } from "../queries.ts";
import { openObject, takeCopy } from "../result-file.ts";

export interface ArchiveDeps extends DeleteDeps {
  readonly outbox: OutboxSender;
  readonly config: Pick<Config, "FREE_RETENTION_SECONDS">;
}

type Begun =
  | { readonly kind: "nothing" }
  | { readonly kind: "wait"; readonly seconds: number; readonly dueAt: Date }
  | { readonly kind: "copy"; readonly job: ArchivedJob; readonly key: string };

/**
 * Moves a Free user's result into the archive:
 *
 *     kept --lock, role, age--> archiving --copy, verify--> archived, the object written down as to be deleted --delete it--> done
 *
 * Each arrow may be the last one before a crash: the message comes back and goes on from the state that it finds. A
 * copy that could not be recorded (an upgrade turned the state back, another archiver was faster) is deleted again.
 */
export async function archiveResult(deps: ArchiveDeps, message: ArchiveRequest, stop: AbortSignal): Promise<Handled> {
  const { db, outbox, log } = deps;
  const begun = await begin(deps, message, new Date());
  switch (begun.kind) {
    case "nothing":
      return DONE;
    case "wait":
      await putMessage(db, "archive", { ...message, dueAt: begun.dueAt.toISOString() }, begun.seconds);
      await outbox.flush();
      return DONE;
    case "copy": {
      const { isRecorded, leftover } = await copy(deps, begun, stop);
      if (isRecorded) log.info({ jobId: begun.job.id }, "result archived");
      else log.info({ jobId: begun.job.id }, "archiving overtaken by a change, copy deleted");
      await runDelete(deps, leftover);
      return DONE;
    }
  }
}

/** Looks again at everything that may have changed since the message was sent, and marks the job. */
function begin({ db, config }: ArchiveDeps, { jobId, userId }: ArchiveRequest, now: Date): Promise<Begun> {
  return db.transaction().execute(async (trx): Promise<Begun> => {
    const role = await lockOwner(trx, userId);
    const job = await findArchivedJob(trx, jobId);
    if (job === undefined || job.status !== "COMPLETED" || job.completedAt === null) return { kind: "nothing" };
    if (role !== "free_user" || job.resultKey === null) return { kind: "nothing" };
    if (job.archiveState !== "kept" && job.archiveState !== "archiving") return { kind: "nothing" };
    const dueAt = new Date(job.completedAt.getTime() + config.FREE_RETENTION_SECONDS * 1_000);
    if (now < dueAt) return { kind: "wait", dueAt, seconds: (dueAt.getTime() - now.getTime()) / 1_000 };
    // A new generation shuts out an archiver that still works on this job.
    const marked = { archiveState: "archiving", archiveGeneration: job.archiveGeneration + 1 } as const;
    await changeArchiveState(trx, job, marked);
    return { kind: "copy", job: { ...job, ...marked }, key: job.resultKey };
  });
}

/** A copy that took longer is not recorded: the sweep for archives without a job may be about to delete it. */
const MAX_COPY_MS = 6 * 3_600_000;

async function copy(
  { db, s3, stores, resources }: ArchiveDeps,
  { job, key }: { readonly job: ArchivedJob; readonly key: string },
  stop: AbortSignal,
): Promise<{ readonly isRecorded: boolean; readonly leftover: PendingDelete }> {
  const startedAt = Date.now();
  const place = { bucket: resources.buckets.results, key };
  await using local = await takeCopy(job, await openObject(s3, place, stop), stop);
  const { current, byName } = stores;
  const archiveId = await byName[current].put(
    {
      ...local,
      jobId: job.id,
      userId: job.userId,
      generation: job.archiveGeneration,
      fileName: outputNames(job.inputName).result,
    },
    stop,
  );
  // Awaited here: a failure while the local copy is being removed would be nobody's.
  return await db.transaction().execute(async (trx) => {
    const isOurs = (await lockOwner(trx, job.userId)) === "free_user" && Date.now() - startedAt < MAX_COPY_MS;
    const isRecorded =
      isOurs &&
      (await changeArchiveState(trx, job, {
        archiveState: "archived",
        resultsFileArchiveId: archiveId,
        archiveStore: current,
        resultKey: null,
        archivedAt: new Date(),
        ...NO_RETRIEVAL,
      }));
    // Exactly one of the two is referred to from here on.
    const leftover = await (isRecorded ? putDelete(trx, "results", key) : putDelete(trx, current, archiveId));
    return { isRecorded, leftover };
  });
}
