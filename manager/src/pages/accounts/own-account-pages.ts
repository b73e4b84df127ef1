import { ALL_ACCOUNTS } from "@elastic-gas/shared/accounts/account-tables";
import { changePassword } from "@elastic-gas/shared/accounts/change-password";
import { PagePassword } from "@elastic-gas/shared/accounts/passwords";
import type { SecretBox } from "@elastic-gas/shared/accounts/secret-box";
import { currentUser, startSession } from "@elastic-gas/shared/accounts/sessions";
import { signIn } from "@elastic-gas/shared/accounts/sign-in";
import { audit } from "@elastic-gas/shared/audit";
import { HttpError } from "@elastic-gas/shared/web/errors";
import { type Response, Router } from "express";
import { z } from "zod";
import { leaveNotice } from "../frame/send-page.ts";
import { errorsOf, type FieldErrors } from "../kit/field-errors.ts";
import { accountView } from "./account-view.ts";
import { type EmailPagesDeps, emailPages } from "./email-pages.ts";
import { readSecondFactor, secondFactorPages } from "./second-factor-pages.ts";
import type { SecondFactorState } from "./second-factor-view.ts";

export type OwnAccountDeps = Omit<EmailPagesDeps, "sendAccount"> & { readonly box: SecretBox };

const PasswordForm = z
  .object({ current: z.string().max(200), password: PagePassword, again: z.string() })
  .refine((form) => form.password === form.again, { path: ["again"], message: "The two passwords differ." });

/** `/account`: the reader's own address, password and second step. */
export function ownAccountPages(deps: OwnAccountDeps): Router {
  const { db, passwords, watcher, sendPage, now } = deps;
  const router = Router();

  const sendAccount = async (
    res: Response,
    refused: {
      readonly status?: number;
      readonly errors?: FieldErrors;
      readonly email?: string;
      readonly state?: SecondFactorState;
    } = {},
  ) => {
    const { status = 200, errors = new Map() } = refused;
    const state = refused.state ?? (await readSecondFactor(db, currentUser(res).id));
    sendPage(res, {
      title: "Account",
      section: "account",
      status,
      fleet: await watcher.fleet(),
      content: (context) =>
        accountView({ email: refused.email ?? currentUser(res).email ?? "", errors, state }, context),
    });
  };
  router.get("/account", (_req, res) => sendAccount(res));
  router.use(secondFactorPages({ ...deps, sendAccount }), emailPages({ ...deps, sendAccount }));

  router.post("/account", async (req, res) => {
    const user = currentUser(res);
    const parsed = PasswordForm.safeParse(req.body ?? {});
    if (!parsed.success) return sendAccount(res, { status: 400, errors: errorsOf(parsed.error) });
    // Through the same limits as signing in: an open session must not be a way to guess the password.
    const { username } = user;
    const checked = await signIn(deps, { username, password: parsed.data.current, address: req.ip ?? "" });
    if (checked.kind === "limited") {
      throw new HttpError(429, "Too many failed attempts.", { retryAfterSeconds: checked.retryAfterSeconds });
    }
    if (checked.kind === "wrong") {
      return sendAccount(res, { status: 400, errors: new Map([["current", "This is not your password."]]) });
    }
    const passwordHash = await passwords.hash(parsed.data.password);
    await db
      .transaction()
      .execute((trx) => changePassword(trx, ALL_ACCOUNTS, { userId: user.id, passwordHash, now: new Date(now()) }));
    await audit(db, { actor: user.username, action: "password.change", address: req.ip });
    // The old session ends with the old password; this browser gets a new one.
    await startSession(req, user);
    leaveNotice(req, { tone: "ok", text: "Your password was changed. Other sessions of yours have ended." });
    res.redirect(303, "/account");
  });
  return router;
}
