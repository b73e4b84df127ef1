import { ALL_ACCOUNTS } from "@elastic-gas/shared/accounts/account-tables";
import { askForEmailChange, EMAIL_CHANGE_MINUTES, removeEmail } from "@elastic-gas/shared/accounts/email-changes";
import { createRateLimiter, type RateLimitStore } from "@elastic-gas/shared/accounts/rate-limit";
import { currentUser } from "@elastic-gas/shared/accounts/sessions";
import { type SignInLimits, signIn } from "@elastic-gas/shared/accounts/sign-in";
import { EmailOrNone } from "@elastic-gas/shared/accounts/users";
import { audit } from "@elastic-gas/shared/audit";
import { HttpError } from "@elastic-gas/shared/web/errors";
import { type Response, Router } from "express";
import { z } from "zod";
import type { PageDeps } from "../frame/page-deps.ts";
import { leaveNotice } from "../frame/send-page.ts";
import { errorsOf, type FieldErrors } from "../kit/field-errors.ts";

/** Per new address and per account: nobody's mailbox is filled by others. */
const EMAIL_LIMIT = { name: "manager-email-change", points: 5, perSeconds: 900 } as const;

const EmailForm = z.object({
  email: EmailOrNone,
  emailPassword: z.string().max(200).default(""),
});

export type EmailPagesDeps = PageDeps & {
  readonly limits: SignInLimits;
  readonly rateLimits: RateLimitStore;
  /** Shows the account with what is wrong. */
  readonly sendAccount: (
    res: Response,
    refused: { status: number; errors: FieldErrors; email: string },
  ) => Promise<void>;
};

/** `POST /account/email`: asks for a new address of the reader's own, which counts once its link was opened. */
export function emailPages(deps: EmailPagesDeps): Router {
  const { db, now, sendAccount } = deps;
  const limit = createRateLimiter(deps.rateLimits, EMAIL_LIMIT);
  const router = Router();

  router.post("/account/email", async (req, res) => {
    const user = currentUser(res);
    const { username } = user;
    const given = typeof req.body?.email === "string" ? req.body.email : "";
    const refuse = (errors: FieldErrors) => sendAccount(res, { status: 400, errors, email: given });
    const form = EmailForm.safeParse(req.body ?? {});
    if (!form.success) return refuse(errorsOf(form.error));
    const { email, emailPassword } = form.data;
    // Through the same limits as signing in: an open session must not be a way to guess the password.
    const checked = await signIn(deps, { username, password: emailPassword, address: req.ip ?? "" });
    if (checked.kind === "limited") {
      throw new HttpError(429, "Too many failed attempts.", { retryAfterSeconds: checked.retryAfterSeconds });
    }
    if (checked.kind === "wrong") return refuse(new Map([["emailPassword", "This is not your password."]]));
    if (email === user.email) {
      leaveNotice(req, { tone: "ok", text: "This is your address already." });
    } else if (email === null) {
      await removeEmail(db, ALL_ACCOUNTS, { user, now: new Date(now()) });
      await audit(db, { actor: username, action: "email.remove", address: req.ip });
      leaveNotice(req, { tone: "ok", text: "Your address is removed. Nothing is mailed to you any more." });
    } else {
      for (const key of [email.toLowerCase(), `user ${user.id}`]) {
        const wait = await limit.consume(key);
        if (wait !== undefined) {
          throw new HttpError(429, "Too many changes of the address were asked for.", { retryAfterSeconds: wait });
        }
      }
      await askForEmailChange(db, ALL_ACCOUNTS, { user, email, now: new Date(now()) });
      await audit(db, { actor: username, action: "email.change-asked", target: email, address: req.ip });
      leaveNotice(req, {
        tone: "ok",
        text: `An e-mail is on its way to ${email}. Open its link within ${EMAIL_CHANGE_MINUTES}\u00a0min; until then your old address stays.`,
      });
    }
    res.redirect(303, "/account");
  });
  return router;
}
