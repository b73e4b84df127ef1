import { audit } from "@elastic-gas/shared/accounts/audit";
import {
  endSession,
  findCurrentUser,
  safeNextPath,
  sessionIdHash,
  startSession,
} from "@elastic-gas/shared/accounts/sessions";
import { type SignInDeps, signIn } from "@elastic-gas/shared/accounts/sign-in";
import { formatDuration } from "@elastic-gas/shared/format/durations";
import { Router } from "express";
import { z } from "zod";
import type { SendPage, ViewContext } from "../frame/send-page.ts";
import { loginView } from "./login-view.ts";

export interface SignInPagesDeps extends SignInDeps {
  readonly sendPage: SendPage;
  /** Ends what a session has open elsewhere (its live connections). */
  readonly onSignOut: (sessionIdHash: string) => void;
}

const SignInForm = z.object({
  username: z.string().max(200).default(""),
  password: z.string().max(200).default(""),
  next: z.string().max(2_000).optional(),
});

/** Administrators only: anybody else gets the same answer as with a wrong password. */
export function signInPages(deps: SignInPagesDeps): Router {
  const { db, sendPage } = deps;
  const router = Router();

  router.get("/login", (req, res) => {
    const next = safeNextPath(req.query.next);
    if (findCurrentUser(res)?.isAdmin === true) return res.redirect(303, next);
    const content = (context: ViewContext) => loginView({ next, username: "", error: "" }, context);
    sendPage(res, { title: "Sign in", content });
  });

  router.post("/login", async (req, res) => {
    const { username, password, next } = SignInForm.parse(req.body ?? {});
    const address = req.ip ?? "";
    const result = await signIn(deps, { username, password, address });
    if (result.kind === "ok" && result.user.isAdmin) {
      await startSession(req, result.user);
      await audit(db, { actor: result.user.username, action: "sign-in", target: "manager", address });
      return res.redirect(303, safeNextPath(next));
    }
    if (result.kind === "limited") res.setHeader("Retry-After", String(result.retryAfterSeconds));
    await audit(db, { actor: username || "nobody", action: "sign-in.refused", target: "manager", address });
    const error =
      result.kind === "limited"
        ? `Too many attempts. Try again in ${formatDuration(result.retryAfterSeconds)}.`
        : "User name or password is wrong, or the account is no administrator.";
    sendPage(res, {
      title: "Sign in",
      status: result.kind === "limited" ? 429 : 401,
      content: (context) => loginView({ next: safeNextPath(next), username, error }, context),
    });
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
