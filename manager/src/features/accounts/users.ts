import type { S3Client } from "@aws-sdk/client-s3";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Role } from "@elastic-gas/shared/database/tables";
import { userKeyPrefix } from "@elastic-gas/shared/resources";
import { type DeletionDeps, deleteArchives, emptyBucket } from "../delete-all/delete-everything.ts";
import { cancelSubscriptions } from "../delete-all/subscriptions.ts";

export interface UserRow {
  readonly id: number;
  readonly username: string;
  readonly name: string;
  readonly email: string | null;
  readonly role: Role;
  readonly isAdmin: boolean;
  readonly isViewer: boolean;
  readonly createdAt: number;
  readonly jobs: number;
  readonly images: number;
}

export const USERS_SHOWN = 200;

/** Administrators first, then by name. */
export async function listUsers(db: Database, filter: string): Promise<readonly UserRow[]> {
  const pattern = `%${filter.replace(/[\\%_]/g, (character) => `\\${character}`)}%`;
  const rows = await db
    .selectFrom("users")
    .select((eb) => [
      "users.id",
      "username",
      "name",
      "email",
      "role",
      "isAdmin",
      "isViewer",
      "users.createdAt",
      eb
        .selectFrom("jobs")
        .select((count) => count.fn.countAll<number>().as("n"))
        .whereRef("jobs.userId", "=", "users.id")
        .as("jobs"),
      eb
        .selectFrom("images")
        .select((count) => count.fn.countAll<number>().as("n"))
        .whereRef("images.userId", "=", "users.id")
        .as("images"),
    ])
    .where((eb) => eb.or([eb("username", "like", pattern), eb("name", "like", pattern), eb("email", "like", pattern)]))
    .orderBy("isAdmin", "desc")
    .orderBy("username")
    .limit(USERS_SHOWN)
    .execute();
  return rows.map((row) => ({
    ...row,
    createdAt: row.createdAt.getTime(),
    jobs: Number(row.jobs ?? 0),
    images: Number(row.images ?? 0),
  }));
}

/** False when it would take the last administrator away. */
export async function setAdmin(db: Database, userId: number, isAdmin: boolean): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const admins = await trx.selectFrom("users").select("id").where("isAdmin", "=", true).forUpdate().execute();
    if (!isAdmin && admins.every((admin) => admin.id === userId)) return false;
    await trx.updateTable("users").set({ isAdmin }).where("id", "=", userId).execute();
    return true;
  });
}

/** Whether the user may look at the manager; an administrator may in any case. */
export async function setViewer(db: Database, userId: number, isViewer: boolean): Promise<void> {
  await db.updateTable("users").set({ isViewer }).where("id", "=", userId).execute();
}

export interface UserDeletionDeps extends Omit<DeletionDeps, "sqs"> {
  readonly s3: S3Client;
}

/**
 * Removes an account with all it owns: the subscription first, then archives, objects and rows. May be cut anywhere and
 * run again.
 */
export async function deleteUser(deps: UserDeletionDeps, userId: number): Promise<void> {
  const { db, s3, resources } = deps;
  await cancelSubscriptions({ ...deps, userId });
  const deleted = { rows: 0, objects: 0 };
  const quiet = async (): Promise<void> => {};
  await deleteArchives(deps, deleted, quiet, userId);
  const prefix = userKeyPrefix(resources.prefix, userId);
  for (const bucket of [
    resources.buckets.inputs,
    resources.buckets.results,
    resources.buckets.images,
    resources.buckets.archive,
  ]) {
    await emptyBucket(s3, bucket, deleted, quiet, prefix);
  }
  await db.deleteFrom("users").where("id", "=", userId).where("isAdmin", "=", false).execute();
}
