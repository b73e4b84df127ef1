import type { Database } from "@elastic-gas/shared/database/connect";
import { sql } from "kysely";

/** The account without its password and what it proves itself with. */
export async function readOwnProfile(db: Database, userId: number) {
  const account = await db
    .selectFrom("users")
    .select(["username", "name", "email", "institution", "role", "isAdmin", "stripeCustomerId", "createdAt"])
    .where("id", "=", userId)
    .executeTakeFirstOrThrow();
  const subscriptions = await db
    .selectFrom("subscriptions")
    .select(["id", "status", "currentPeriodEnd", "cancelAtPeriodEnd", "createdAt"])
    .where("userId", "=", userId)
    .orderBy("createdAt")
    .execute();
  return { ...account, subscriptions };
}

export function listOwnTokens(db: Database, userId: number) {
  return db
    .selectFrom("userApiTokens")
    .select(["name", "scope", "createdAt", "usedAt", "revokedAt"])
    .where("userId", "=", userId)
    .orderBy("id")
    .execute();
}

export function listOwnJobs(db: Database, userId: number) {
  return db
    .selectFrom("jobs")
    .select([
      "id",
      "title",
      "inputName",
      "inputKey",
      "inputSize",
      "inputDeletedAt",
      "build",
      "status",
      "failure",
      "progressPercent",
      "submittedAt",
      "startedAt",
      "completedAt",
      "cancelledAt",
      "resultKey",
      "resultSize",
      "resultSha256",
      "logKey",
      "archiveState",
      "archiveTier",
      "archivedAt",
      "restoreAskedAt",
      "summary",
    ])
    .select(
      sql<string | null>`case when status = 'FAILED' and running_log_attempt = attempt then running_log end`.as(
        "failedLog",
      ),
    )
    .where("userId", "=", userId)
    .orderBy("submittedAt")
    .execute();
}

export function listOwnPhotos(db: Database, userId: number) {
  return db
    .selectFrom("images")
    .select([
      "id",
      "fileName",
      "contentType",
      "width",
      "height",
      "sizeBytes",
      "faces",
      "masked",
      "unmasked",
      "boxes",
      "originalKey",
      "annotatedKey",
      "createdAt",
    ])
    .where("userId", "=", userId)
    .orderBy("createdAt")
    .execute();
}
