import { addEvent, newId, type StripeContext, secondsOf } from "./context.ts";
import type { CheckoutSession, Customer, Invoice, Price, Subscription } from "./documents.ts";
import { StripeFault } from "./error.ts";

/** Carries out what time and people bring about: payments, renewals, ends. To be called in a transaction. */

/** The page has been paid: makes the subscription and its first invoice. */
export function completeCheckout(context: StripeContext, session: CheckoutSession): CheckoutSession {
  const { store, now } = context;
  if (session.status !== "open") throw new StripeFault(400, "This payment page takes no payment any more.");
  const price = store.find("price", session._local.price);
  if (!price) throw new StripeFault(400, `The price ${session._local.price} is gone.`);
  const customer =
    (session.customer === null ? undefined : store.find("customer", session.customer)) ?? newCustomer(context, session);
  const start = secondsOf(now());
  const id = newId("sub");
  const draft: Subscription = {
    id,
    object: "subscription",
    billing_cycle_anchor: start,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, reason: null },
    collection_method: "charge_automatically",
    created: start,
    currency: price.currency,
    customer: customer.id,
    default_payment_method: null,
    ended_at: null,
    items: {
      object: "list",
      data: [
        {
          id: newId("si"),
          object: "subscription_item",
          created: start,
          current_period_end: periodEnd(start, price.recurring),
          current_period_start: start,
          metadata: {},
          price,
          quantity: session._local.quantity,
          subscription: id,
        },
      ],
      has_more: false,
      url: `/v1/subscription_items?subscription=${id}`,
    },
    latest_invoice: null,
    livemode: false,
    metadata: session._local.subscriptionMetadata,
    start_date: start,
    status: "active",
    trial_end: null,
    trial_start: null,
  };
  const invoice = issueInvoice(context, draft, { reason: "subscription_create", total: periodTotal(draft) });
  const subscription: Subscription = { ...draft, latest_invoice: invoice.id };
  const complete: CheckoutSession = {
    ...session,
    customer: customer.id,
    customer_details: { email: customer.email, name: customer.name },
    invoice: invoice.id,
    payment_status: "paid",
    status: "complete",
    subscription: id,
    url: null,
  };
  store.put(subscription);
  store.put(complete);
  addEvent(context, "customer.subscription.created", subscription);
  addEvent(context, "invoice.paid", invoice);
  addEvent(context, "checkout.session.completed", complete);
  return complete;
}

export function setCancelAtPeriodEnd(
  context: StripeContext,
  subscription: Subscription,
  cancel: boolean,
): Subscription {
  if (subscription.cancel_at_period_end === cancel) return subscription;
  const changed: Subscription = {
    ...subscription,
    cancel_at_period_end: cancel,
    cancel_at: cancel ? endOfPeriod(subscription) : null,
    canceled_at: cancel ? secondsOf(context.now()) : null,
    cancellation_details: { ...subscription.cancellation_details, reason: cancel ? "cancellation_requested" : null },
  };
  context.store.put(changed);
  addEvent(context, "customer.subscription.updated", changed);
  return changed;
}

/** Ends it now; `credit` gives back what is left of the period to the customer's balance. */
export function endSubscription(
  context: StripeContext,
  subscription: Subscription,
  { credit = false, at = secondsOf(context.now()) }: { readonly credit?: boolean; readonly at?: number } = {},
): Subscription {
  const unused = credit ? unusedAmount(subscription, at) : 0;
  const invoice =
    unused === 0 ? undefined : issueInvoice(context, subscription, { reason: "subscription_update", total: -unused });
  const ended: Subscription = {
    ...subscription,
    canceled_at: subscription.canceled_at ?? at,
    cancellation_details: { ...subscription.cancellation_details, reason: "cancellation_requested" },
    ended_at: at,
    latest_invoice: invoice?.id ?? subscription.latest_invoice,
    status: "canceled",
  };
  context.store.put(ended);
  addEvent(context, "customer.subscription.deleted", ended);
  return ended;
}

export function expireCheckout(context: StripeContext, session: CheckoutSession): CheckoutSession {
  const expired: CheckoutSession = { ...session, status: "expired", url: null };
  context.store.put(expired);
  addEvent(context, "checkout.session.expired", expired);
  return expired;
}

/** Brings everything up to the present: pages expire, periods end, subscriptions renew or end. */
export function catchUp(context: StripeContext): void {
  const now = secondsOf(context.now());
  for (const session of context.store.listInStatus("checkout.session", "open")) {
    if (session.expires_at <= now) expireCheckout(context, session);
  }
  for (const subscription of context.store.listInStatus("subscription", "active")) {
    let current = subscription;
    while (current.status === "active" && endOfPeriod(current) <= now) {
      current = current.cancel_at_period_end
        ? endSubscription(context, current, { at: endOfPeriod(current) })
        : renew(context, current);
    }
  }
}

/**
 * Seconds since 1970 at which a period that begins at `start` ends. Months and years keep the day of the month, or the
 * month's last.
 */
export function periodEnd(start: number, { interval, interval_count: count }: Price["recurring"]): number {
  if (interval === "day") return start + count * 86_400;
  if (interval === "week") return start + count * 7 * 86_400;
  const date = new Date(start * 1_000);
  const months = interval === "month" ? count : 12 * count;
  const end = new Date(date);
  end.setUTCDate(1);
  end.setUTCMonth(date.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() + 1, 0)).getUTCDate();
  end.setUTCDate(Math.min(date.getUTCDate(), lastDay));
  return secondsOf(end);
}

export function endOfPeriod({ items }: Subscription): number {
  return Math.max(...items.data.map((item) => item.current_period_end));
}

function renew(context: StripeContext, subscription: Subscription): Subscription {
  const { items } = subscription;
  const draft: Subscription = {
    ...subscription,
    items: {
      ...items,
      data: items.data.map((item) => ({
        ...item,
        current_period_start: item.current_period_end,
        current_period_end: periodEnd(item.current_period_end, item.price.recurring),
      })),
    },
  };
  const invoice = issueInvoice(context, draft, { reason: "subscription_cycle", total: periodTotal(draft) });
  const renewed: Subscription = { ...draft, latest_invoice: invoice.id };
  context.store.put(renewed);
  addEvent(context, "customer.subscription.updated", renewed);
  addEvent(context, "invoice.paid", invoice);
  return renewed;
}

function issueInvoice(
  context: StripeContext,
  subscription: Subscription,
  { reason, total }: { readonly reason: Invoice["billing_reason"]; readonly total: number },
): Invoice {
  const { store, now } = context;
  const customer = store.find("customer", subscription.customer);
  const startingBalance = customer?.balance ?? 0;
  const due = Math.max(0, total + startingBalance);
  const endingBalance = Math.min(0, total + startingBalance);
  const [item] = subscription.items.data;
  const invoice: Invoice = {
    id: newId("in"),
    object: "invoice",
    amount_due: due,
    amount_paid: due,
    amount_remaining: 0,
    billing_reason: reason,
    collection_method: "charge_automatically",
    created: secondsOf(now()),
    currency: subscription.currency,
    customer: subscription.customer,
    ending_balance: endingBalance,
    livemode: false,
    metadata: {},
    number: `LOCAL-${String(store.list("invoice").length + 1).padStart(4, "0")}`,
    parent: {
      quote_details: null,
      subscription_details: { metadata: subscription.metadata, subscription: subscription.id },
      type: "subscription_details",
    },
    period_end: item?.current_period_end ?? subscription.created,
    period_start: item?.current_period_start ?? subscription.created,
    starting_balance: startingBalance,
    status: "paid",
    subtotal: total,
    total,
  };
  store.put(invoice);
  if (customer) store.put({ ...customer, balance: endingBalance, currency: subscription.currency });
  return invoice;
}

function newCustomer(context: StripeContext, { customer_email: email }: CheckoutSession): Customer {
  const customer: Customer = {
    id: newId("cus"),
    object: "customer",
    balance: 0,
    created: secondsOf(context.now()),
    currency: null,
    default_source: null,
    delinquent: false,
    description: null,
    email,
    livemode: false,
    metadata: {},
    name: null,
    phone: null,
  };
  context.store.put(customer);
  addEvent(context, "customer.created", customer);
  return customer;
}

function periodTotal({ items }: Subscription): number {
  return items.data.reduce((sum, { price, quantity }) => sum + price.unit_amount * quantity, 0);
}

function unusedAmount(subscription: Subscription, at: number): number {
  const [item] = subscription.items.data;
  if (!item) return 0;
  const { current_period_start: start, current_period_end: end } = item;
  const share = Math.min(1, Math.max(0, (end - at) / (end - start)));
  return Math.round(periodTotal(subscription) * share);
}
