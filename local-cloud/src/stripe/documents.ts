import { z } from "zod";

// The documents that the API answers with, in the API's own words, as of the version below. Times are seconds since
// 1970, amounts cents.
// https://docs.stripe.com/api

export const API_VERSION = "2026-10-28.endive";

const Metadata = z.record(z.string(), z.string());

export const Product = z.object({
  id: z.string(),
  object: z.literal("product"),
  active: z.boolean(),
  created: z.number(),
  default_price: z.string().nullable(),
  description: z.string().nullable(),
  images: z.array(z.string()),
  livemode: z.literal(false),
  metadata: Metadata,
  name: z.string(),
  updated: z.number(),
});

const Interval = z.enum(["day", "week", "month", "year"]);

export const Price = z.object({
  id: z.string(),
  object: z.literal("price"),
  active: z.boolean(),
  billing_scheme: z.literal("per_unit"),
  created: z.number(),
  currency: z.string(),
  livemode: z.literal(false),
  lookup_key: z.string().nullable(),
  metadata: Metadata,
  nickname: z.string().nullable(),
  product: z.string(),
  recurring: z.object({
    interval: Interval,
    interval_count: z.number(),
    trial_period_days: z.null(),
    usage_type: z.literal("licensed"),
  }),
  tax_behavior: z.literal("unspecified"),
  type: z.literal("recurring"),
  unit_amount: z.number(),
  unit_amount_decimal: z.string(),
});

export const Customer = z.object({
  id: z.string(),
  object: z.literal("customer"),
  /** Negative: credit that the next invoices use up. */
  balance: z.number(),
  created: z.number(),
  currency: z.string().nullable(),
  default_source: z.null(),
  delinquent: z.literal(false),
  description: z.string().nullable(),
  email: z.string().nullable(),
  livemode: z.literal(false),
  metadata: Metadata,
  name: z.string().nullable(),
  phone: z.string().nullable(),
});

export const CheckoutSession = z.object({
  id: z.string(),
  object: z.literal("checkout.session"),
  amount_subtotal: z.number(),
  amount_total: z.number(),
  cancel_url: z.string().nullable(),
  client_reference_id: z.string().nullable(),
  created: z.number(),
  currency: z.string(),
  customer: z.string().nullable(),
  customer_details: z.object({ email: z.string().nullable(), name: z.string().nullable() }).nullable(),
  customer_email: z.string().nullable(),
  expires_at: z.number(),
  invoice: z.string().nullable(),
  livemode: z.literal(false),
  metadata: Metadata,
  mode: z.literal("subscription"),
  payment_method_types: z.array(z.string()),
  payment_status: z.enum(["paid", "unpaid"]),
  status: z.enum(["open", "complete", "expired"]),
  subscription: z.string().nullable(),
  success_url: z.string(),
  ui_mode: z.literal("hosted_page"),
  url: z.string().nullable(),
  /** What the API does not tell. */
  _local: z.object({ price: z.string(), quantity: z.number(), subscriptionMetadata: Metadata }),
});

export const Subscription = z.object({
  id: z.string(),
  object: z.literal("subscription"),
  billing_cycle_anchor: z.number(),
  cancel_at: z.number().nullable(),
  cancel_at_period_end: z.boolean(),
  canceled_at: z.number().nullable(),
  cancellation_details: z.object({
    comment: z.string().nullable(),
    feedback: z.string().nullable(),
    reason: z.string().nullable(),
  }),
  collection_method: z.literal("charge_automatically"),
  created: z.number(),
  currency: z.string(),
  customer: z.string(),
  default_payment_method: z.null(),
  ended_at: z.number().nullable(),
  items: z.object({
    object: z.literal("list"),
    data: z.array(
      z.object({
        id: z.string(),
        object: z.literal("subscription_item"),
        created: z.number(),
        current_period_end: z.number(),
        current_period_start: z.number(),
        metadata: Metadata,
        price: Price,
        quantity: z.number(),
        subscription: z.string(),
      }),
    ),
    has_more: z.literal(false),
    url: z.string(),
  }),
  latest_invoice: z.string().nullable(),
  livemode: z.literal(false),
  metadata: Metadata,
  start_date: z.number(),
  status: z.enum(["active", "canceled"]),
  trial_end: z.null(),
  trial_start: z.null(),
});

export const Invoice = z.object({
  id: z.string(),
  object: z.literal("invoice"),
  amount_due: z.number(),
  amount_paid: z.number(),
  amount_remaining: z.number(),
  billing_reason: z.enum(["subscription_create", "subscription_cycle", "subscription_update"]),
  collection_method: z.literal("charge_automatically"),
  created: z.number(),
  currency: z.string(),
  customer: z.string(),
  ending_balance: z.number(),
  livemode: z.literal(false),
  metadata: Metadata,
  number: z.string(),
  parent: z.object({
    quote_details: z.null(),
    subscription_details: z.object({ metadata: Metadata, subscription: z.string() }),
    type: z.literal("subscription_details"),
  }),
  period_end: z.number(),
  period_start: z.number(),
  starting_balance: z.number(),
  status: z.literal("paid"),
  subtotal: z.number(),
  total: z.number(),
});

export const PortalSession = z.object({
  id: z.string(),
  object: z.literal("billing_portal.session"),
  configuration: z.string(),
  created: z.number(),
  customer: z.string(),
  flow: z.null(),
  livemode: z.literal(false),
  locale: z.null(),
  on_behalf_of: z.null(),
  return_url: z.string().nullable(),
  url: z.string(),
});

export const Event = z.object({
  id: z.string(),
  object: z.literal("event"),
  api_version: z.string(),
  created: z.number(),
  data: z.object({ object: z.record(z.string(), z.unknown()) }),
  livemode: z.literal(false),
  pending_webhooks: z.number(),
  request: z.object({ id: z.string().nullable(), idempotency_key: z.string().nullable() }),
  type: z.string(),
});

export const DOCUMENTS = {
  product: Product,
  price: Price,
  customer: Customer,
  "checkout.session": CheckoutSession,
  subscription: Subscription,
  invoice: Invoice,
  "billing_portal.session": PortalSession,
  event: Event,
} as const;

export type Kind = keyof typeof DOCUMENTS;
export type DocumentOf<Key extends Kind> = z.infer<(typeof DOCUMENTS)[Key]>;
export type Document = { [Key in Kind]: DocumentOf<Key> }[Kind];
export type Product = z.infer<typeof Product>;
export type Price = z.infer<typeof Price>;
export type Customer = z.infer<typeof Customer>;
export type CheckoutSession = z.infer<typeof CheckoutSession>;
export type Subscription = z.infer<typeof Subscription>;
export type Invoice = z.infer<typeof Invoice>;
export type PortalSession = z.infer<typeof PortalSession>;
export type Event = z.infer<typeof Event>;
