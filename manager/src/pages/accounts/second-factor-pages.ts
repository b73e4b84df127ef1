import {
  confirmSecondFactor,
  countRecoveryCodes,
  type Enrolment,
  endSecondFactor,
  enrolmentOf,
  hasSecondFactor,
  makeEnrolment,
} from "@elastic-gas/shared/accounts/second-factor";
import type { SecretBox } from "@elastic-gas/shared/accounts/secret-box";
import { currentUser, sessionIdHash } from "@elastic-gas/shared/accounts/sessions";
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

declare module "express-session" {
  interface SessionData {
    /**
     * A second step that waits for its first code: of this browser alone, so that no other session knows its secret or
     * puts another in its place. `secret` is sealed; `at`: milliseconds since the epoch.
     */
    enrolment?: { readonly secret: string; readonly at: number };
  }
}

/** From the password to the first code. */
const ENROLMENT_MS = 15 * 60_000;

const CodeForm = z.object({ code: z.string().max(100).default("") });
const PasswordForm = z.object({ password: z.string().max(200).default("") });

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
  const leaveForAccount = (req: Request, res: Response, tone: "ok" | "warn", text: string) => {
    leaveNotice(req, { tone, text });
    res.redirect(303, "/account");
  };
  const sendEnrolment = async (res: Response, enrolment: Enrolment, error: string) => {
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
  /**
   * Switching it on or off asks for the password: an open session alone must not lock its owner out. True: it is right.
   */
  const isOwner = async (req: Request, res: Response, refusedIn: (error: string) => Promise<SecondFactorState>) => {
    const { password } = PasswordForm.parse(req.body ?? {});
    // Through the same limits as signing in: an open session must not be a way to guess the password.
    const { username } = currentUser(res);
    const checked = await signIn(deps, { username, password, address: req.ip ?? "" });
    if (checked.kind === "ok") return true;
    const error =
      checked.kind === "wrong"
        ? "This is not your password."
        : `Too many failed attempts. Try again in ${formatDuration(checked.retryAfterSeconds)}.`;
    await deps.sendAccount(res, { status: checked.kind === "wrong" ? 400 : 429, state: await refusedIn(error) });
    return false;
  };

  router.post("/account/second-factor", async (req, res) => {
    const user = currentUser(res);
    if (await hasSecondFactor(db, user.id)) return leaveForAccount(req, res, "ok", "The second step is on already.");
    if (!(await isOwner(req, res, async (error) => ({ kind: "off", error })))) return;
    const enrolment = makeEnrolment(user.username);
    req.session.enrolment = { secret: box.seal(enrolment.secret, String(user.id)), at: now() };
    return sendEnrolment(res, enrolment, "");
  });

  router.post("/account/second-factor/confirm", async (req, res) => {
    const user = currentUser(res);
    const { code } = CodeForm.parse(req.body ?? {});
    const { enrolment } = req.session;
    if (enrolment === undefined || enrolment.at + ENROLMENT_MS < now()) {
      delete req.session.enrolment;
      const words = "Setting up the second step took too long, or was begun in another browser. Begin again.";
      return leaveForAccount(req, res, "warn", words);
    }
    const secret = box.open(enrolment.secret, String(user.id));
    const keptSession = sessionIdHash(req.sessionID);
    const done = await confirmSecondFactor(
      { db, box },
      { userId: user.id, secret, code, now: new Date(now()), keptSession },
    );
    if (done.kind === "wrong code")
      return sendEnrolment(res, enrolmentOf(secret, user.username), "This is not the code that the app shows now.");
    delete req.session.enrolment;
    if (done.kind === "on already") return leaveForAccount(req, res, "ok", "The second step is on already.");
    await audit(db, { actor: user.username, action: "second-factor.on", address: req.ip });
    const fleet = await watcher.fleet();
    const content = () => recoveryCodesView(done.recoveryCodes);
    return sendPage(res, { title: "Recovery codes", section: "users", fleet, content });
  });

  router.post("/account/second-factor/end", async (req, res) => {
    const user = currentUser(res);
    const asOn = async (error: string): Promise<SecondFactorState> => ({
      kind: "on",
      recoveryCodes: await countRecoveryCodes(db, user.id),
      error,
    });
    if (!(await isOwner(req, res, asOn))) return;
    await db.transaction().execute((trx) => endSecondFactor(trx, user.id));
    await audit(db, { actor: user.username, action: "second-factor.off", address: req.ip });
    return leaveForAccount(req, res, "ok", "The second step is off.");
  });
  for (const path of ["", "/confirm", "/end"]) router.all(`/account/second-factor${path}`, methodNotAllowed("POST"));
  return router;
}

export async function readSecondFactor(db: Database, userId: number): Promise<SecondFactorState> {
  if (!(await hasSecondFactor(db, userId))) return { kind: "off" };
  return { kind: "on", recoveryCodes: await countRecoveryCodes(db, userId) };
}
