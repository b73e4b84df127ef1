import { PLAIN_ACCOUNTS } from "@elastic-gas/shared/accounts/account-tables";
import {
  askForEmailChange,
  EMAIL_CHANGE_MINUTES,
  findEmailChange,
  finishEmailChange,
  removeEmail,
} from "@elastic-gas/shared/accounts/email-changes";
import { LinkParams } from "@elastic-gas/shared/accounts/mailed-token";
import { createRateLimiter, type RateLimiter } from "@elastic-gas/shared/accounts/rate-limit";
import { currentUser } from "@elastic-gas/shared/accounts/sessions";
import { type SignInLimits, signIn } from "@elastic-gas/shared/accounts/sign-in";
import { EmailOrNone, type User } from "@elastic-gas/shared/accounts/users";
import { audit } from "@elastic-gas/shared/audit";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Deps } from "../web/deps.ts";
import { checkFormToken, formToken } from "../web/form-token.ts";
import { leaveNotice } from "../web/pages.ts";
import { findPasswordHash } from "./account-queries.ts";
import { refuseManagersAccount } from "./managers-account.ts";
import { type EmailProps, emailView } from "./views/email.ts";

/** Per new address and per account: nobody's mailbox is filled by others. */
const EMAIL_LIMIT = { name: "email-change", points: 5, perSeconds: 900 } as const;
/** An account without a password here has to have signed in this recently. */
const FRESH_SIGN_IN_MS = 15 * 60_000;

const EmailForm = z.object({
  email: EmailOrNone,
  password: z.string().max(1_000).default(""),
});

export interface EmailErrors {
  readonly email?: string | undefined;
  readonly password?: string | undefined;
}

export interface EmailChangePagesDeps extends Deps {
  readonly limits: SignInLimits;
  /** Shows the profile with what is wrong. */
  readonly refuse: (
    req: Request,
    res: Response,
    refused: { readonly given: string; readonly errors: EmailErrors },
  ) => Promise<void>;
}

/** `POST /profile/email`: asks for a new address. Mount behind `requireUser`. */
export function emailChangePages(deps: EmailChangePagesDeps): Router {
  const { db, now, refuse } = deps;
  const limit = createRateLimiter(deps.rateLimits, EMAIL_LIMIT);
  const router = Router();

  router.post("/profile/email", async (req, res) => {
    const user = currentUser(res);
    refuseManagersAccount(user, deps.config);
    const given = typeof req.body?.email === "string" ? req.body.email : "";
    const form = EmailForm.safeParse(req.body);
    if (!form.success) {
      return refuse(req, res, { given, errors: { email: form.error.issues[0]?.message } });
    }
    const { email, password } = form.data;
    if (email === user.email) {
      leaveNotice(req, { tone: "ok", start: "This is your address already." });
      return res.redirect(303, "/profile");
    }
    const refusal = await refusalOf(deps, req, { user, password });
    if (refusal !== undefined) return refuse(req, res, { given, errors: { password: refusal } });
    if (email === null) {
      await removeEmail(db, PLAIN_ACCOUNTS, { user, now: now() });
      await audit(db, { actor: user.username, action: "email.remove", address: req.ip });
      leaveNotice(req, { tone: "ok", start: "Your address is removed.", text: "Nothing is mailed to you any more." });
      return res.redirect(303, "/profile");
    }
    await takeFrom(limit, email.toLowerCase(), `user ${user.id}`);
    await askForEmailChange(db, PLAIN_ACCOUNTS, { user, email, now: now() });
    await audit(db, { actor: user.username, action: "email.change-asked", target: email, address: req.ip });
    leaveNotice(req, {
      tone: "ok",
      start: `An e-mail is on its way to ${email}.`,
      text: `Open its link within ${EMAIL_CHANGE_MINUTES}\u00a0min. Until then your old address stays.`,
    });
    return res.redirect(303, "/profile");
  });
  router.all("/profile/email", methodNotAllowed("POST"));
  return router;
}

/**
 * `/email/:token`: confirms a new address, also in a browser that is not signed in. Opening it changes nothing, for
 * mail scanners open links. Mount before the CSRF check: its form carries a token of its own.
 */
export function emailConfirmPages(deps: Deps): Router {
  const { db, sendPage, now } = deps;
  const router = Router();
  const send = (res: Response, props: EmailProps, status = 200) =>
    sendPage(res, { title: "New e-mail address", status, content: () => emailView(props) });

  router.get("/email/:token", async (req, res) => {
    const params = LinkParams.safeParse(req.params);
    const change = params.success
      ? await findEmailChange(db, PLAIN_ACCOUNTS, { token: params.data.token, now: now() })
      : undefined;
    if (change === undefined) send(res, { kind: "over" }, 410);
    else send(res, { kind: "usable", token: formToken(req, res), username: change.username, email: change.email });
  });

  router.post("/email/:token", checkFormToken, async (req, res) => {
    const { token } = LinkParams.parse(req.params);
    const change = await finishEmailChange(db, PLAIN_ACCOUNTS, { token, now: now() });
    if (change === undefined) {
      send(res, { kind: "over" }, 410);
      return;
    }
    const { username, email } = change;
    await audit(db, { actor: username, action: "email.change", target: email, address: req.ip });
    send(res, { kind: "done", username, email });
  });
  router.all("/email/:token", methodNotAllowed("GET", "POST"));
  return router;
}

/** Why the person at the keyboard may not change the address; undefined when they may. */
async function refusalOf(
  deps: EmailChangePagesDeps,
  req: Request,
  { user, password }: { readonly user: User; readonly password: string },
): Promise<string | undefined> {
  if (typeof (await findPasswordHash(deps.db, user.id)) !== "string") {
    const { signedInAt = 0 } = req.session;
    return signedInAt + FRESH_SIGN_IN_MS > Date.now()
      ? undefined
      : `Sign out and in again, and change the address within ${FRESH_SIGN_IN_MS / 60_000}\u00a0min.`;
  }
  // Through the same limits as signing in: an open session must not be a way to guess the password.
  const checked = await signIn(deps, { username: user.username, password, address: req.ip ?? "" });
  if (checked.kind === "limited") {
    throw new HttpError(429, "Too many failed attempts.", { retryAfterSeconds: checked.retryAfterSeconds });
  }
  return checked.kind === "wrong" ? "This is not your password." : undefined;
}

async function takeFrom(limit: RateLimiter, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const wait = await limit.consume(key);
    if (wait !== undefined) {
      throw new HttpError(429, "Too many changes of the address were asked for.", { retryAfterSeconds: wait });
    }
  }
}
