import { ALL_ACCOUNTS } from "@elastic-gas/shared/accounts/account-tables";
import { findEmailChange, finishEmailChange } from "@elastic-gas/shared/accounts/email-changes";
import { LinkParams } from "@elastic-gas/shared/accounts/mailed-token";
import {
  askForPasswordReset,
  findLinkOwner,
  finishPasswordLink,
  type LinkOwner,
} from "@elastic-gas/shared/accounts/password-links";
import { PagePassword } from "@elastic-gas/shared/accounts/passwords";
import { createRateLimiter, type RateLimitStore } from "@elastic-gas/shared/accounts/rate-limit";
import { Email } from "@elastic-gas/shared/accounts/users";
import { audit } from "@elastic-gas/shared/audit";
import type { Background } from "@elastic-gas/shared/web/background";
import { HttpError } from "@elastic-gas/shared/web/errors";
import { type Response, Router } from "express";
import { z } from "zod";
import type { PageDeps } from "../frame/page-deps.ts";
import { leaveNotice } from "../frame/send-page.ts";
import { errorsOf, type FieldErrors } from "../kit/field-errors.ts";
import { confirmEmailView, forgotView, resetView } from "./link-view.ts";

/** Per e-mail address: nobody's mailbox is filled by others. */
const MAIL_LIMIT = { name: "manager-forgot", points: 5, perSeconds: 900 } as const;
/** Per sender. */
const SENDER_LIMIT = { name: "manager-forgot-address", points: 60, perSeconds: 900 } as const;

const ForgotForm = z.object({ email: z.string("An address is needed.").trim().pipe(Email) });
const ResetForm = z.object({ password: z.string("A password is needed.").pipe(PagePassword) });

export type RecoveryDeps = PageDeps & {
  readonly rateLimits: RateLimitStore;
  readonly background: Background;
};

/**
 * What is open to whoever has a mailed link: `/forgot`, `/reset/<token>` (also the first password of somebody who was
 * invited) and `/email/<token>`. Opening a link changes nothing, for mail scanners open links.
 */
export function recoveryPages(deps: RecoveryDeps): Router {
  const { db, passwords, sendPage, now } = deps;
  const byMail = createRateLimiter(deps.rateLimits, MAIL_LIMIT);
  const bySender = createRateLimiter(deps.rateLimits, SENDER_LIMIT);
  const router = Router();
  const time = () => new Date(now());
  const sendForgot = (res: Response, state: "ask" | "sent", errors: FieldErrors = new Map()) =>
    sendPage(res, {
      title: "Forgotten password",
      status: errors.size > 0 ? 400 : 200,
      content: (context) => forgotView(state, errors, context),
    });
  const sendReset = (res: Response, owner: LinkOwner | undefined, errors: FieldErrors = new Map()) =>
    sendPage(res, {
      title: owner?.isInvited === true ? "Choose a password" : "New password",
      status: owner === undefined ? 410 : errors.size > 0 ? 400 : 200,
      content: (context) => resetView(owner, errors, context),
    });

  router.get("/forgot", (_req, res) => sendForgot(res, "ask"));

  router.post("/forgot", async (req, res) => {
    const form = ForgotForm.safeParse(req.body ?? {});
    if (!form.success) return sendForgot(res, "ask", errorsOf(form.error));
    const { email } = form.data;
    const wait = await bySender.consume(req.ip ?? "");
    if (wait !== undefined)
      throw new HttpError(429, "Too many requests from your address.", { retryAfterSeconds: wait });
    // The answer is the same for known and unknown addresses, also in time: looking up comes after it.
    deps.background.start("password reset", async () => {
      if ((await byMail.consume(email.toLowerCase())) !== undefined) return;
      for (const username of await askForPasswordReset(db, ALL_ACCOUNTS, { email, mayUseManager: true, now: time() })) {
        await audit(db, { actor: username, action: "password.reset-asked", target: "manager", address: req.ip });
      }
    });
    sendForgot(res, "sent");
  });

  router.get("/reset/:token", async (req, res) => {
    const { success, data } = LinkParams.safeParse(req.params);
    sendReset(res, success ? await findLinkOwner(db, ALL_ACCOUNTS, { token: data.token, now: time() }) : undefined);
  });

  router.post("/reset/:token", async (req, res) => {
    const { token } = LinkParams.parse(req.params);
    // Looked up first, so that guesses cost no hashing; the transaction decides.
    const owner = await findLinkOwner(db, ALL_ACCOUNTS, { token, now: time() });
    if (owner === undefined) return sendReset(res, undefined);
    const form = ResetForm.safeParse(req.body ?? {});
    if (!form.success) return sendReset(res, owner, errorsOf(form.error));
    const passwordHash = await passwords.hash(form.data.password);
    const done = await finishPasswordLink(db, ALL_ACCOUNTS, { token, passwordHash, now: time() });
    if (done === undefined) return sendReset(res, undefined);
    const action = done.isInvited ? "user.invitation-accepted" : "password.reset";
    await audit(db, { actor: done.username, action, target: "manager", address: req.ip });
    leaveNotice(req, { tone: "ok", text: "The password is set. Sign in with it." });
    res.redirect(303, "/login");
  });

  router.get("/email/:token", async (req, res) => {
    const { success, data } = LinkParams.safeParse(req.params);
    const change = success ? await findEmailChange(db, ALL_ACCOUNTS, { token: data.token, now: time() }) : undefined;
    sendPage(res, {
      title: "New e-mail address",
      status: change === undefined ? 410 : 200,
      content: (context) => confirmEmailView(change, context),
    });
  });

  router.post("/email/:token", async (req, res) => {
    const { token } = LinkParams.parse(req.params);
    const change = await finishEmailChange(db, ALL_ACCOUNTS, { token, now: time() });
    if (change === undefined) {
      return sendPage(res, {
        title: "New e-mail address",
        status: 410,
        content: (context) => confirmEmailView(undefined, context),
      });
    }
    const { username, email } = change;
    await audit(db, { actor: username, action: "email.change", target: email, address: req.ip });
    leaveNotice(req, { tone: "ok", text: `E-mail for ${username} goes to ${email} from now on.` });
    res.redirect(303, "/account");
  });
  return router;
}
