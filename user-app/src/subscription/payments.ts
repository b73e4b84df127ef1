import { createHash } from "node:crypto";
import { makeFree, makePremium } from "@elastic-gas/shared/accounts/plan";
import type { Config } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import { HttpError } from "@elastic-gas/shared/web/errors";
import Stripe from "stripe";
import {
  findSubscriber,
  lockSubscriberByCustomer,
  OPEN_STATUSES,
  readDatabaseClock,
  type Subscriber,
  type SubscriptionState,
  storeCustomer,
  storeSubscriptions,
} from "./queries.ts";
import { createTurns } from "./turns.ts";

const STRIPE_TIMEOUT_MS = 10_000;

export interface PaymentsDeps {
  readonly db: Database;
  readonly stripe: Stripe;
  readonly config: Pick<Config, "PREFIX" | "STRIPE_PRICE_ID" | "FREE_RETENTION_SECONDS">;
  readonly log: Logger;
  readonly now: () => Date;
}

export type PaymentSettings = Pick<Config, "STRIPE_SECRET_KEY" | "STRIPE_PRICE_ID" | "STRIPE_API_URL">;

/** A Stripe client; undefined when payment is not set up. STRIPE_API_URL sends its calls to a double. */
export function createStripe(config: PaymentSettings): Stripe | undefined {
  if (config.STRIPE_SECRET_KEY === undefined || config.STRIPE_PRICE_ID === undefined) return undefined;
  const url = config.STRIPE_API_URL === undefined ? undefined : new URL(config.STRIPE_API_URL);
  return new Stripe(config.STRIPE_SECRET_KEY, {
    timeout: STRIPE_TIMEOUT_MS,
    maxNetworkRetries: 2,
    telemetry: false,
    ...(url === undefined
      ? {}
      : {
          host: url.hostname,
          port: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : url.port,
          protocol: url.protocol === "https:" ? "https" : "http",
        }),
  });
}

export type Checkout = { readonly kind: "pay"; readonly url: string } | { readonly kind: "already premium" };

/**
 * The address of Stripe's payment page for this user. Nobody is charged twice: an open subscription starts no new one,
 * an open payment page is used again, and two clicks at once share an idempotency key and so get the same page.
 */
export async function startCheckout(
  deps: PaymentsDeps,
  userId: number,
  { successUrl, cancelUrl }: { readonly successUrl: string; readonly cancelUrl: string },
): Promise<Checkout> {
  const { stripe, config } = deps;
  const customer = await ensureCustomer(deps, userId);
  const current = await syncCustomer(deps, customer);
  if (current.premium) return { kind: "already premium" };
  const { data: pages } = await stripe.checkout.sessions.list({ customer, limit: 10 });
  const open = pages.find((page) => page.status === "open" && typeof page.url === "string");
  if (typeof open?.url === "string") return { kind: "pay", url: open.url };
  const page = await stripe.checkout.sessions.create(
    {
      mode: "subscription",
      customer,
      client_reference_id: String(userId),
      line_items: [{ price: config.STRIPE_PRICE_ID ?? "", quantity: 1 }],
      success_url: successUrl,
      cancel_url: cancelUrl,
    },
    // A new key only once the page before is paid, expired or gone.
    { idempotencyKey: `checkout-${customer}-${pages[0]?.id ?? "first"}` },
  );
  if (typeof page.url !== "string") throw new Error(`Stripe gave no address for checkout session ${page.id}`);
  return { kind: "pay", url: page.url };
}

export type PaymentOutcome = "paid" | "confirming" | "not paid";

/** What became of a payment page. Asks Stripe, so the answer does not depend on the webhook having come. */
export async function finishCheckout(deps: PaymentsDeps, userId: number, sessionId: string): Promise<PaymentOutcome> {
  const session = await deps.stripe.checkout.sessions.retrieve(sessionId).catch((error: unknown) => {
    if (error instanceof Stripe.errors.StripeInvalidRequestError) throw new HttpError(404, "There is no such payment.");
    throw error;
  });
  const customer = customerIdOf(session);
  if (session.client_reference_id !== String(userId) || customer === undefined) {
    throw new HttpError(403, "This payment belongs to another account.");
  }
  const { premium } = await syncCustomer(deps, customer);
  if (premium) return "paid";
  return session.status === "complete" ? "confirming" : "not paid";
}

/** Callers at the same time share the work: see `createTurns`. */
const turns = createTurns();

/**
 * Brings role and subscriptions in line with what Stripe says now. Safe to repeat, and in several processes at once: no
 * lock is held while Stripe is asked, and an answer that was asked for earlier never replaces a later one.
 */
export async function syncCustomer(deps: PaymentsDeps, customer: string): Promise<{ readonly premium: boolean }> {
  return turns.share(customer, () => storeCustomerState(deps, customer));
}

async function storeCustomerState(deps: PaymentsDeps, customer: string): Promise<{ readonly premium: boolean }> {
  const { db, stripe, log } = deps;
  const askedAt = await readDatabaseClock(db);
  const states = await listSubscriptions(stripe, customer);
  const open = states.filter((state) => OPEN_STATUSES.has(state.status)).sort(byAge);
  const isNewest = await db.transaction().execute(async (trx) => {
    const user = await lockSubscriberByCustomer(trx, customer);
    if (user === undefined) return true;
    if (user.stripeSyncedAt !== null && user.stripeSyncedAt > askedAt) return false;
    const wasOpen = await storeSubscriptions(trx, { userId: user.id, states, askedAt });
    if (open.length > 0 && user.role !== "premium_user") await makePremium(trx, user.id);
    // Who is Premium by an administrator's decision never had a subscription, and stays.
    if (open.length === 0 && wasOpen && user.role === "premium_user") {
      await makeFree(trx, { userId: user.id, now: deps.now(), retentionSeconds: deps.config.FREE_RETENTION_SECONDS });
    }
    return true;
  });
  for (const { id } of isNewest ? open.slice(1) : []) {
    log.error({ customer, subscription: id }, "second subscription found and cancelled with credit");
    await stripe.subscriptions.cancel(id, { prorate: true, invoice_now: true });
  }
  return { premium: open.length > 0 };
}

/** Ends every subscription and payment page of a user at Stripe, and takes Premium away. */
export async function cancelAtStripe(deps: PaymentsDeps, userId: number): Promise<void> {
  const { db, stripe } = deps;
  const customer = (await findSubscriber(db, userId))?.stripeCustomerId ?? undefined;
  if (customer === undefined) return;
  const { data: pages } = await stripe.checkout.sessions.list({ customer, limit: 10 });
  for (const page of pages) if (page.status === "open") await stripe.checkout.sessions.expire(page.id);
  for (const { id, status } of await listSubscriptions(stripe, customer)) {
    if (status !== "canceled" && status !== "incomplete_expired") await stripe.subscriptions.cancel(id);
  }
  await syncCustomer(deps, customer);
}

/**
 * Has the open subscriptions of a user end when what is paid runs out, or renew again. False: there is none, or Stripe
 * does not know it any more.
 */
export async function setRenewal(deps: PaymentsDeps, userId: number, renews: boolean): Promise<boolean> {
  const { db, stripe } = deps;
  const customer = (await findSubscriber(db, userId))?.stripeCustomerId ?? undefined;
  if (customer === undefined) return false;
  const open = (await listSubscriptions(stripe, customer)).filter(({ status }) => OPEN_STATUSES.has(status));
  for (const { id } of open) await stripe.subscriptions.update(id, { cancel_at_period_end: !renews });
  await syncCustomer(deps, customer);
  return open.length > 0;
}

export async function openPortal(deps: PaymentsDeps, userId: number, returnUrl: string): Promise<string> {
  const customer = (await findSubscriber(deps.db, userId))?.stripeCustomerId ?? undefined;
  if (customer === undefined) throw new HttpError(409, "There are no payments of yours yet.");
  const { url } = await deps.stripe.billingPortal.sessions.create({ customer, return_url: returnUrl });
  return url;
}

const CUSTOMER_ID = /^\w{1,255}$/;

/** The customer that an event or a session belongs to. */
export function customerIdOf(object: unknown): string | undefined {
  const customer: unknown =
    typeof object === "object" && object !== null && "customer" in object ? object.customer : undefined;
  const id = typeof customer === "object" && customer !== null && "id" in customer ? customer.id : customer;
  return typeof id === "string" && CUSTOMER_ID.test(id) ? id : undefined;
}

async function ensureCustomer(deps: PaymentsDeps, userId: number): Promise<string> {
  const user = await findSubscriber(deps.db, userId);
  if (user === undefined) throw new HttpError(404, "There is no such account.");
  if (user.stripeCustomerId !== null) return user.stripeCustomerId;
  const { id } = await deps.stripe.customers.create(
    {
      name: user.username,
      metadata: { user_id: String(userId) },
      ...(user.email === null ? {} : { email: user.email }),
    },
    { idempotencyKey: customerKey(deps.config.PREFIX, user) },
  );
  return (await storeCustomer(deps.db, userId, id)) ?? id;
}

/** Stripe refuses a key that comes again with other parameters, so everything that is sent goes into it. */
function customerKey(prefix: string, { id, username, email }: Subscriber): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([prefix, id, username, email]))
    .digest("hex");
  return `customer-${digest.slice(0, 40)}`;
}

async function listSubscriptions(stripe: Stripe, customer: string): Promise<readonly SubscriptionState[]> {
  const states: SubscriptionState[] = [];
  for await (const subscription of stripe.subscriptions.list({ customer, status: "all", limit: 100 })) {
    // The period's end sits on the items since API version 2025-03-31.
    const ends = subscription.items.data.map((item) => item.current_period_end);
    states.push({
      id: subscription.id,
      status: subscription.status,
      currentPeriodEnd: ends.length === 0 ? null : new Date(Math.max(...ends) * 1_000),
      cancelAtPeriodEnd: subscription.cancel_at_period_end,
      createdAt: new Date(subscription.created * 1_000),
    });
  }
  return states;
}

function byAge(a: SubscriptionState, b: SubscriptionState): number {
  return a.createdAt.getTime() - b.createdAt.getTime();
}
