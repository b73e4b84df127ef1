import { PREMIUM_PRICE } from "@elastic-gas/shared/accounts/plan";
import { hasSecondFactor } from "@elastic-gas/shared/accounts/second-factor";
import {
  createCodeLimits,
  isAtSecondStep,
  startSecondStep,
  takeSecondStep,
} from "@elastic-gas/shared/accounts/second-step";
import { createSecretBox } from "@elastic-gas/shared/accounts/secret-box";
import {
  cookieNameOf,
  endSession,
  findCurrentUser,
  safeNextPath,
  startSession,
} from "@elastic-gas/shared/accounts/sessions";
import { type SignInLimits, signIn } from "@elastic-gas/shared/accounts/sign-in";
import { audit, auditRefusal } from "@elastic-gas/shared/audit";
import { userAppUrl } from "@elastic-gas/shared/config";
import { formatDuration } from "@elastic-gas/shared/format/durations";
import { methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Deps } from "../web/deps.ts";
import { checkFormToken, formToken, isForeign } from "../web/form-token.ts";
import { SESSION_COOKIE } from "../web/session-secret.ts";
import { codeView } from "./views/code.ts";
import { homeView } from "./views/home.ts";
import { loginView } from "./views/login.ts";
import type { SignInFormProps } from "./views/sign-in-form.ts";

const SignInForm = z.object({
  username: z.string("A user name is needed.").max(1_000),
  password: z.string("A password is needed.").max(1_000),
  next: z.string().optional(),
});

const CodeForm = z.object({ code: z.string("A code is needed.").max(100) });

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
  const limits = createCodeLimits(deps.rateLimits);
  const box = createSecretBox(deps.config.TOTP_KEY);
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
    return sendPage(res, { title: "Sign in", content: () => loginView(shown, { unsent: req.query.unsent === "1" }) });
  });

  router.post("/login", checkFormToken, async (req, res) => {
    const { username, password, next } = SignInForm.parse(req.body);
    const address = req.ip ?? "";
    const outcome = await signIn(deps, { username, password, address });
    if (outcome.kind === "ok" && (await hasSecondFactor(deps.db, outcome.user.id))) {
      await startSecondStep(req, { userId: outcome.user.id, next: safeNextPath(next, "/annotations") });
      res.redirect(303, "/login/code");
      return;
    }
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

  const sendCode = (req: Request, res: Response, { error, status }: { error?: string; status: number }) => {
    const token = formToken(req, res);
    sendPage(res, { title: "Second step", status, content: () => codeView({ token, error }) });
  };
  router.get("/login/code", (req, res) =>
    isAtSecondStep(req) ? sendCode(req, res, { status: 200 }) : res.redirect(303, "/login"),
  );
  router.post("/login/code", checkFormToken, async (req, res) => {
    const { code } = CodeForm.parse(req.body);
    const step = await takeSecondStep({ db: deps.db, box, limits }, req, code);
    if (step.kind === "over") return res.redirect(303, "/login");
    const [actor, address] = [step.user.username, req.ip];
    if (step.kind === "ok") {
      await startSession(req, step.user);
      await audit(deps.db, { actor, action: "session.start", detail: "with a second step", address });
      return res.redirect(303, step.next);
    }
    await auditRefusal(deps.db, { actor, action: "session.refused", detail: `code: ${step.kind}`, address });
    if (step.kind === "limited") res.setHeader("Retry-After", String(step.retryAfterSeconds));
    const error = step.kind === "wrong" ? "This code is wrong, or was used before." : refusal(step);
    return sendCode(req, res, { error, status: step.kind === "wrong" ? 401 : 429 });
  });
  router.all("/login/code", methodNotAllowed("GET", "POST"));

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
