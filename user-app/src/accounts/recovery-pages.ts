import { randomUUID } from "node:crypto";
import { PLAIN_ACCOUNTS } from "@elastic-gas/shared/accounts/account-tables";
import { LinkParams } from "@elastic-gas/shared/accounts/mailed-token";
import {
  askForPasswordReset,
  findLinkOwner,
  finishPasswordLink,
  listAccountsAt,
  RESET_MINUTES,
} from "@elastic-gas/shared/accounts/password-links";
import { PagePassword } from "@elastic-gas/shared/accounts/passwords";
import { createRateLimiter } from "@elastic-gas/shared/accounts/rate-limit";
import { Email } from "@elastic-gas/shared/accounts/users";
import { audit } from "@elastic-gas/shared/audit";
import { putUserMail } from "@elastic-gas/shared/mail/user-mails";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { type Response, Router } from "express";
import { z } from "zod";
import type { Deps } from "../web/deps.ts";
import { checkFormToken, formToken } from "../web/form-token.ts";
import { leaveNotice } from "../web/pages.ts";
import { type ForgotProps, forgotView } from "./views/forgot.ts";
import { type ResetProps, resetView } from "./views/reset.ts";

/** Per e-mail address: nobody's mailbox is filled by others. */
const MAIL_LIMIT = { name: "forgot", points: 5, perSeconds: 900 } as const;
/** Per sender; a whole class may share one address. */
const SENDER_LIMIT = { name: "forgot-address", points: 60, perSeconds: 900 } as const;

const ForgotForm = z.object({ email: z.string("An address is needed.").trim().pipe(Email) });
const ResetForm = z.object({ password: z.string("A password is needed.").pipe(PagePassword) });

/**
 * `/forgot` and `/reset/:token`, which also sets the first password of somebody whom an administrator invited. Mount
 * before the CSRF check: anonymous forms carry a token of their own.
 */
export function recoveryPages(deps: Deps): Router {
  const { db, sendPage, now } = deps;
  const byMail = createRateLimiter(deps.rateLimits, MAIL_LIMIT);
  const bySender = createRateLimiter(deps.rateLimits, SENDER_LIMIT);
  const router = Router();
  const sendForgot = (res: Response, props: ForgotProps, status = 200) =>
    sendPage(res, { title: "Forgotten password", status, content: () => forgotView(props) });
  const sendReset = (res: Response, props: ResetProps, status: number) =>
    sendPage(res, { title: "New password", status, content: () => resetView(props) });

  router.get("/forgot", (req, res) => sendForgot(res, { kind: "ask", token: formToken(req, res) }));

  router.post("/forgot", checkFormToken, async (req, res) => {
    const form = ForgotForm.safeParse(req.body);
    if (!form.success) {
      sendForgot(res, { kind: "ask", token: formToken(req, res), error: form.error.issues[0]?.message }, 400);
      return;
    }
    const { email } = form.data;
    const wait = await bySender.consume(req.ip ?? "");
    if (wait !== undefined)
      throw new HttpError(429, "Too many requests from your address.", { retryAfterSeconds: wait });
    // The answer is the same for known and unknown addresses, also in time: looking up comes after it.
    deps.inBackground("password reset", async () => {
      if ((await byMail.consume(email.toLowerCase())) !== undefined) return;
      for (const { id: userId, mayUseManager } of await listAccountsAt(db, email)) {
        const about = `${userId} ${randomUUID()}`;
        if (mayUseManager) await putUserMail(db, { userId, kind: "reset-in-manager", about, detail: {} });
      }
      const asked = await askForPasswordReset(db, PLAIN_ACCOUNTS, { email, mayUseManager: false, now: now() });
      for (const actor of asked) await audit(db, { actor, action: "password.reset-asked", address: req.ip });
    });
    sendForgot(res, { kind: "sent", validSeconds: RESET_MINUTES * 60 });
  });
  router.all("/forgot", methodNotAllowed("GET", "POST"));

  router.get("/reset/:token", async (req, res) => {
    const params = LinkParams.safeParse(req.params);
    const owner = params.success
      ? await findLinkOwner(db, PLAIN_ACCOUNTS, { token: params.data.token, now: now() })
      : undefined;
    if (owner === undefined) sendReset(res, { kind: "over" }, 410);
    else sendReset(res, { kind: "usable", token: formToken(req, res), owner }, 200);
  });

  router.post("/reset/:token", checkFormToken, async (req, res) => {
    const { token } = LinkParams.parse(req.params);
    // Looked up first, so that guesses cost no hashing; the transaction decides.
    const owner = await findLinkOwner(db, PLAIN_ACCOUNTS, { token, now: now() });
    if (owner === undefined) return sendReset(res, { kind: "over" }, 410);
    const form = ResetForm.safeParse(req.body);
    if (!form.success) {
      const error = form.error.issues[0]?.message;
      return sendReset(res, { kind: "usable", token: formToken(req, res), owner, error }, 400);
    }
    const passwordHash = await deps.passwords.hash(form.data.password);
    const done = await finishPasswordLink(db, PLAIN_ACCOUNTS, { token, passwordHash, now: now() });
    if (done === undefined) return sendReset(res, { kind: "over" }, 410);
    const action = done.isInvited ? "user.invitation-accepted" : "password.reset";
    await audit(db, { actor: done.username, action, address: req.ip });
    leaveNotice(req, { tone: "ok", start: "The password is set.", text: "Sign in with it." });
    res.redirect(303, "/login");
  });
  router.all("/reset/:token", methodNotAllowed("GET", "POST"));
  return router;
}
