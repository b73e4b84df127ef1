import type { Database } from "@elastic-gas/shared/database/connect";
import { sql } from "kysely";

export interface SessionRow {
  readonly idHash: string;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly createdAt: Date;
  readonly seenAt: Date;
}

export interface Usage {
  readonly jobs: number;
  readonly unfinishedJobs: number;
  readonly resultBytes: number;
  readonly inputBytes: number;
  readonly archived: number;
  readonly restoring: number;
  readonly photos: number;
  readonly photoBytes: number;
}

export async function findPasswordHash(db: Database, userId: number): Promise<string | null | undefined> {
  const row = await db.selectFrom("users").select("passwordHash").where("id", "=", userId).executeTakeFirst();
  return row?.passwordHash;
}

export async function updateProfile(
  db: Database,
  userId: number,
  profile: { readonly name: string; readonly institution: string },
): Promise<void> {
  await db.updateTable("users").set(profile).where("id", "=", userId).execute();
}

/** Live sessions of a user, the one seen last first. */
export async function listSessions(db: Database, userId: number): Promise<readonly SessionRow[]> {
  return db
    .selectFrom("sessions")
    .select(["idHash", "address", "userAgent", "createdAt", "seenAt"])
    .where("userId", "=", userId)
    .where("expiresAt", ">", sql<Date>`utc_timestamp(3)`)
    .orderBy("seenAt", "desc")
    .limit(50)
    .execute();
}

export async function endOtherSessions(db: Database, userId: number, keepIdHash: string): Promise<void> {
  await db.deleteFrom("sessions").where("userId", "=", userId).where("idHash", "!=", keepIdHash).execute();
}

export async function readUsage(db: Database, userId: number): Promise<Usage> {
  const jobs = await db
    .selectFrom("jobs")
    .where("userId", "=", userId)
    .select([
      sql<number>`count(*)`.as("jobs"),
      sql<number>`coalesce(sum(status in ('PENDING', 'RUNNING')), 0)`.as("unfinishedJobs"),
      sql<number>`coalesce(sum(if(archive_state in ('kept', 'archiving'), result_size, 0)), 0)`.as("resultBytes"),
      sql<number>`coalesce(sum(input_size), 0)`.as("inputBytes"),
      sql<number>`coalesce(sum(archive_state = 'archived'), 0)`.as("archived"),
      sql<number>`coalesce(sum(archive_state = 'restoring'), 0)`.as("restoring"),
    ])
    .executeTakeFirstOrThrow();
  const photos = await db
    .selectFrom("images")
    .where("userId", "=", userId)
    .select([sql<number>`count(*)`.as("photos"), sql<number>`coalesce(sum(size_bytes), 0)`.as("photoBytes")])
    .executeTakeFirstOrThrow();
  return { ...jobs, ...photos };
}
