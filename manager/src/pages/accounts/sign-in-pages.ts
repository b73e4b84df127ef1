import { hasSecondFactor } from "@elastic-gas/shared/accounts/second-factor";
import {
  type CodeLimits,
  isAtSecondStep,
  startSecondStep,
  takeSecondStep,
} from "@elastic-gas/shared/accounts/second-step";
import type { SecretBox } from "@elastic-gas/shared/accounts/secret-box";
import {
  endSession,
  findCurrentUser,
  safeNextPath,
  sessionIdHash,
  startSession,
} from "@elastic-gas/shared/accounts/sessions";
import { type SignInDeps, signIn } from "@elastic-gas/shared/accounts/sign-in";
import { audit, auditRefusal } from "@elastic-gas/shared/audit";
import { formatDuration } from "@elastic-gas/shared/format/durations";
import { type Response, Router } from "express";
import { z } from "zod";
import { mayEnter } from "../../features/accounts/door.ts";
import type { SendPage, ViewContext } from "../frame/send-page.ts";
import { codeView } from "./code-view.ts";
import { loginView } from "./login-view.ts";

export interface SignInPagesDeps extends SignInDeps {
  readonly sendPage: SendPage;
  /** Codes of the second step. */
  readonly codeLimits: CodeLimits;
  readonly box: SecretBox;
  /** Ends what a session has open elsewhere (its live connections). */
  readonly onSignOut: (sessionIdHash: string) => void;
}

const SignInForm = z.object({
  username: z.string().max(200).default(""),
  password: z.string().max(200).default(""),
  next: z.string().max(2_000).optional(),
});

const CodeForm = z.object({ code: z.string().max(100).default("") });

/** Administrators and viewers only: anybody else gets the same answer as with a wrong password. */
export function signInPages(deps: SignInPagesDeps): Router {
  const { db, sendPage } = deps;
  const router = Router();

  router.get("/login", (req, res) => {
    const next = safeNextPath(req.query.next);
    const user = findCurrentUser(res);
    if (user !== undefined && mayEnter(user)) return res.redirect(303, next);
    const unsent = req.query.unsent === "1";
    const content = (context: ViewContext) => loginView({ next, username: "", error: "", unsent }, context);
    sendPage(res, { title: "Sign in", content });
  });

  router.post("/login", async (req, res) => {
    const { username, password, next } = SignInForm.parse(req.body ?? {});
    const address = req.ip ?? "";
    const result = await signIn(deps, { username, password, address });
    if (result.kind === "ok" && mayEnter(result.user)) {
      if (await hasSecondFactor(db, result.user.id)) {
        await startSecondStep(req, { userId: result.user.id, next: safeNextPath(next) });
        return res.redirect(303, "/login/code");
      }
      await startSession(req, result.user);
      await audit(db, { actor: result.user.username, action: "sign-in", target: "manager", address });
      return res.redirect(303, safeNextPath(next));
    }
    if (result.kind === "limited") res.setHeader("Retry-After", String(result.retryAfterSeconds));
    await auditRefusal(db, { actor: username || "nobody", action: "sign-in.refused", detail: result.kind, address });
    const error =
      result.kind === "limited"
        ? `Too many failed attempts. Try again in ${formatDuration(result.retryAfterSeconds)}.`
        : "User name or password is wrong, or the account may not use the manager.";
    sendPage(res, {
      title: "Sign in",
      status: result.kind === "limited" ? 429 : 401,
      content: (context) => loginView({ next: safeNextPath(next), username, error }, context),
    });
  });

  const sendCode = (res: Response, error: string, status: number) =>
    sendPage(res, { title: "Second step", status, content: (context) => codeView(error, context) });
  router.get("/login/code", (req, res) => (isAtSecondStep(req) ? sendCode(res, "", 200) : res.redirect(303, "/login")));

  router.post("/login/code", async (req, res) => {
    const { code } = CodeForm.parse(req.body ?? {});
    const address = req.ip ?? "";
    const step = await takeSecondStep({ db, box: deps.box, limits: deps.codeLimits }, req, code);
    if (step.kind === "over" || !mayEnter(step.user)) return res.redirect(303, "/login");
    const actor = step.user.username;
    if (step.kind === "ok") {
      await startSession(req, step.user);
      await audit(db, { actor, action: "sign-in", target: "manager", detail: "with a second step", address });
      return res.redirect(303, step.next);
    }
    await auditRefusal(db, { actor, action: "sign-in.refused", detail: `code: ${step.kind}`, address });
    if (step.kind === "wrong") return sendCode(res, "This code is wrong, or was used before.", 401);
    res.setHeader("Retry-After", String(step.retryAfterSeconds));
    sendCode(res, `Too many codes. Try again in ${formatDuration(step.retryAfterSeconds)}.`, 429);
  });

  router.post("/logout", async (req, res) => {
    const user = findCurrentUser(res);
    const hash = sessionIdHash(req.sessionID);
    await endSession(req);
    deps.onSignOut(hash);
    if (user !== undefined) await audit(db, { actor: user.username, action: "sign-out", target: "manager" });
    res.redirect(303, "/login");
  });
  return router;
}
