import { type Child, fragment, type Html, h } from "@elastic-gas/shared/web/html";
import { dateText, type HtmlPage, type Reply, table } from "../pages/page.ts";
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
  const invoices = context.store
    .list("invoice", session.customer)
    .map(({ number, created, amount_paid, currency }) => [number, dateText(created), priceText(amount_paid, currency)]);
  return {
    title: "Your subscription",
    body: [
      h("p", { class: "note" }, "This is local-cloud in Stripe's place."),
      h("h1", {}, "Your subscription"),
      subscriptions.length === 0
        ? h("p", {}, "You have no subscription.")
        : subscriptions.map((each) => subscriptionView(context, session, each)),
      invoices.length > 0 && [h("h2", {}, "Invoices"), table(["Number", "Date", "Paid"], invoices)],
      session.return_url !== null &&
        h("div", { class: "actions" }, h("a", { class: "button", href: session.return_url }, "Go back")),
    ],
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
  const form = (action: string, text: string): Child =>
    h(
      "form",
      { method: "post", action: `/_stripe/portal/${session.id}` },
      h("input", { type: "hidden", name: "subscription", value: subscription.id }),
      h("button", { name: "action", value: action }, text),
    );
  return h(
    "section",
    {},
    h("h2", {}, product?.name ?? subscription.id),
    h("p", {}, amount, " ", item && intervalText(item.price.recurring), ". ", stateText(subscription)),
    subscription.status !== "canceled" &&
      h(
        "div",
        { class: "actions" },
        subscription.cancel_at_period_end
          ? form("keep", "Keep the subscription")
          : form("cancel", "Cancel at the end of the period"),
        form("end", "Cancel now"),
      ),
  );
}

function stateText(subscription: Subscription): Html {
  if (subscription.status === "canceled")
    return fragment("Ended ", dateText(subscription.ended_at ?? subscription.created), ".");
  const end = dateText(endOfPeriod(subscription));
  return fragment(subscription.cancel_at_period_end ? "Ends " : "Renews ", end, ".");
}

function findOpen({ store, now }: StripeContext, id: string): PortalSession | undefined {
  const session = store.find("billing_portal.session", id);
  return session && session.created + OPEN_SECONDS > secondsOf(now()) ? session : undefined;
}

function closedPage(): HtmlPage {
  return {
    title: "No such page",
    statusCode: 404,
    body: [h("h1", {}, "This page is not open any more"), h("p", {}, "Go back to the shop and open it again.")],
  };
}
