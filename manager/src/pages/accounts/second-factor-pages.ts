import {
  beginSecondFactor,
  confirmSecondFactor,
  countRecoveryCodes,
  endSecondFactor,
  hasSecondFactor,
} from "@elastic-gas/shared/accounts/second-factor";
import type { SecretBox } from "@elastic-gas/shared/accounts/secret-box";
import { currentUser } from "@elastic-gas/shared/accounts/sessions";
import { type SignInLimits, signIn } from "@elastic-gas/shared/accounts/sign-in";
import { audit } from "@elastic-gas/shared/audit";
import type { Database } from "@elastic-gas/shared/database/connect";
import { formatDuration } from "@elastic-gas/shared/format/durations";
import { methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { PageDeps } from "../frame/page-deps.ts";
import { leaveNotice, type ViewContext } from "../frame/send-page.ts";
import { enrolmentView, recoveryCodesView, type SecondFactorState } from "./second-factor-view.ts";

const CodeForm = z.object({ code: z.string().max(100).default("") });
const EndForm = z.object({ password: z.string().max(200).default("") });

export interface SecondFactorPagesDeps extends PageDeps {
  readonly limits: SignInLimits;
  readonly box: SecretBox;
  /** The account page, with what is wrong in its panel. */
  readonly sendAccount: (
    res: Response,
    refused: { readonly status: number; readonly state: SecondFactorState },
  ) => Promise<void>;
}

/** `/account/second-factor`: switches it on and off for the reader's own account. */
export function secondFactorPages(deps: SecondFactorPagesDeps): Router {
  const { db, box, watcher, sendPage, now } = deps;
  const router = Router();
  const enrol = async (req: Request, res: Response, error: string) => {
    const enrolment = await beginSecondFactor({ db, box }, currentUser(res));
    if (enrolment === undefined) {
      leaveNotice(req, { tone: "ok", text: "The second step is on already." });
      return res.redirect(303, "/account");
    }
    const content = (context: ViewContext) => enrolmentView(enrolment, error, context);
    const fleet = await watcher.fleet();
    return sendPage(res, {
      title: "Second step",
      section: "account",
      status: error === "" ? 200 : 400,
      fleet,
      content,
    });
  };

  router.post("/account/second-factor", (req, res) => enrol(req, res, ""));

  router.post("/account/second-factor/confirm", async (req, res) => {
    const user = currentUser(res);
    const { code } = CodeForm.parse(req.body ?? {});
    const codes = await confirmSecondFactor({ db, box }, { userId: user.id, code, now: new Date(now()) });
    if (codes === undefined) return enrol(req, res, "This is not the code that the app shows now.");
    await audit(db, { actor: user.username, action: "second-factor.on", address: req.ip });
    const fleet = await watcher.fleet();
    return sendPage(res, { title: "Recovery codes", section: "users", fleet, content: () => recoveryCodesView(codes) });
  });

  router.post("/account/second-factor/end", async (req, res) => {
    const user = currentUser(res);
    const { password } = EndForm.parse(req.body ?? {});
    // Through the same limits as signing in: an open session must not be a way to guess the password.
    const checked = await signIn(deps, { username: user.username, password, address: req.ip ?? "" });
    if (checked.kind !== "ok") {
      const error =
        checked.kind === "wrong"
          ? "This is not your password."
          : `Too many attempts. Try again in ${formatDuration(checked.retryAfterSeconds)}.`;
      const state: SecondFactorState = { kind: "on", recoveryCodes: await countRecoveryCodes(db, user.id), error };
      return deps.sendAccount(res, { status: checked.kind === "wrong" ? 400 : 429, state });
    }
    await db.transaction().execute((trx) => endSecondFactor(trx, user.id));
    await audit(db, { actor: user.username, action: "second-factor.off", address: req.ip });
    leaveNotice(req, { tone: "ok", text: "The second step is off." });
    return res.redirect(303, "/account");
  });
  for (const path of ["", "/confirm", "/end"]) router.all(`/account/second-factor${path}`, methodNotAllowed("POST"));
  return router;
}

export async function readSecondFactor(db: Database, userId: number): Promise<SecondFactorState> {
  if (!(await hasSecondFactor(db, userId))) return { kind: "off" };
  return { kind: "on", recoveryCodes: await countRecoveryCodes(db, userId) };
}
