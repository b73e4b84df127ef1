import { PLAIN_ACCOUNTS } from "@elastic-gas/shared/accounts/account-tables";
import { changePassword } from "@elastic-gas/shared/accounts/change-password";
import { PagePassword } from "@elastic-gas/shared/accounts/passwords";
import { PREMIUM_PRICE } from "@elastic-gas/shared/accounts/plan";
import { currentUser, sessionIdHash, startSession } from "@elastic-gas/shared/accounts/sessions";
import { type SignInLimits, signIn } from "@elastic-gas/shared/accounts/sign-in";
import type { User } from "@elastic-gas/shared/accounts/users";
import { audit } from "@elastic-gas/shared/audit";
import { cleanLine } from "@elastic-gas/shared/clean-file-name";
import { managerUrl } from "@elastic-gas/shared/config";
import type { FieldProps } from "@elastic-gas/shared/ui/field";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { findSubscription } from "../subscription/queries.ts";
import type { Deps } from "../web/deps.ts";
import { leaveNotice } from "../web/pages.ts";
import { endOtherSessions, findPasswordHash, listSessions, readUsage, updateProfile } from "./account-queries.ts";
import { browserName } from "./browser-name.ts";
import { type EmailErrors, emailChangePages } from "./email-pages.ts";
import { mayUseManager, refuseManagersAccount } from "./managers-account.ts";
import { profileView } from "./views/profile.ts";

const text = (name: string) => z.string().overwrite(cleanLine).max(200, `${name}: at most 200 characters.`).default("");
const ProfileForm = z.object({
  name: text("Name"),
  institution: text("Institution"),
});
const PasswordForm = z.object({ old: z.string().max(1_000).default(""), new: z.string().default("") });

export interface ProfilePagesDeps extends Deps {
  readonly limits: SignInLimits;
}

interface Refused {
  readonly status: number;
  readonly profile?: { readonly values: Record<string, unknown>; readonly errors: Record<string, string> };
  readonly email?: { readonly given: string; readonly errors: EmailErrors };
  readonly password?: { readonly old?: string; readonly new?: string };
}

/** `/profile`: the reader's own account. Mount behind `requireUser`. */
export function profilePages(deps: ProfilePagesDeps): Router {
  const { db, sendPage, now } = deps;
  const router = Router();

  const show = async (req: Request, res: Response, refused?: Refused) => {
    const user = currentUser(res);
    const [usage, sessions, subscription, hash] = await Promise.all([
      readUsage(db, user.id),
      listSessions(db, user.id),
      findSubscription(db, user.id),
      findPasswordHash(db, user.id),
    ]);
    const here = sessionIdHash(req.sessionID);
    const premium = user.role === "premium_user";
    sendPage(res, {
      title: "Profile",
      status: refused?.status ?? 200,
      content: (page) =>
        profileView(
          {
            user,
            managerUrl: mayUseManager(user) ? managerUrl(deps.config) : undefined,
            fields: profileFields(user, refused?.profile),
            email: {
              value: refused?.email?.given ?? user.email ?? "",
              errors: refused?.email?.errors ?? {},
              asksPassword: typeof hash === "string",
            },
            password: typeof hash === "string" ? (refused?.password ?? {}) : undefined,
            usage,
            sessions: sessions.map((session) => ({
              ...session,
              name:
                session.idHash === here
                  ? `This browser: ${browserName(session.userAgent)}`
                  : browserName(session.userAgent),
            })),
            plan: {
              name: premium ? "Premium" : "Free",
              price: premium && subscription?.open ? `, ${PREMIUM_PRICE}` : "",
              paidUntil: premium && subscription?.open ? subscription.currentPeriodEnd : null,
              ends: premium && subscription?.open === true && subscription.ends,
              customer: subscription?.customerId ?? null,
              chip: planChip(premium, subscription?.status),
            },
            isPaymentSetUp: deps.config.STRIPE_SECRET_KEY !== undefined,
          },
          page,
        ),
    });
  };

  router.get("/profile", (req, res) => show(req, res));
  router.post("/profile", async (req, res) => {
    const form = ProfileForm.safeParse(req.body);
    if (!form.success) {
      const errors = Object.fromEntries(form.error.issues.map((issue) => [String(issue.path[0]), issue.message]));
      return show(req, res, { status: 400, profile: { values: { ...req.body }, errors } });
    }
    await updateProfile(db, currentUser(res).id, form.data);
    leaveNotice(req, { tone: "ok", start: "Your profile is saved." });
    return res.redirect(303, "/profile");
  });
  router.all("/profile", methodNotAllowed("GET", "POST"));

  router.use(emailChangePages({ ...deps, refuse: (req, res, email) => show(req, res, { status: 400, email }) }));

  router.post("/profile/password", async (req, res) => {
    const user = currentUser(res);
    refuseManagersAccount(user, deps.config);
    const form = PasswordForm.parse(req.body);
    const wanted = PagePassword.safeParse(form.new);
    if (!wanted.success) {
      return show(req, res, { status: 400, password: { new: wanted.error.issues[0]?.message } });
    }
    // Through the same limits as signing in: an open session must not be a way to guess the password.
    const checked = await signIn(deps, { username: user.username, password: form.old, address: req.ip ?? "" });
    if (checked.kind === "limited") {
      throw new HttpError(429, "Too many failed attempts.", { retryAfterSeconds: checked.retryAfterSeconds });
    }
    if (checked.kind === "wrong")
      return show(req, res, { status: 400, password: { old: "This is not your password." } });
    const passwordHash = await deps.passwords.hash(wanted.data);
    await db
      .transaction()
      .execute((trx) => changePassword(trx, PLAIN_ACCOUNTS, { userId: user.id, passwordHash, now: now() }));
    await audit(db, { actor: user.username, action: "password.change", address: req.ip });
    await startSession(req, user);
    leaveNotice(req, { tone: "ok", start: "The password is changed.", text: "You are signed out everywhere else." });
    return res.redirect(303, "/profile");
  });
  router.all("/profile/password", methodNotAllowed("POST"));

  router.post("/profile/sessions", async (req, res) => {
    const user = currentUser(res);
    await endOtherSessions(db, user.id, sessionIdHash(req.sessionID));
    await audit(db, { actor: user.username, action: "session.end-others", address: req.ip });
    leaveNotice(req, { tone: "ok", start: "You are signed out everywhere else." });
    res.redirect(303, "/profile");
  });
  router.all("/profile/sessions", methodNotAllowed("POST"));
  return router;
}

function profileFields(user: User, refused: Refused["profile"]): readonly FieldProps[] {
  const value = (name: string, saved: string) => {
    const given = refused?.values[name];
    return typeof given === "string" ? given : saved;
  };
  const field = (name: string, label: string, saved: string): FieldProps => ({
    name,
    label,
    error: refused?.errors[name],
    input: { type: "text", autocomplete: name, maxlength: 200, value: value(name, saved) },
  });
  const institution = field("institution", "Institution", user.institution);
  return [
    field("name", "Name", user.name),
    { ...institution, input: { ...institution.input, autocomplete: "organization" } },
  ];
}

function planChip(premium: boolean, status: string | undefined): { tone: string; text: string } | undefined {
  if (!premium || status === undefined) return undefined;
  if (status === "active" || status === "trialing") return { tone: "ok", text: "paid" };
  return { tone: "warn", text: status.replaceAll("_", " ") };
}
