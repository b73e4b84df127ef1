import { audit, auditRefusal } from "@elastic-gas/shared/accounts/audit";
import { type SignInLimits, signIn } from "@elastic-gas/shared/accounts/sign-in";
import { userAppUrl } from "@elastic-gas/shared/config";
import { formatDuration } from "@elastic-gas/shared/format/durations";
import { methodNotAllowed } from "@elastic-gas/shared/web/errors";
import {
  cookieNameOf,
  endSession,
  findCurrentUser,
  safeNextPath,
  startSession,
} from "@elastic-gas/shared/web/sessions";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { PREMIUM_PRICE } from "../subscription/plan.ts";
import type { Deps } from "../web/deps.ts";
import { checkFormToken, formToken, isForeign } from "../web/form-token.ts";
import { SESSION_COOKIE } from "../web/session-secret.ts";
import { homeView } from "./views/home.ts";
import { loginView } from "./views/login.ts";
import type { SignInFormProps } from "./views/sign-in-form.ts";

const SignInForm = z.object({
  username: z.string("A user name is needed.").max(1_000),
  password: z.string("A password is needed.").max(1_000),
  next: z.string().optional(),
});

export interface SignInPagesDeps extends Deps {
  readonly limits: SignInLimits;
  /** How the button of the other way to sign in is named; undefined without OpenID Connect. */
  readonly oidcName: string | undefined;
}

/** `/`, `/login` and `/logout`. Mount before the CSRF check: anonymous forms carry a token of their own. */
export function signInPages(deps: SignInPagesDeps): Router {
  const { config, sendPage } = deps;
  const form = (
    req: Request,
    res: Response,
    shown: Pick<SignInFormProps, "next" | "username" | "error">,
  ): SignInFormProps => ({ token: formToken(req, res), oidcName: deps.oidcName, ...shown });
  const router = Router();

  router.get("/", (req, res) => {
    const shownForm = findCurrentUser(res) === undefined ? form(req, res, { next: "/annotations" }) : undefined;
    sendPage(res, {
      title: "Annotate VCF files",
      content: () =>
        homeView({
          form: shownForm,
          price: PREMIUM_PRICE,
          freeMaxBytes: config.FREE_MAX_BYTES,
          premiumMaxBytes: config.PREMIUM_MAX_BYTES,
          retentionSeconds: config.FREE_RETENTION_SECONDS,
        }),
    });
  });

  router.get("/login", (req, res) => {
    const next = safeNextPath(req.query.next, "/annotations");
    if (findCurrentUser(res) !== undefined) return res.redirect(303, next);
    const shown = form(req, res, { next });
    return sendPage(res, { title: "Sign in", content: () => loginView(shown) });
  });

  router.post("/login", checkFormToken, async (req, res) => {
    const { username, password, next } = SignInForm.parse(req.body);
    const address = req.ip ?? "";
    const outcome = await signIn(deps, { username, password, address });
    if (outcome.kind === "ok") {
      await startSession(req, outcome.user);
      await audit(deps.db, { actor: outcome.user.username, action: "session.start", address });
      res.redirect(303, safeNextPath(next, "/annotations"));
      return;
    }
    await auditRefusal(deps.db, { actor: username, action: "session.refused", detail: outcome.kind, address });
    const error = refusal(outcome);
    if (outcome.kind === "limited") res.setHeader("Retry-After", String(outcome.retryAfterSeconds));
    const shown = form(req, res, { next: safeNextPath(next, "/annotations"), username: username.slice(0, 100), error });
    sendPage(res, {
      title: "Sign in",
      status: outcome.kind === "limited" ? 429 : 401,
      content: () => loginView(shown),
    });
  });
  router.all("/login", methodNotAllowed("GET", "POST"));

  const leave = async (req: Request, res: Response) => {
    // A link on another site must not sign people out.
    if (isForeign(req)) return res.redirect(303, "/");
    const user = findCurrentUser(res);
    await endSession(req);
    const isHttps = userAppUrl(config).startsWith("https:");
    res.clearCookie(cookieNameOf(SESSION_COOKIE, isHttps), { path: "/", secure: isHttps });
    if (user !== undefined) await audit(deps.db, { actor: user.username, action: "session.end", address: req.ip });
    return res.redirect(303, "/");
  };
  router.post("/logout", leave);
  router.all("/logout", methodNotAllowed("POST"));
  return router;
}

function refusal(outcome: { kind: "wrong" } | { kind: "limited"; retryAfterSeconds: number }): string {
  if (outcome.kind === "wrong") return "The user name or the password is wrong.";
  return `Too many failed attempts. Try again in ${formatDuration(outcome.retryAfterSeconds)}.`;
}
