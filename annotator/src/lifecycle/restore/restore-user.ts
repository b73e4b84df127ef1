import type { Config } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import type { RestoreRequest } from "@elastic-gas/shared/messages";
import { DONE, type Handled } from "@elastic-gas/shared/reliability/consumer";
import { type OutboxSender, putMessage } from "@elastic-gas/shared/reliability/outbox";
import type { Resources } from "@elastic-gas/shared/resources";
import { putDelete } from "../pending-deletes.ts";
import { type ArchivedJob, changeArchiveState, findArchivedJob, lockOwner } from "../queries.ts";
import { restoredKey } from "../result-file.ts";
import type { ArchiveStore } from "../store/archive-store.ts";
import type { ArchiveStores } from "../store/archive-stores.ts";

export interface RestoreDeps {
  readonly db: Database;
  readonly stores: ArchiveStores;
  readonly resources: Resources;
  readonly outbox: OutboxSender;
  readonly config: Pick<Config, "ARCHIVE_CHECK_SECONDS">;
  readonly log: Logger;
}

/**
 * Asks for the retrieval of every archived result of a Premium user. Safe to repeat: a result that is being restored is
 * left alone.
 */
export async function restoreUser(deps: RestoreDeps, { userId }: RestoreRequest, stop: AbortSignal): Promise<Handled> {
  const { db, outbox } = deps;
  const owner = await db.selectFrom("users").select("role").where("id", "=", userId).executeTakeFirst();
  if (owner?.role !== "premium_user") return DONE;
  const jobs = await db
    .selectFrom("jobs")
    .select("id")
    .where("userId", "=", userId)
    .where("archiveState", "=", "archived")
    .execute();
  let failure: unknown;
  for (const { id } of jobs) {
    if (stop.aborted) throw new Error("The worker stops");
    // One archive that cannot be asked for must not hold up the others; the message comes back for it.
    await askFor(deps, id, "archived").catch((error: unknown) => {
      failure ??= error;
    });
  }
  await outbox.flush();
  if (failure !== undefined)
    throw new Error(`Could not ask for every archived result of user ${userId}`, { cause: failure });
  return DONE;
}

/** The store that holds a job's archive. */
export function storeOf({ current, byName }: ArchiveStores, job: Pick<ArchivedJob, "archiveStore">): ArchiveStore {
  return byName[job.archiveStore ?? current];
}

/**
 * Asks for one archive and records it with the check that follows, in one transaction:
 *
 *     archived | restoring (asked again) --> restoring, generation + 1, message to thaw
 *
 * A crash before the record leaves the state as it was; the retrieval that nobody waits for ends by itself.
 */
export async function askFor(
  { db, stores, resources, config, log }: RestoreDeps,
  jobId: string,
  from: "archived" | "restoring",
): Promise<void> {
  const job = await findArchivedJob(db, jobId);
  if (job?.archiveState !== from || job.resultsFileArchiveId === null) return;
  const { retrievalId, tier } = await storeOf(stores, job).retrieve(job.resultsFileArchiveId, job.id);
  const generation = job.archiveGeneration + 1;
  const isRecorded = await db.transaction().execute(async (trx) => {
    if ((await lockOwner(trx, job.userId)) !== "premium_user") return false;
    const now = new Date();
    const columns = {
      archiveState: "restoring",
      archiveGeneration: generation,
      archiveTier: tier,
      restoreAskedAt: now,
      retrievalId,
      retrievalCheckedAt: now,
    } as const;
    if (!(await changeArchiveState(trx, job, columns))) return false;
    // What the generation before may have put back without recording it.
    if (from === "restoring") await putDelete(trx, "results", restoredKey(resources, job));
    await putMessage(trx, "thaw", { version: 1, jobId: job.id, retrievalId, generation }, config.ARCHIVE_CHECK_SECONDS);
    return true;
  });
  if (isRecorded) log.info({ jobId: job.id, tier }, "retrieval asked for");
}
