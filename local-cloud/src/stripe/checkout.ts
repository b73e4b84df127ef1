import { z } from "zod";
import { expireCheckout } from "./billing.ts";
import { getDocument, newId, present, secondsOf } from "./context.ts";
import type { CheckoutSession } from "./documents.ts";
import { StripeFault } from "./error.ts";
import {
  integer,
  listOf,
  MetadataChange,
  mergeMetadata,
  paging,
  type Route,
  readParameters,
  webAddress,
} from "./route.ts";

const DAY_SECONDS = 86_400;
const MIN_OPEN_SECONDS = 1_800;

const CreateParameters = {
  mode: z.literal("subscription", "local-cloud sells subscriptions only"),
  customer: z.string().optional(),
  customer_email: z.email().optional(),
  client_reference_id: z.string().max(200).optional(),
  line_items: z
    .array(
      z.strictObject({ price: z.string(), quantity: integer.refine((n) => n >= 1, "Must be at least 1").default(1) }),
    )
    .length(1, "local-cloud takes exactly one line item"),
  success_url: webAddress,
  cancel_url: webAddress.optional(),
  expires_at: integer.optional(),
  metadata: MetadataChange.optional(),
  subscription_data: z.strictObject({ metadata: MetadataChange.optional() }).optional(),
  payment_method_types: z.array(z.literal("card")).optional(),
  ui_mode: z.literal("hosted_page").optional(),
};

export const checkoutRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/checkout/sessions",
    answer(request) {
      const { context, origin } = request;
      const given = readParameters(request, CreateParameters);
      const [item] = given.line_items;
      if (!item) throw new StripeFault(400, "Missing required param: line_items.", { param: "line_items" });
      const price = getDocument(context, "price", { id: item.price, param: "line_items[0][price]" });
      if (given.customer !== undefined && given.customer_email !== undefined)
        throw new StripeFault(400, "You may only specify one of these parameters: customer, customer_email.");
      const customer =
        given.customer === undefined
          ? undefined
          : getDocument(context, "customer", { id: given.customer, param: "customer" });
      const created = secondsOf(context.now());
      const expiresAt = given.expires_at ?? created + DAY_SECONDS;
      if (expiresAt < created + MIN_OPEN_SECONDS || expiresAt > created + DAY_SECONDS)
        throw new StripeFault(400, "The `expires_at` timestamp must be 30 minutes to 24 hours from now.", {
          param: "expires_at",
        });
      const id = newId("cs_test");
      const amount = price.unit_amount * item.quantity;
      const session: CheckoutSession = {
        id,
        object: "checkout.session",
        amount_subtotal: amount,
        amount_total: amount,
        cancel_url: given.cancel_url ?? null,
        client_reference_id: given.client_reference_id ?? null,
        created,
        currency: price.currency,
        customer: customer?.id ?? null,
        customer_details: customer ? { email: customer.email, name: customer.name } : null,
        customer_email: given.customer_email ?? null,
        expires_at: expiresAt,
        invoice: null,
        livemode: false,
        metadata: mergeMetadata({}, given.metadata),
        mode: "subscription",
        payment_method_types: ["card"],
        payment_status: "unpaid",
        status: "open",
        subscription: null,
        success_url: given.success_url,
        ui_mode: "hosted_page",
        url: `${origin}/_stripe/checkout/${id}`,
        _local: {
          price: price.id,
          quantity: item.quantity,
          subscriptionMetadata: mergeMetadata({}, given.subscription_data?.metadata),
        },
      };
      context.store.put(session);
      return present(session);
    },
  },
  {
    method: "GET",
    path: "/v1/checkout/sessions",
    answer(request) {
      const { customer, status, subscription, ...page } = readParameters(request, {
        ...paging,
        customer: z.string().optional(),
        status: z.enum(["open", "complete", "expired"]).optional(),
        subscription: z.string().optional(),
      });
      const sessions = request.context.store
        .list("checkout.session", customer)
        .filter((session) => status === undefined || session.status === status)
        .filter((session) => subscription === undefined || session.subscription === subscription);
      const list = listOf(sessions, "/v1/checkout/sessions", page);
      return { ...list, data: list.data.map(present) };
    },
  },
  {
    method: "GET",
    path: "/v1/checkout/sessions/:id",
    answer(request) {
      readParameters(request, {});
      return present(getDocument(request.context, "checkout.session", request));
    },
  },
  {
    method: "POST",
    path: "/v1/checkout/sessions/:id/expire",
    answer(request) {
      readParameters(request, {});
      const session = getDocument(request.context, "checkout.session", request);
      if (session.status !== "open")
        throw new StripeFault(
          400,
          `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${session.status}.`,
        );
      return present(expireCheckout(request.context, session));
    },
  },
];
