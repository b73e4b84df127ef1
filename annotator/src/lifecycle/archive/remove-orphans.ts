import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import type { ArchiveStore } from "../store/archive-store.ts";

/** Younger archives may belong to an archiver that has not recorded them yet. */
const GRACE_MS = 3_600_000;
const LOOK_UP = 200;

/** Deletes archives that no row refers to: of deleted accounts, of crashes between copy and record. Archives that are not ours (no job id) stay. */
export async function removeOrphans(
  { db, store, log }: { db: Database; store: ArchiveStore; log: Logger },
  now: Date,
): Promise<number> {
  const inventory = await store.inventory();
  if (inventory === null) return 0;
  let removed = 0;
  let waiting: string[] = [];
  const look = async () => {
    if (waiting.length === 0) return;
    const rows = await db
      .selectFrom("jobs")
      .select("resultsFileArchiveId")
      .where("resultsFileArchiveId", "in", waiting)
      .execute();
    const known = new Set(rows.map((row) => row.resultsFileArchiveId));
    for (const archiveId of waiting.filter((id) => !known.has(id))) {
      await store.remove(archiveId);
      removed += 1;
    }
    waiting = [];
  };
  for await (const { archiveId, jobId, createdAt } of inventory) {
    if (jobId === undefined || now.getTime() - createdAt.getTime() < GRACE_MS) continue;
    waiting.push(archiveId);
    if (waiting.length === LOOK_UP) await look();
  }
  await look();
  if (removed > 0) log.info({ removed }, "archives without a job deleted");
  return removed;
}
