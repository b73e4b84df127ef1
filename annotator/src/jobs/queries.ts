import type { Database } from "@elastic-gas/shared/database/connect";
import type { JobsTable, Role, Tables } from "@elastic-gas/shared/database/tables";
import type { Selectable, Transaction } from "kysely";

export type Job = Pick<Selectable<JobsTable>, "id" | "userId" | "inputName" | "inputKey" | "inputEtag" | "build"> & {
  /** The owner's role now. */
  readonly role: Role;
};

/** Undefined when the job was deleted, or belongs to data that were deleted as a whole. */
export async function findJob(db: Database, jobId: string): Promise<Job | undefined> {
  return db
    .selectFrom("jobs")
    .innerJoin("users", "users.id", "jobs.userId")
    .select(["jobs.id", "userId", "inputName", "inputKey", "inputEtag", "build", "role"])
    .where("jobs.id", "=", jobId)
    .executeTakeFirst();
}

export async function jobExists(db: Database, jobId: string): Promise<boolean> {
  return (await db.selectFrom("jobs").select("id").where("id", "=", jobId).executeTakeFirst()) !== undefined;
}

/** The role now, under a lock: an upgrade waits until the transaction has decided about archiving, or is seen by it. */
export async function lockRole(trx: Transaction<Tables>, userId: number): Promise<Role | undefined> {
  const user = await trx.selectFrom("users").select("role").where("id", "=", userId).forUpdate().executeTakeFirst();
  return user?.role;
}
