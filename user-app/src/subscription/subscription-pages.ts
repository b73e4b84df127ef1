import { makeFree, PREMIUM_PRICE } from "@elastic-gas/shared/accounts/plan";
import { currentUser } from "@elastic-gas/shared/accounts/sessions";
import { findUserById } from "@elastic-gas/shared/accounts/users";
import { audit } from "@elastic-gas/shared/audit";
import { userAppUrl } from "@elastic-gas/shared/config";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { Router } from "express";
import type Stripe from "stripe";
import { z } from "zod";
import { countArchived } from "../annotations/queries.ts";
import type { Deps } from "../web/deps.ts";
import { leaveNotice } from "../web/pages.ts";
import {
  cancelAtStripe,
  finishCheckout,
  openPortal,
  type PaymentsDeps,
  setRenewal,
  startCheckout,
} from "./payments.ts";
import { findSubscription } from "./queries.ts";
import { doneView } from "./views/done.ts";
import { subscribeView } from "./views/subscribe.ts";
import { unsubscribeView } from "./views/unsubscribe.ts";

const DoneQuery = z.object({ session_id: z.string().regex(/^[\w-]{1,200}$/) });

/**
 * `/subscribe`, `/subscribe/done`, `/subscribe/keep`, `/unsubscribe`, `/profile/billing`. Mount behind `requireUser`.
 */
export function subscriptionPages(deps: Deps & { readonly stripe: Stripe | undefined }): Router {
  const { db, config, sendPage, now } = deps;
  const appUrl = userAppUrl(config);
  const router = Router();
  const payments = (): PaymentsDeps => {
    if (deps.stripe === undefined) throw notSetUp();
    return { ...deps, stripe: deps.stripe };
  };

  const endsAtPeriodEnd = (paidUntil: Date | null) =>
    config.PREMIUM_CANCELS === "at-period-end" && paidUntil !== null && paidUntil > now();

  router.get("/subscribe", async (req, res) => {
    const user = currentUser(res);
    if (user.role === "premium_user") {
      leaveNotice(req, { tone: "ok", start: "You are already on Premium." });
      return res.redirect(303, "/profile");
    }
    const archived = await countArchived(db, user.id);
    return sendPage(res, {
      title: "Premium",
      notes:
        req.query.cancelled === undefined
          ? []
          : [
              {
                tone: "info",
                start: "The payment was not finished.",
                text: "Nothing was charged; your plan is still Free.",
              },
            ],
      content: (page) =>
        subscribeView(
          {
            archived,
            price: PREMIUM_PRICE,
            isSetUp: deps.stripe !== undefined,
            retentionSeconds: config.FREE_RETENTION_SECONDS,
            premiumMaxBytes: config.PREMIUM_MAX_BYTES,
          },
          page,
        ),
    });
  });

  router.post("/subscribe", async (req, res) => {
    const user = currentUser(res);
    const checkout = await startCheckout(payments(), user.id, {
      // Stripe puts the id in place of the braces.
      successUrl: `${appUrl}/subscribe/done?session_id={CHECKOUT_SESSION_ID}`,
      cancelUrl: `${appUrl}/subscribe?cancelled=1`,
    });
    if (checkout.kind === "pay") return res.redirect(303, checkout.url);
    deps.inBackground("outbox flush", () => deps.outbox.flush());
    leaveNotice(req, { tone: "ok", start: "You are already on Premium.", text: "Nothing was charged again." });
    return res.redirect(303, "/profile");
  });
  router.all("/subscribe", methodNotAllowed("GET", "POST"));

  router.get("/subscribe/done", async (req, res) => {
    const user = currentUser(res);
    const query = DoneQuery.safeParse(req.query);
    if (!query.success)
      throw new HttpError(400, "This address does not say which payment it is about.", {
        remedy: "Your profile shows your plan and when it is paid until.",
        link: { href: "/profile", text: "Profile" },
      });
    const { session_id: sessionId } = query.data;
    const outcome = await finishCheckout(payments(), user.id, sessionId);
    deps.inBackground("outbox flush", () => deps.outbox.flush());
    if (outcome === "paid" && user.role !== "premium_user") {
      await audit(db, { actor: user.username, action: "plan.premium", address: req.ip });
    }
    // The frame shows the plan: read it again.
    res.locals.user = await findUserById(db, user.id);
    const subscription = await findSubscription(db, user.id);
    const restoring = await countArchived(db, user.id);
    sendPage(res, {
      title: outcome === "paid" ? "You are Premium" : "Payment",
      content: (page) => doneView({ outcome, subscription, restoring, price: PREMIUM_PRICE }, page),
    });
  });
  router.all("/subscribe/done", methodNotAllowed("GET"));

  router.get("/unsubscribe", async (_req, res) => {
    const user = currentUser(res);
    if (user.role !== "premium_user")
      throw new HttpError(409, "You are on the Free plan: there is nothing to cancel.", {
        link: { href: "/profile", text: "Profile" },
      });
    const subscription = await findSubscription(db, user.id);
    const paidUntil = subscription?.open ? subscription.currentPeriodEnd : null;
    return sendPage(res, {
      title: "Cancel Premium",
      content: (page) =>
        unsubscribeView(
          {
            retentionSeconds: config.FREE_RETENTION_SECONDS,
            freeMaxBytes: config.FREE_MAX_BYTES,
            paidUntil,
            ends: endsAtPeriodEnd(paidUntil) ? "at-period-end" : "at-once",
          },
          page,
        ),
    });
  });

  router.post("/unsubscribe", async (req, res) => {
    const user = currentUser(res);
    const subscription = await findSubscription(db, user.id);
    const paidUntil = subscription?.open ? subscription.currentPeriodEnd : null;
    if (endsAtPeriodEnd(paidUntil) && (await setRenewal(payments(), user.id, false))) {
      await audit(db, { actor: user.username, action: "plan.cancel-at-period-end", address: req.ip });
      leaveNotice(req, {
        tone: "ok",
        start: "Premium is cancelled.",
        text: "It stays until the end of what you paid; you are not charged again.",
      });
      return res.redirect(303, "/profile");
    }
    await cancelSubscription(deps, user.id);
    // Also for those who are Premium without a subscription.
    await db
      .transaction()
      .execute((trx) =>
        makeFree(trx, { userId: user.id, now: now(), retentionSeconds: config.FREE_RETENTION_SECONDS }),
      );
    deps.inBackground("outbox flush", () => deps.outbox.flush());
    await audit(db, { actor: user.username, action: "plan.free", address: req.ip });
    leaveNotice(req, {
      tone: "ok",
      start: "Premium is cancelled. You are Free again.",
      text: "You will not be charged any more.",
    });
    return res.redirect(303, "/profile");
  });
  router.all("/unsubscribe", methodNotAllowed("GET", "POST"));

  router.post("/subscribe/keep", async (req, res) => {
    const user = currentUser(res);
    const isKept = await setRenewal(payments(), user.id, true);
    if (isKept) await audit(db, { actor: user.username, action: "plan.keep", address: req.ip });
    leaveNotice(
      req,
      isKept
        ? { tone: "ok", start: "Premium goes on.", text: "It renews at the end of what you paid." }
        : { tone: "warn", start: "Premium has ended already.", text: "Upgrade again to have it back." },
    );
    res.redirect(303, "/profile");
  });
  router.all("/subscribe/keep", methodNotAllowed("POST"));

  router.post("/profile/billing", async (_req, res) => {
    res.redirect(303, await openPortal(payments(), currentUser(res).id, `${appUrl}/profile`));
  });
  router.all("/profile/billing", methodNotAllowed("POST"));
  return router;
}

/**
 * Ends what a user pays, if anything. Throws when there is something to end and Stripe cannot be asked: an account must
 * not go while it is charged.
 */
export async function cancelSubscription(
  deps: Deps & { readonly stripe: Stripe | undefined },
  userId: number,
): Promise<void> {
  if (deps.stripe !== undefined) return cancelAtStripe({ ...deps, stripe: deps.stripe }, userId);
  if ((await findSubscription(deps.db, userId))?.open === true) throw notSetUp();
}

function notSetUp(): HttpError {
  return new HttpError(503, "Payment is not set up here.", {
    remedy: "An administrator can set it up, or make an account Premium without it.",
  });
}
