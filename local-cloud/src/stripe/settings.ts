/** How local-cloud plays Stripe. */
export interface StripeSettings {
  /** What API calls must carry: `Authorization: Bearer sk_test_...`. */
  readonly secretKey: string;
  /** Signs webhooks: `whsec_...`. */
  readonly webhookSecret: string;
  /** Where events are sent; without it they are only listed. */
  readonly webhookUrl?: string | undefined;
  /** Id of the premium plan's price, which always exists. */
  readonly priceId?: string | undefined;
  /** How browsers reach the hosted pages, such as `http://localhost:4566`; without it the way the API was called. */
  readonly publicOrigin?: string | undefined;
}

export const DEFAULT_PRICE_ID = "price_premium_weekly";
