import { dateText, type Html, type HtmlPage, html, type Reply } from "../pages/html.ts";
import { intervalText, priceText } from "./amounts.ts";
import { endOfPeriod, endSubscription, setCancelAtPeriodEnd } from "./billing.ts";
import { type StripeContext, secondsOf } from "./context.ts";
import type { PortalSession, Subscription } from "./documents.ts";

const OPEN_SECONDS = 3_600;

/** `GET /_stripe/portal/<id>` */
export function showPortal(context: StripeContext, id: string): Reply {
  const session = findOpen(context, id);
  if (!session) return closedPage();
  const subscriptions = context.store.list("subscription", session.customer);
  const invoices = context.store.list("invoice", session.customer);
  return {
    title: "Your subscription",
    body: html`<p class="note">This is local-cloud in Stripe's place.</p><h1>Your subscription</h1>
${subscriptions.length === 0 ? html`<p>You have no subscription.</p>` : subscriptions.map((each) => subscriptionView(context, session, each))}
${invoices.length === 0 ? "" : html`<h2>Invoices</h2><table><thead><tr><th>Number</th><th>Date</th><th>Paid</th></tr></thead><tbody>${invoices.map((invoice) => html`<tr><td>${invoice.number}</td><td>${dateText(invoice.created)}</td><td>${priceText(invoice.amount_paid, invoice.currency)}</td></tr>`)}</tbody></table>`}
${session.return_url === null ? "" : html`<div class="actions"><a class="button" href="${session.return_url}">Go back</a></div>`}`,
  };
}

/** `POST /_stripe/portal/<id>` with `subscription` and `action`; to be called in a transaction. */
export function changePortal(context: StripeContext, id: string, form: URLSearchParams): Reply {
  const session = findOpen(context, id);
  if (!session) return closedPage();
  const subscription = context.store.find("subscription", form.get("subscription") ?? "");
  if (subscription?.customer === session.customer && subscription.status === "active") {
    const action = form.get("action");
    if (action === "end") endSubscription(context, subscription);
    else if (action === "cancel" || action === "keep") setCancelAtPeriodEnd(context, subscription, action === "cancel");
  }
  return { location: `/_stripe/portal/${id}` };
}

function subscriptionView({ store }: StripeContext, session: PortalSession, subscription: Subscription): Html {
  const [item] = subscription.items.data;
  const product = item && store.find("product", item.price.product);
  const amount = item && priceText(item.price.unit_amount * item.quantity, subscription.currency);
  const form = (action: string, text: string) =>
    html`<form method="post" action="/_stripe/portal/${session.id}"><input type="hidden" name="subscription" value="${subscription.id}"><button name="action" value="${action}">${text}</button></form>`;
  return html`<section><h2>${product?.name ?? subscription.id}</h2>
<p>${amount} ${item && intervalText(item.price.recurring)}. ${stateText(subscription)}</p>
${
  subscription.status === "canceled"
    ? ""
    : html`<div class="actions">${subscription.cancel_at_period_end ? form("keep", "Keep the subscription") : form("cancel", "Cancel at the end of the period")}${form("end", "Cancel now")}</div>`
}</section>`;
}

function stateText(subscription: Subscription): Html {
  if (subscription.status === "canceled")
    return html`Ended ${dateText(subscription.ended_at ?? subscription.created)}.`;
  const end = dateText(endOfPeriod(subscription));
  return subscription.cancel_at_period_end ? html`Ends ${end}.` : html`Renews ${end}.`;
}

function findOpen({ store, now }: StripeContext, id: string): PortalSession | undefined {
  const session = store.find("billing_portal.session", id);
  return session && session.created + OPEN_SECONDS > secondsOf(now()) ? session : undefined;
}

function closedPage(): HtmlPage {
  return {
    title: "No such page",
    statusCode: 404,
    body: html`<h1>This page is not open any more</h1><p>Go back to the shop and open it again.</p>`,
  };
}
