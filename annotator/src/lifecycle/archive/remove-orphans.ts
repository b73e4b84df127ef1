import type { Database } from "@elastic-gas/shared/database/connect";
import type { ArchiveStoreName } from "@elastic-gas/shared/database/tables";
import type { Logger } from "@elastic-gas/shared/logger";
import type { ArchiveStores } from "../store/archive-stores.ts";

/**
 * Younger archives may belong to an archiver that has not recorded them yet; none records a copy that took over 6
 * hours.
 */
const GRACE_MS = 24 * 3_600_000;
const LOOK_UP = 200;

interface OrphanDeps {
  readonly db: Database;
  readonly stores: ArchiveStores;
  readonly log: Logger;
}

/**
 * Deletes archives that no row refers to: of deleted accounts, of crashes between copy and record. Archives that are
 * not ours (no job id) stay.
 */
export async function removeOrphans(deps: OrphanDeps, now: Date): Promise<number> {
  let removed = 0;
  for (const name of await storesInUse(deps)) removed += await removeOrphansOf(deps, name, now);
  if (removed > 0) deps.log.info({ removed }, "archives without a job deleted");
  return removed;
}

/** An installation need not have the store that it never used. */
async function storesInUse({ db, stores }: OrphanDeps): Promise<ReadonlySet<ArchiveStoreName>> {
  const rows = await db
    .selectFrom("jobs")
    .select("archiveStore")
    .distinct()
    .where("archiveStore", "is not", null)
    .execute();
  return new Set([stores.current, ...rows.flatMap(({ archiveStore }) => archiveStore ?? [])]);
}

async function removeOrphansOf({ db, stores }: OrphanDeps, name: ArchiveStoreName, now: Date): Promise<number> {
  const store = stores.byName[name];
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
  return removed;
}
