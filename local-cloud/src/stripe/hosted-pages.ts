import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { h } from "@elastic-gas/shared/web/html";
import { dateText, type HtmlPage, type Reply, sendReply, table } from "../pages/page.ts";
import { isOwnOrigin } from "../wire/own-origin.ts";
import type { Page } from "../wire/server.ts";
import { catchUp } from "./billing.ts";
import { payCheckout, showCheckout } from "./checkout-page.ts";
import { type BillingClock, clockForm, readAdvance } from "./clock.ts";
import type { StripeContext } from "./context.ts";
import { changePortal, showPortal } from "./portal-page.ts";

const PREFIX = "/_stripe";
const MAX_FORM_BYTES = 10_000;
const MAX_EVENTS = 100;

/** The pages that Stripe would host: payment, the customer's own, and a list of events for developers. */
export function hostedPages({
  context,
  clock,
  onChange,
}: {
  readonly context: StripeContext;
  readonly clock: BillingClock;
  readonly onChange: () => void;
}): Page {
  const { store } = context;
  return {
    prefix: PREFIX,
    async handle(request, response) {
      const path = (request.url ?? PREFIX).replace(/\?.*$/s, "").replace(/\/$/, "");
      const [, kind, id = ""] = /^\/_stripe\/(checkout|portal)\/([\w-]{1,200})$/.exec(path) ?? [];
      const isClock = path === `${PREFIX}/clock` && request.method === "POST";
      const isRead = request.method === "GET" || request.method === "HEAD";
      const refusal = refusalOf(request, {
        isKnown: path === PREFIX || kind !== undefined || isClock,
        isRead,
        hasForm: kind !== undefined || isClock,
      });
      if (refusal) {
        sendText(response, refusal);
        return;
      }
      const form = isRead ? undefined : new URLSearchParams(await text(request));
      const seconds = isClock && form ? readAdvance(form) : undefined;
      if (isClock && seconds === undefined) {
        sendText(response, { statusCode: 400, message: "Say by how many days the clock is to go forward." });
        return;
      }
      const reply = store.transaction((): Reply => {
        if (seconds !== undefined) clock.advance(seconds);
        catchUp(context);
        if (kind === "checkout") return form ? payCheckout(context, id, form) : showCheckout(context, id);
        if (kind === "portal") return form ? changePortal(context, id, form) : showPortal(context, id);
        return isClock ? { location: PREFIX } : eventsPage(context);
      });
      sendReply(response, reply); // after the commit
      onChange();
    },
  };
}

interface Refusal {
  readonly statusCode: number;
  readonly message: string;
}

function refusalOf(
  request: IncomingMessage,
  { isKnown, isRead, hasForm }: { readonly isKnown: boolean; readonly isRead: boolean; readonly hasForm: boolean },
): Refusal | undefined {
  if (!isKnown) return { statusCode: 404, message: "There is no such page." };
  if (isRead) return undefined;
  if (request.method !== "POST" || !hasForm) return { statusCode: 405, message: "This is not done here." };
  if (!isOwnOrigin(request)) return { statusCode: 403, message: "Only this page's own form may do that." };
  const length = Number(request.headers["content-length"] ?? Number.NaN);
  if (Number.isNaN(length) || length > MAX_FORM_BYTES)
    return { statusCode: 413, message: "The form is too large, or does not tell its length." };
  return undefined;
}

function eventsPage({ store, now }: StripeContext): HtmlPage {
  const events = store.list("event").slice(0, MAX_EVENTS);
  const rows = events.map(({ id, type, created, pending_webhooks }) => [
    dateText(created),
    type,
    id,
    pending_webhooks === 0 ? "no" : "yes",
  ]);
  return {
    title: "Stripe events",
    isWide: true,
    body: [
      h("h1", {}, "Stripe events"),
      rows.length === 0
        ? h("p", {}, "Nothing has happened yet.")
        : table(["Time", "Type", "Id", "Webhook waiting"], rows),
      h("h2", {}, "Time"),
      clockForm(now()),
    ],
  };
}

function sendText(response: ServerResponse, { statusCode, message }: Refusal): void {
  response
    .writeHead(statusCode, { "content-type": "text/plain; charset=utf-8", connection: "close" })
    .end(`${message}\n`);
}
