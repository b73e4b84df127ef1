import { Readable } from "node:stream";
import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { Config } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import type { ArchiveRequest } from "@elastic-gas/shared/messages";
import { DONE, type Handled } from "@elastic-gas/shared/reliability/consumer";
import { type OutboxSender, putMessage } from "@elastic-gas/shared/reliability/outbox";
import type { Resources } from "@elastic-gas/shared/resources";
import { outputNames } from "../../jobs/file-names.ts";
import { remove } from "../../jobs/objects.ts";
import { type ArchivedJob, changeArchiveState, findArchivedJob, lockOwner } from "../queries.ts";
import { resultPlace, takeCopy } from "../result-file.ts";
import type { ArchiveStore } from "../store/archive-store.ts";

export interface ArchiveDeps {
  readonly db: Database;
  readonly s3: S3Client;
  readonly store: ArchiveStore;
  readonly outbox: OutboxSender;
  readonly resources: Resources;
  readonly config: Pick<Config, "FREE_RETENTION_SECONDS">;
  readonly log: Logger;
}

type Begun =
  | { readonly kind: "nothing" }
  | { readonly kind: "wait"; readonly seconds: number; readonly dueAt: Date }
  | { readonly kind: "copy" | "archived"; readonly job: ArchivedJob };

/**
 * Moves a Free user's result into the archive:
 *
 *     kept --lock, role, age--> archiving --copy, verify--> archived --delete the object--> done
 *
 * Each arrow may be the last one before a crash: the message comes back and goes on from the state that it finds. A copy that could not be recorded (an upgrade
 * turned the state back, another archiver was faster) is deleted again.
 */
export async function archiveResult(deps: ArchiveDeps, message: ArchiveRequest, stop: AbortSignal): Promise<Handled> {
  const { db, s3, store, outbox, resources, log } = deps;
  const begun = await begin(deps, message, new Date());
  switch (begun.kind) {
    case "nothing":
      return DONE;
    case "wait":
      await putMessage(db, "archive", { ...message, dueAt: begun.dueAt.toISOString() }, begun.seconds);
      await outbox.flush();
      return DONE;
    case "copy":
      if (!(await copy(deps, begun.job, stop))) return DONE;
      log.info({ jobId: begun.job.id }, "result archived");
      break;
    case "archived":
      break;
  }
  const now = await findArchivedJob(db, begun.job.id);
  if (now?.archiveState === "archived") await remove(s3, resultPlace(resources, begun.job));
  // Deleted meanwhile with all of its owner's data: the row that referred to the archive is gone.
  if (now === undefined && begun.job.resultsFileArchiveId !== null) await store.remove(begun.job.resultsFileArchiveId);
  return DONE;
}

/** Looks again at everything that may have changed since the message was sent, and marks the job. */
function begin({ db, config }: ArchiveDeps, { jobId, userId }: ArchiveRequest, now: Date): Promise<Begun> {
  return db.transaction().execute(async (trx): Promise<Begun> => {
    const role = await lockOwner(trx, userId);
    const job = await findArchivedJob(trx, jobId);
    if (job === undefined || job.status !== "COMPLETED" || job.completedAt === null) return { kind: "nothing" };
    if (job.archiveState === "archived") return { kind: "archived", job };
    if (role !== "free_user" || job.archiveState === "restoring") return { kind: "nothing" };
    const dueAt = new Date(job.completedAt.getTime() + config.FREE_RETENTION_SECONDS * 1_000);
    if (now < dueAt) return { kind: "wait", dueAt, seconds: (dueAt.getTime() - now.getTime()) / 1_000 };
    // A new generation shuts out an archiver that still works on this job.
    const marked = { archiveState: "archiving", archiveGeneration: job.archiveGeneration + 1 } as const;
    await changeArchiveState(trx, job, marked);
    return { kind: "copy", job: { ...job, ...marked } };
  });
}

async function copy(
  { db, s3, store, resources, log }: ArchiveDeps,
  job: ArchivedJob,
  stop: AbortSignal,
): Promise<boolean> {
  const { bucket, key } = resultPlace(resources, job);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: stop });
  if (!(Body instanceof Readable)) throw new Error(`S3 gave no content for ${key}`);
  await using local = await takeCopy(job, Body, stop);
  const archiveId = await store.put(
    {
      ...local,
      jobId: job.id,
      userId: job.userId,
      generation: job.archiveGeneration,
      fileName: outputNames(job.inputName).result,
    },
    stop,
  );
  const isRecorded = await db.transaction().execute(async (trx) => {
    if ((await lockOwner(trx, job.userId)) !== "free_user") return false;
    return changeArchiveState(trx, job, {
      archiveState: "archived",
      resultsFileArchiveId: archiveId,
      resultKey: null,
      archiveTier: null,
      archivedAt: new Date(),
      restoreAskedAt: null,
    });
  });
  if (!isRecorded) {
    log.info({ jobId: job.id }, "archiving overtaken by a change, copy deleted");
    await store.remove(archiveId);
  }
  return isRecorded;
}
