import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@elastic-gas/shared/logger";
import type { Page } from "../wire/server.ts";
import { stripeApi } from "./api.ts";
import { catchUp } from "./billing.ts";
import { ensurePremiumPlan } from "./catalog.ts";
import { BillingClock } from "./clock.ts";
import type { StripeContext } from "./context.ts";
import { hostedPages } from "./hosted-pages.ts";
import { DEFAULT_PRICE_ID, type StripeSettings } from "./settings.ts";
import { StripeStore } from "./store.ts";
import { Webhooks } from "./webhooks.ts";

export interface StripeOptions extends StripeSettings {
  /** The service makes its own folder `stripe` in it. */
  readonly dataDir: string;
  readonly log: Logger;
  /** The clock of billing periods. */
  readonly now?: () => Date;
  /** Before a webhook's second attempt. */
  readonly webhookRetrySeconds?: number;
}

const CATCH_UP_MS = 5_000;

/**
 * Stripe as far as subscriptions need it: the API, hosted pages and signed webhooks. What is answered has been
 * committed.
 */
export function createStripeService(options: StripeOptions) {
  const { dataDir, log, now = () => new Date(), webhookUrl } = options;
  const store = new StripeStore(join(dataDir, "stripe"));
  const clock = new BillingClock(store, now);
  const context: StripeContext = {
    store,
    priceId: options.priceId ?? DEFAULT_PRICE_ID,
    hasWebhook: webhookUrl !== undefined,
    log,
    now: clock.now,
  };
  store.transaction(() => ensurePremiumPlan(context));
  const webhooks =
    webhookUrl === undefined
      ? undefined
      : new Webhooks({
          store,
          url: webhookUrl,
          secret: options.webhookSecret,
          log,
          retrySeconds: options.webhookRetrySeconds,
        });
  const onChange = () => webhooks?.wake();
  const closing = new AbortController();
  const watching = watchTime(context, onChange, closing.signal);
  const pages: readonly Page[] = [
    stripeApi({ context, secretKey: options.secretKey, publicOrigin: options.publicOrigin, onChange }),
    hostedPages({ context, clock, onChange }),
  ];
  return {
    pages,
    async close(): Promise<void> {
      closing.abort();
      await watching;
      await webhooks?.close();
      store.close();
    },
  };
}

/** Periods end and pages expire also when nobody asks. */
async function watchTime(context: StripeContext, onChange: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      context.store.transaction(() => catchUp(context));
      onChange();
    } catch (error) {
      context.log.error({ err: error }, "subscriptions could not be brought up to date");
    }
    await sleep(CATCH_UP_MS, undefined, { signal }).catch(() => undefined);
  }
}
