import { type Child, h } from "@elastic-gas/shared/web/html";
import { dateText, type HtmlPage, type Reply } from "../pages/page.ts";
import { intervalText, priceText } from "./amounts.ts";
import { completeCheckout } from "./billing.ts";
import { judgeCard } from "./card.ts";
import type { StripeContext } from "./context.ts";
import type { CheckoutSession } from "./documents.ts";

/** `GET /_stripe/checkout/<id>` */
export function showCheckout(context: StripeContext, id: string): Reply {
  const session = context.store.find("checkout.session", id);
  return session?.status === "open" ? formPage(context, { session }) : closedPage(session);
}

/** `POST /_stripe/checkout/<id>`; to be called in a transaction. */
export function payCheckout(context: StripeContext, id: string, form: URLSearchParams): Reply {
  const session = context.store.find("checkout.session", id);
  if (!session || session.status === "expired") return closedPage(session);
  // Two clicks are one payment.
  if (session.status === "complete") return { location: successUrl(session) };
  const verdict = judgeCard(form.get("card_number") ?? "");
  if (!verdict.ok) return formPage(context, { session, error: verdict.message });
  return { location: successUrl(completeCheckout(context, session)) };
}

/** `{CHECKOUT_SESSION_ID}` stands for the session's id, as in Stripe's own redirects. */
function successUrl({ success_url, id }: Pick<CheckoutSession, "success_url" | "id">): string {
  return success_url.replaceAll("{CHECKOUT_SESSION_ID}", id);
}

function formPage(
  { store }: StripeContext,
  { session, error }: { readonly session: CheckoutSession; readonly error?: string },
): HtmlPage {
  const price = store.find("price", session._local.price);
  const product = price && store.find("product", price.product);
  const customer = session.customer === null ? undefined : store.find("customer", session.customer);
  const payer = customer?.email ?? customer?.name ?? session.customer_email;
  const amount = priceText(session.amount_total, session.currency);
  return {
    title: `Pay for ${product?.name ?? "your plan"}`,
    statusCode: error === undefined ? 200 : 402,
    formOrigins: [new URL(session.success_url).origin],
    body: [
      h(
        "p",
        { class: "note" },
        "This is local-cloud in Stripe's place: no card is charged. 4242 4242 4242 4242 pays, 4000 0000 0000 0002 is declined.",
      ),
      h("h1", {}, `Subscribe to ${product?.name ?? "your plan"}`),
      h("p", { class: "price" }, amount, " ", price && intervalText(price.recurring)),
      payer && h("p", {}, `For ${payer}`),
      error !== undefined && h("p", { class: "error", role: "alert", id: "card-error" }, error),
      h(
        "form",
        { method: "post", action: `/_stripe/checkout/${session.id}` },
        h("label", { for: "card-number" }, "Card number"),
        h("input", {
          id: "card-number",
          name: "card_number",
          inputmode: "numeric",
          autocomplete: "cc-number",
          maxlength: 30,
          required: true,
          autofocus: true,
          ...(error === undefined ? {} : { "aria-invalid": "true" as const, "aria-describedby": "card-error" }),
        }),
        h(
          "div",
          { class: "actions" },
          h("button", { class: "primary", type: "submit" }, `Pay ${amount}`),
          cancelLink(session),
        ),
      ),
    ],
  };
}

function closedPage(session: CheckoutSession | undefined): HtmlPage {
  if (session?.status === "complete") {
    return {
      title: "Paid",
      body: [
        h("h1", {}, "This has been paid already"),
        h("div", { class: "actions" }, h("a", { class: "button", href: successUrl(session) }, "Continue")),
      ],
    };
  }
  return {
    title: "No such payment page",
    statusCode: session ? 410 : 404,
    body: [
      h("h1", {}, session ? "This payment page has expired" : "There is no such payment page"),
      session && h("p", {}, "It was open until ", dateText(session.expires_at), ", or was closed by the shop."),
      h("p", {}, "Nothing was charged."),
      session && h("div", { class: "actions" }, cancelLink(session)),
    ],
  };
}

function cancelLink({ cancel_url }: CheckoutSession): Child {
  return cancel_url !== null && h("a", { class: "button", href: cancel_url }, "Cancel and go back");
}
