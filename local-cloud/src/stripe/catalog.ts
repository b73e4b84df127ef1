import { type StripeContext, secondsOf } from "./context.ts";
import type { Price, Product } from "./documents.ts";

const PREMIUM = { product: "prod_premium", name: "GAS Premium", amount: 99_999 } as const; // $999.99 a week

/** The premium plan always exists. */
export function ensurePremiumPlan(context: StripeContext): void {
  const { store, priceId, now } = context;
  if (store.find("price", priceId)) return;
  const created = secondsOf(now());
  if (!store.find("product", PREMIUM.product))
    store.put(newProduct({ id: PREMIUM.product, name: PREMIUM.name, created }));
  store.put(
    newPrice({
      id: priceId,
      created,
      currency: "usd",
      unitAmount: PREMIUM.amount,
      product: PREMIUM.product,
      interval: "week",
      intervalCount: 1,
    }),
  );
}

function newProduct({ id, name, created }: Pick<Product, "id" | "name" | "created">): Product {
  return {
    id,
    object: "product",
    active: true,
    created,
    default_price: null,
    description: null,
    images: [],
    livemode: false,
    metadata: {},
    name,
    updated: created,
  };
}

function newPrice({
  id,
  created,
  currency,
  unitAmount,
  product,
  interval,
  intervalCount,
}: Pick<Price, "id" | "created" | "currency" | "product"> & {
  readonly unitAmount: number;
  readonly interval: Price["recurring"]["interval"];
  readonly intervalCount: number;
}): Price {
  return {
    id,
    object: "price",
    active: true,
    billing_scheme: "per_unit",
    created,
    currency,
    livemode: false,
    lookup_key: null,
    metadata: {},
    nickname: null,
    product,
    recurring: { interval, interval_count: intervalCount, trial_period_days: null, usage_type: "licensed" },
    tax_behavior: "unspecified",
    type: "recurring",
    unit_amount: unitAmount,
    unit_amount_decimal: String(unitAmount),
  };
}
