import type { Config } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import type { RestoreRequest } from "@elastic-gas/shared/messages";
import { DONE, type Handled } from "@elastic-gas/shared/reliability/consumer";
import { type OutboxSender, putMessage } from "@elastic-gas/shared/reliability/outbox";
import { type ArchivedJob, changeArchiveState, findArchivedJob, lockOwner } from "../queries.ts";
import type { ArchiveStore } from "../store/archive-store.ts";

export interface RestoreDeps {
  readonly db: Database;
  readonly store: ArchiveStore;
  readonly outbox: OutboxSender;
  readonly config: Pick<Config, "ARCHIVE_CHECK_SECONDS">;
  readonly log: Logger;
}

/** No check of a retrieval is that old: its messages were lost, so it is asked for again. */
const STALE_HOURS = 24;

/** Asks for the retrieval of every archived result of a Premium user. Safe to repeat: a result that is being restored is left alone. */
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

/**
 * Asks for one archive and records it with the check that follows, in one transaction:
 *
 *     archived | restoring (asked again) --> restoring, generation + 1, message to thaw
 *
 * A crash before the record leaves the state as it was; the retrieval that nobody waits for ends by itself.
 */
export async function askFor(
  { db, store, config, log }: RestoreDeps,
  jobId: string,
  from: "archived" | "restoring",
): Promise<void> {
  const job = await findArchivedJob(db, jobId);
  if (job?.archiveState !== from || job.resultsFileArchiveId === null) return;
  const { retrievalId, tier } = await store.retrieve(job.resultsFileArchiveId, job.id);
  const generation = job.archiveGeneration + 1;
  const isRecorded = await db.transaction().execute(async (trx) => {
    if ((await lockOwner(trx, job.userId)) !== "premium_user") return false;
    const columns = {
      archiveState: "restoring",
      archiveGeneration: generation,
      archiveTier: tier,
      restoreAskedAt: new Date(),
    } as const;
    if (!(await changeArchiveState(trx, job, columns))) return false;
    await putMessage(trx, "thaw", { version: 1, jobId: job.id, retrievalId, generation }, config.ARCHIVE_CHECK_SECONDS);
    return true;
  });
  if (isRecorded) log.info({ jobId: job.id, tier }, "retrieval asked for");
}

/** Every archived result of a Premium user is being restored, and every restore is looked after: what messages missed is found here. */
export async function sweepRestores(deps: RestoreDeps, now: Date): Promise<void> {
  const stale = new Date(now.getTime() - STALE_HOURS * 3_600_000);
  const jobs: Pick<ArchivedJob, "id" | "archiveState">[] = await deps.db
    .selectFrom("jobs")
    .innerJoin("users", "users.id", "jobs.userId")
    .select(["jobs.id", "jobs.archiveState"])
    .where("users.role", "=", "premium_user")
    .where((where) =>
      where.or([
        where("jobs.archiveState", "=", "archived"),
        where.and([where("jobs.archiveState", "=", "restoring"), where("jobs.restoreAskedAt", "<", stale)]),
      ]),
    )
    .limit(500)
    .execute();
  for (const { id, archiveState } of jobs) {
    if (archiveState !== "archived" && archiveState !== "restoring") continue;
    await askFor(deps, id, archiveState).catch((error: unknown) =>
      deps.log.warn({ jobId: id, err: error }, "retrieval not asked for, tried again"),
    );
  }
  if (jobs.length > 0) await deps.outbox.flush();
}
