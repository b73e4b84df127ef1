import { z } from "zod";
import { endSubscription, setCancelAtPeriodEnd } from "./billing.ts";
import { getDocument, newId, secondsOf } from "./context.ts";
import type { PortalSession, Subscription } from "./documents.ts";
import { StripeFault } from "./error.ts";
import {
  flag,
  listOf,
  MetadataChange,
  mergeMetadata,
  paging,
  type Route,
  readParameters,
  webAddress,
} from "./route.ts";

/** What the API knows; those that the double never reaches find nothing. */
const Status = z.enum([
  "all",
  "active",
  "canceled",
  "ended",
  "incomplete",
  "incomplete_expired",
  "past_due",
  "paused",
  "trialing",
  "unpaid",
]);

export const subscriptionRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/subscriptions",
    answer(request) {
      const { customer, status, price, ...page } = readParameters(request, {
        ...paging,
        customer: z.string().optional(),
        price: z.string().optional(),
        status: Status.optional(),
      });
      const found = request.context.store
        .list("subscription", customer)
        .filter((subscription) => hasStatus(subscription, status))
        .filter(({ items }) => price === undefined || items.data.some((item) => item.price.id === price));
      return listOf(found, "/v1/subscriptions", page);
    },
  },
  {
    method: "GET",
    path: "/v1/subscriptions/:id",
    answer(request) {
      readParameters(request, {});
      return getDocument(request.context, "subscription", request);
    },
  },
  {
    method: "POST",
    path: "/v1/subscriptions/:id",
    answer(request) {
      const { context } = request;
      const change = readParameters(request, {
        cancel_at_period_end: flag.optional(),
        metadata: MetadataChange.optional(),
      });
      const subscription = getActive(request);
      const tagged = { ...subscription, metadata: mergeMetadata(subscription.metadata, change.metadata) };
      context.store.put(tagged);
      return setCancelAtPeriodEnd(context, tagged, change.cancel_at_period_end ?? subscription.cancel_at_period_end);
    },
  },
  {
    method: "DELETE",
    path: "/v1/subscriptions/:id",
    answer(request) {
      const { prorate, invoice_now, cancellation_details } = readParameters(request, {
        prorate: flag.default(false),
        invoice_now: flag.default(false),
        cancellation_details: z
          .strictObject({ comment: z.string().optional(), feedback: z.string().optional() })
          .optional(),
      });
      const subscription = getActive(request);
      const { comment = null, feedback = null } = cancellation_details ?? {};
      const told = { ...subscription, cancellation_details: { comment, feedback, reason: null } };
      // Without invoice_now the credit waits for a next invoice, which never comes.
      return endSubscription(request.context, told, { credit: prorate && invoice_now });
    },
  },
];

export const portalRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/billing_portal/sessions",
    answer(request) {
      const { context, origin } = request;
      const given = readParameters(request, { customer: z.string(), return_url: webAddress.optional() });
      const customer = getDocument(context, "customer", { id: given.customer, param: "customer" });
      const id = newId("bps");
      const session: PortalSession = {
        id,
        object: "billing_portal.session",
        configuration: "bpc_local",
        created: secondsOf(context.now()),
        customer: customer.id,
        flow: null,
        livemode: false,
        locale: null,
        on_behalf_of: null,
        return_url: given.return_url ?? null,
        url: `${origin}/_stripe/portal/${id}`,
      };
      context.store.put(session);
      return session;
    },
  },
];

function hasStatus({ status }: Subscription, asked: z.infer<typeof Status> | undefined): boolean {
  if (asked === "all") return true;
  if (asked === undefined) return status !== "canceled";
  return status === (asked === "ended" ? "canceled" : asked);
}

function getActive(request: Parameters<Route["answer"]>[0]): Subscription {
  const subscription = getDocument(request.context, "subscription", request);
  if (subscription.status === "canceled")
    throw new StripeFault(404, `No such subscription: '${subscription.id}'`, { code: "resource_missing", param: "id" });
  return subscription;
}
