import type { Config } from "@elastic-gas/shared/config";
import { putMessage } from "@elastic-gas/shared/reliability/outbox";
import { markSent, mayBeSent, SENT_AGAIN_AFTER_SECONDS } from "@elastic-gas/shared/reliability/sweeps";
import { sql } from "kysely";
import { askFor, type RestoreDeps } from "../restore/restore-user.ts";

const SWEEP = "checks";
const AT_ONCE = 500;

/** Has each retrieval looked at that nobody looked at lately: its check was lost. Returns how many. */
export async function sweepChecks(
  deps: RestoreDeps & { readonly config: Pick<Config, "ARCHIVE_CHECK_SECONDS"> },
): Promise<number> {
  const { db, outbox, log, config } = deps;
  const staleSeconds = Math.max(SENT_AGAIN_AFTER_SECONDS, 2 * config.ARCHIVE_CHECK_SECONDS);
  const jobs = await db
    .selectFrom("jobs")
    .select(["id", "retrievalId", "archiveGeneration"])
    .where("archiveState", "=", "restoring")
    .where(
      sql<boolean>`coalesce(retrieval_checked_at, restore_asked_at, archived_at, completed_at)
        < utc_timestamp(3) - interval ${Math.round(staleSeconds)} second`,
    )
    .where(mayBeSent({ sweep: SWEEP, queue: "thaw" }, "jobs.id"))
    .limit(AT_ONCE)
    .execute();
  for (const { id, retrievalId, archiveGeneration: generation } of jobs) {
    await markSent(db, SWEEP, [id]);
    if (retrievalId !== null) await putMessage(db, "thaw", { version: 1, jobId: id, retrievalId, generation });
    // Asked for by a version that did not write the retrieval down.
    else
      await askFor(deps, id, "restoring").catch((error: unknown) =>
        log.warn({ jobId: id, err: error }, "not asked for again"),
      );
  }
  if (jobs.length > 0) await outbox.flush();
  return jobs.length;
}
