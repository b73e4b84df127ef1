import { join } from "node:path";
import { audit } from "@elastic-gas/shared/accounts/audit";
import { type SignInDeps, signIn } from "@elastic-gas/shared/accounts/sign-in";
import { icon } from "@elastic-gas/shared/ui/icons";
import { countOf, spanText } from "@elastic-gas/shared/ui/words";
import { methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { endSession, findCurrentUser, safeNextPath, startSession } from "@elastic-gas/shared/web/sessions";
import { createViews } from "@elastic-gas/shared/web/views";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { PREMIUM_PRICE } from "../subscription/plan.ts";
import type { Deps } from "../web/deps.ts";
import { checkFormToken, formToken, isForeign } from "../web/form-token.ts";
import { SESSION_COOKIE } from "../web/session-secret.ts";

const SignInForm = z.object({
  username: z.string("A user name is needed.").max(1_000),
  password: z.string("A password is needed.").max(1_000),
  next: z.string().optional(),
});

export interface SignInPagesDeps extends Deps {
  readonly signInLimits: Pick<SignInDeps, "byName" | "byAddress">;
  /** How the button of the other way to sign in is named; undefined without OpenID Connect. */
  readonly oidcName: string | undefined;
}

/** `/`, `/login` and `/logout`. Mount before the CSRF check: anonymous forms carry a token of their own. */
export function signInPages(deps: SignInPagesDeps): Router {
  const { config, sendPage } = deps;
  const views = createViews(join(import.meta.dirname, "views"));
  const form = (req: Request, res: Response, shown: { next: string; username?: string; error?: string }): string =>
    views.render("sign-in-form", {
      token: formToken(req, res),
      username: "",
      error: undefined,
      oidcName: deps.oidcName,
      icon,
      ...shown,
    });
  const router = Router();

  router.get("/", (req, res) => {
    sendPage(res, {
      template: "accounts/views/home",
      title: "Annotate VCF files",
      data: {
        form: findCurrentUser(res) === undefined ? form(req, res, { next: "/annotations" }) : "",
        price: PREMIUM_PRICE,
        freeMaxBytes: config.FREE_MAX_BYTES,
        premiumMaxBytes: config.PREMIUM_MAX_BYTES,
        retentionSeconds: config.FREE_RETENTION_SECONDS,
      },
    });
  });

  router.get("/login", (req, res) => {
    const next = safeNextPath(req.query.next, "/annotations");
    if (findCurrentUser(res) !== undefined) return res.redirect(303, next);
    return sendPage(res, {
      template: "accounts/views/login",
      title: "Sign in",
      data: { form: form(req, res, { next }) },
    });
  });

  router.post("/login", checkFormToken, async (req, res) => {
    const { username, password, next } = SignInForm.parse(req.body);
    const address = req.ip ?? "";
    const outcome = await signIn({ ...deps, ...deps.signInLimits }, { username, password, address });
    if (outcome.kind === "ok") {
      await startSession(req, outcome.user);
      res.redirect(303, safeNextPath(next, "/annotations"));
      return;
    }
    const error = refusal(outcome);
    if (outcome.kind === "limited") res.setHeader("Retry-After", String(outcome.retryAfterSeconds));
    sendPage(res, {
      template: "accounts/views/login",
      title: "Sign in",
      status: outcome.kind === "limited" ? 429 : 401,
      data: {
        form: form(req, res, { next: safeNextPath(next, "/annotations"), username: username.slice(0, 100), error }),
      },
    });
  });
  router.all("/login", methodNotAllowed("GET", "POST"));

  const leave = async (req: Request, res: Response) => {
    // A link on another site must not sign people out.
    if (isForeign(req)) return res.redirect(303, "/");
    const user = findCurrentUser(res);
    await endSession(req);
    res.clearCookie(SESSION_COOKIE, { path: "/" });
    if (user !== undefined) await audit(deps.db, { actor: user.username, action: "session.end", address: req.ip });
    return res.redirect(303, "/");
  };
  router.get("/logout", leave);
  router.post("/logout", leave);
  router.all("/logout", methodNotAllowed("GET", "POST"));
  return router;
}

function refusal(outcome: { kind: "wrong" } | { kind: "limited"; retryAfterSeconds: number }): string {
  if (outcome.kind === "wrong") return "The user name or the password is wrong.";
  const wait = outcome.retryAfterSeconds;
  return `Too many failed attempts. Try again in ${wait < 120 ? countOf(wait, "second") : spanText(wait)}.`;
}
