import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import express, { Router } from "express";
import type Stripe from "stripe";
import { z } from "zod";
import type { Deps } from "../web/deps.ts";
import { tellFailedPayment } from "./failed-payment.ts";
import { customerIdOf, type PaymentsDeps, syncCustomer } from "./payments.ts";

/** Signatures are older when deliveries are delayed; Stripe's own default. Never 0: that would switch the check off. */
const TOLERANCE_SECONDS = 300;
const MAX_EVENT = "1mb";

const EventBody = z.object({
  type: z.string().optional(),
  data: z.object({ object: z.unknown().optional() }).nullish(),
});

/**
 * `/stripe/webhook`: Stripe's news, signed. An event only says whose state to fetch: order and single delivery are not
 * promised. Mount before sessions and body parsers, for the signature covers the raw body.
 */
export function stripeWebhook(deps: Deps & { readonly stripe: Stripe | undefined }): Router {
  const router = Router();
  router.post("/stripe/webhook", express.raw({ type: () => true, limit: MAX_EVENT }), async (req, res) => {
    const { stripe, config } = deps;
    if (stripe === undefined || config.STRIPE_WEBHOOK_SECRET === undefined) {
      throw new HttpError(503, "Payment is not set up.");
    }
    const payments: PaymentsDeps = { ...deps, stripe };
    const event = await verify(stripe, req.body, req.get("stripe-signature"), config.STRIPE_WEBHOOK_SECRET);
    // The signature vouches for the sender, not for the shape.
    const { type, data } = EventBody.parse(event);
    const customer = customerIdOf(data?.object);
    if (customer !== undefined) {
      await syncCustomer(payments, customer);
      if (type === "invoice.payment_failed") await tellFailedPayment(deps.db, customer, data?.object);
      deps.inBackground("outbox flush", () => deps.outbox.flush());
    }
    res.json({ received: true });
  });
  router.all("/stripe/webhook", methodNotAllowed("POST"));
  return router;
}

async function verify(
  stripe: Stripe,
  body: unknown,
  signature: string | undefined,
  secret: string,
): Promise<Stripe.Event> {
  try {
    if (!Buffer.isBuffer(body) || signature === undefined) throw new Error("no body or no signature");
    return await stripe.webhooks.constructEventAsync(body, signature, secret, TOLERANCE_SECONDS);
  } catch (error) {
    throw new HttpError(400, "The signature does not fit.", { cause: error });
  }
}
