import type { Database } from "@elastic-gas/shared/database/connect";
import type { Tables } from "@elastic-gas/shared/database/tables";
import { type Kysely, sql, type Transaction } from "kysely";

/**
 * Stripe's words for a subscription that entitles:
 * https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
 */
export const OPEN_STATUSES: ReadonlySet<string> = new Set(["active", "trialing", "past_due"]);

export interface SubscriptionView {
  readonly customerId: string | null;
  readonly status: string | undefined;
  readonly open: boolean;
  readonly currentPeriodEnd: Date | null;
  /** It does not renew. */
  readonly ends: boolean;
}

/** What Stripe said about one subscription. */
export interface SubscriptionState {
  readonly id: string;
  readonly status: string;
  readonly currentPeriodEnd: Date | null;
  readonly cancelAtPeriodEnd: boolean;
  readonly createdAt: Date;
}

/** The user's open subscription, else the latest, as stored at the last news from Stripe. */
export async function findSubscription(db: Database, userId: number): Promise<SubscriptionView | undefined> {
  const row = await db
    .selectFrom("users")
    .leftJoin("subscriptions", "subscriptions.userId", "users.id")
    .select([
      "users.stripeCustomerId",
      "subscriptions.status",
      "subscriptions.currentPeriodEnd",
      "subscriptions.cancelAtPeriodEnd",
    ])
    .where("users.id", "=", userId)
    .orderBy(sql`subscriptions.status in ('active', 'trialing', 'past_due')`, "desc")
    .orderBy("subscriptions.createdAt", "desc")
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    customerId: row.stripeCustomerId,
    status: row.status ?? undefined,
    open: row.status !== null && OPEN_STATUSES.has(row.status),
    currentPeriodEnd: row.currentPeriodEnd,
    ends: row.cancelAtPeriodEnd ?? false,
  };
}

export interface Subscriber {
  readonly id: number;
  readonly username: string;
  readonly email: string | null;
  readonly role: "free_user" | "premium_user";
  readonly stripeCustomerId: string | null;
  readonly stripeSyncedAt: Date | null;
}

const SUBSCRIBER_COLUMNS = ["id", "username", "email", "role", "stripeCustomerId", "stripeSyncedAt"] as const;

/** The one clock that all workers share. */
export async function readDatabaseClock(db: Database): Promise<Date> {
  const row = await db.selectNoFrom(sql<Date>`utc_timestamp(3)`.as("now")).executeTakeFirstOrThrow();
  return row.now;
}

export async function findSubscriber(db: Kysely<Tables>, userId: number): Promise<Subscriber | undefined> {
  return db.selectFrom("users").select(SUBSCRIBER_COLUMNS).where("id", "=", userId).executeTakeFirst();
}

/** Locks the user's row. */
export async function lockSubscriberByCustomer(
  trx: Transaction<Tables>,
  customerId: string,
): Promise<Subscriber | undefined> {
  return trx
    .selectFrom("users")
    .select(SUBSCRIBER_COLUMNS)
    .where("stripeCustomerId", "=", customerId)
    .forUpdate()
    .executeTakeFirst();
}

/** Keeps the customer that was stored first; returns the one that counts. */
export async function storeCustomer(db: Database, userId: number, customerId: string): Promise<string | undefined> {
  await db
    .updateTable("users")
    .set({ stripeCustomerId: customerId })
    .where("id", "=", userId)
    .where("stripeCustomerId", "is", null)
    .execute();
  return (await findSubscriber(db, userId))?.stripeCustomerId ?? undefined;
}

/** Stores what Stripe says now; true when one of them was open before. */
export async function storeSubscriptions(
  trx: Transaction<Tables>,
  {
    userId,
    states,
    askedAt,
  }: { readonly userId: number; readonly states: readonly SubscriptionState[]; readonly askedAt: Date },
): Promise<boolean> {
  await trx.updateTable("users").set({ stripeSyncedAt: askedAt }).where("id", "=", userId).execute();
  const before = await trx.selectFrom("subscriptions").select("status").where("userId", "=", userId).execute();
  const updatedAt = new Date();
  for (const state of states) {
    const { id, createdAt, ...current } = state;
    await trx
      .insertInto("subscriptions")
      .values({ id, userId, createdAt, updatedAt, ...current })
      .onDuplicateKeyUpdate({ ...current, updatedAt })
      .execute();
  }
  return before.some((row) => OPEN_STATUSES.has(row.status));
}
