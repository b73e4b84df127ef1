import type { S3Client } from "@aws-sdk/client-s3";
import { ALL_ACCOUNTS } from "@elastic-gas/shared/accounts/account-tables";
import { endLinks } from "@elastic-gas/shared/accounts/change-password";
import { makeFree, makePremium } from "@elastic-gas/shared/accounts/plan";
import type { Config } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Role } from "@elastic-gas/shared/database/tables";
import { userKeyPrefix } from "@elastic-gas/shared/resources";
import { HttpError } from "@elastic-gas/shared/web/errors";
import { type DeletionDeps, deleteArchives, emptyBucket } from "../delete-all/delete-everything.ts";
import { ENDED_SUBSCRIPTIONS } from "../delete-all/inventory.ts";
import { cancelSubscriptions } from "../delete-all/subscriptions.ts";
import { type InvitationState, invitationState } from "./invitations.ts";

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
  /** A subscription that Stripe charges for. */
  readonly isPaying: boolean;
  readonly hasSecondStep: boolean;
  /** Null for everybody who has a password, or never needed one. */
  readonly invitation: InvitationState | null;
}

export const USERS_SHOWN = 200;

/** Administrators first, then by name. */
export async function listUsers(db: Database, filter: string, now: number): Promise<readonly UserRow[]> {
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
      eb
        .selectFrom("subscriptions")
        .select((count) => count.fn.countAll<number>().as("n"))
        .whereRef("subscriptions.userId", "=", "users.id")
        .where("status", "not in", ENDED_SUBSCRIPTIONS)
        .as("paidFor"),
      eb
        .selectFrom("secondFactors")
        .select((count) => count.fn.countAll<number>().as("n"))
        .whereRef("secondFactors.userId", "=", "users.id")
        .where("confirmedAt", "is not", null)
        .as("secondSteps"),
      "invitedAt",
      eb
        .selectFrom("userMails")
        .select((count) => count.fn.countAll<number>().as("n"))
        .whereRef("userMails.userId", "=", "users.id")
        .where("kind", "=", "invitation")
        .where("sentAt", "is", null)
        .as("waitingMails"),
      eb
        .selectFrom("passwordResets")
        .select((links) => links.fn.max("expiresAt").as("until"))
        .whereRef("passwordResets.userId", "=", "users.id")
        .where("usedAt", "is", null)
        .as("linkUntil"),
    ])
    .where((eb) => eb.or([eb("username", "like", pattern), eb("name", "like", pattern), eb("email", "like", pattern)]))
    .orderBy("isAdmin", "desc")
    .orderBy("username")
    .limit(USERS_SHOWN)
    .execute();
  return rows.map(({ paidFor, secondSteps, invitedAt, waitingMails, linkUntil, ...row }) => ({
    ...row,
    createdAt: row.createdAt.getTime(),
    jobs: Number(row.jobs ?? 0),
    images: Number(row.images ?? 0),
    isPaying: Number(paidFor ?? 0) > 0,
    hasSecondStep: Number(secondSteps ?? 0) > 0,
    invitation:
      invitedAt === null
        ? null
        : invitationState({
            isMailWaiting: Number(waitingMails ?? 0) > 0,
            linkUntil: linkUntil?.getTime() ?? null,
            now,
          }),
  }));
}

/**
 * False when it would take the last administrator away. Links that user-app mailed end: they would set the password of
 * an administrator.
 */
export async function setAdmin(
  db: Database,
  { userId, isAdmin, now }: { readonly userId: number; readonly isAdmin: boolean; readonly now: Date },
): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    // In one order, so that two who do this to each other at once come one after the other.
    const admins = await trx
      .selectFrom("users")
      .select("id")
      .where("isAdmin", "=", true)
      .orderBy("id")
      .forUpdate()
      .execute();
    if (!isAdmin && admins.every((admin) => admin.id === userId)) return false;
    await trx.updateTable("users").set({ isAdmin }).where("id", "=", userId).execute();
    if (isAdmin) await endLinks(trx, ALL_ACCOUNTS, { userId, now });
    return true;
  });
}

/** Whether the user may look at the manager; an administrator may in any case. */
export async function setViewer(
  db: Database,
  { userId, isViewer, now }: { readonly userId: number; readonly isViewer: boolean; readonly now: Date },
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx.updateTable("users").set({ isViewer }).where("id", "=", userId).execute();
    if (isViewer) await endLinks(trx, ALL_ACCOUNTS, { userId, now });
  });
}

export interface PlanDeps {
  readonly db: Database;
  readonly config: Pick<Config, "STRIPE_SECRET_KEY" | "STRIPE_API_URL" | "FREE_RETENTION_SECONDS">;
}

/**
 * Gives Premium, without a payment, and has archived results restored; or takes it away: what Stripe charges for is
 * cancelled at once, and results past the retention are archived. Throws HttpError 503 when Stripe cannot be asked.
 */
export async function setPlan(deps: PlanDeps, userId: number, role: Role, now: Date): Promise<void> {
  const { db, config } = deps;
  if (role === "premium_user") {
    await db.transaction().execute((trx) => makePremium(trx, userId));
    return;
  }
  await cancelSubscriptions({ ...deps, userId }).catch((error: unknown) => {
    throw new HttpError(503, "The subscription could not be cancelled at Stripe, so the plan stays Premium.", {
      remedy: "Try again in a minute. If it goes on, look at STRIPE_SECRET_KEY and at Stripe's status page.",
      retryAfterSeconds: 60,
      cause: error,
    });
  });
  const retentionSeconds = config.FREE_RETENTION_SECONDS;
  await db.transaction().execute((trx) => makeFree(trx, { userId, now, retentionSeconds }));
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
