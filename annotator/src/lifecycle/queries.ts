import type { Database } from "@elastic-gas/shared/database/connect";
import type { JobsTable, Role, Tables } from "@elastic-gas/shared/database/tables";
import type { Selectable, Transaction } from "kysely";

const COLUMNS = [
  "id",
  "userId",
  "inputName",
  "status",
  "completedAt",
  "resultKey",
  "resultSize",
  "resultSha256",
  "resultsFileArchiveId",
  "archiveStore",
  "archiveState",
  "archiveGeneration",
  "archiveTier",
  "retrievalId",
] as const;

export type ArchivedJob = Pick<Selectable<JobsTable>, (typeof COLUMNS)[number]>;

/**
 * The owner's role, locked: every change of a role or of an archive state takes this lock first. Undefined when there
 * is no such user.
 */
export async function lockOwner(trx: Transaction<Tables>, userId: number): Promise<Role | undefined> {
  return (await trx.selectFrom("users").select("role").where("id", "=", userId).forUpdate().executeTakeFirst())?.role;
}

export async function findArchivedJob(
  db: Database | Transaction<Tables>,
  jobId: string,
): Promise<ArchivedJob | undefined> {
  return db.selectFrom("jobs").select(COLUMNS).where("id", "=", jobId).executeTakeFirst();
}

export type ArchiveColumns = Partial<
  Pick<
    JobsTable,
    | "resultKey"
    | "resultsFileArchiveId"
    | "archiveStore"
    | "archiveTier"
    | "archivedAt"
    | "restoreAskedAt"
    | "retrievalId"
    | "retrievalCheckedAt"
  >
> & { readonly archiveState: ArchivedJob["archiveState"]; readonly archiveGeneration?: number };

/** The columns of a retrieval when there is none. */
export const NO_RETRIEVAL = {
  archiveTier: null,
  restoreAskedAt: null,
  retrievalId: null,
  retrievalCheckedAt: null,
} as const;

/**
 * Changes the archive state of a job that is still in the state and generation that the caller saw; false when it is
 * not.
 */
export async function changeArchiveState(
  trx: Transaction<Tables>,
  seen: Pick<ArchivedJob, "id" | "archiveState" | "archiveGeneration">,
  columns: ArchiveColumns,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable("jobs")
    .set(columns)
    .where("id", "=", seen.id)
    .where("archiveState", "=", seen.archiveState)
    .where("archiveGeneration", "=", seen.archiveGeneration)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
