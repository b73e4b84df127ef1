import { z } from "zod";
import { getDocument, newId, type StripeContext, secondsOf } from "./context.ts";
import { Interval, type Price, type Product } from "./documents.ts";
import { flag, integer, listOf, MetadataChange, mergeMetadata, paging, type Route, readParameters } from "./route.ts";

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

export const catalogRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/products",
    answer(request) {
      const { id, name, description, metadata } = readParameters(request, {
        id: z.string().min(1).optional(),
        name: z.string().min(1),
        description: z.string().optional(),
        metadata: MetadataChange.optional(),
      });
      const product: Product = {
        ...newProduct({ id: id ?? newId("prod"), name, created: secondsOf(request.context.now()) }),
        description: description ?? null,
        metadata: mergeMetadata({}, metadata),
      };
      request.context.store.put(product);
      return product;
    },
  },
  {
    method: "GET",
    path: "/v1/products",
    answer(request) {
      const { active, ...page } = readParameters(request, { ...paging, active: flag.optional() });
      const products = request.context.store.list("product");
      return listOf(
        products.filter((product) => active === undefined || product.active === active),
        "/v1/products",
        page,
      );
    },
  },
  {
    method: "GET",
    path: "/v1/products/:id",
    answer: (request) => getDocument(request.context, "product", request),
  },
  {
    method: "POST",
    path: "/v1/prices",
    answer(request) {
      const { context } = request;
      const { currency, unit_amount, product, recurring, nickname, metadata } = readParameters(request, {
        currency: z.string().regex(/^[a-z]{3}$/i, "Invalid currency"),
        unit_amount: integer.refine((n) => n >= 0, "Must be at least 0"),
        product: z.string(),
        recurring: z.strictObject({ interval: Interval, interval_count: integer.default(1) }),
        nickname: z.string().optional(),
        metadata: MetadataChange.optional(),
      });
      getDocument(context, "product", { id: product, param: "product" });
      const price: Price = {
        ...newPrice({
          id: newId("price"),
          created: secondsOf(context.now()),
          currency: currency.toLowerCase(),
          unitAmount: unit_amount,
          product,
          interval: recurring.interval,
          intervalCount: recurring.interval_count,
        }),
        nickname: nickname ?? null,
        metadata: mergeMetadata({}, metadata),
      };
      context.store.put(price);
      return price;
    },
  },
  {
    method: "GET",
    path: "/v1/prices",
    answer(request) {
      const { active, product, ...page } = readParameters(request, {
        ...paging,
        active: flag.optional(),
        product: z.string().optional(),
      });
      const prices = request.context.store
        .list("price")
        .filter((price) => active === undefined || price.active === active)
        .filter((price) => product === undefined || price.product === product);
      return listOf(prices, "/v1/prices", page);
    },
  },
  { method: "GET", path: "/v1/prices/:id", answer: (request) => getDocument(request.context, "price", request) },
];

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
