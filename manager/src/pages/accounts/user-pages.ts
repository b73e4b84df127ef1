import { audit } from "@elastic-gas/shared/accounts/audit";
import { changePassword } from "@elastic-gas/shared/accounts/change-password";
import { PagePassword } from "@elastic-gas/shared/accounts/passwords";
import type { SecretBox } from "@elastic-gas/shared/accounts/secret-box";
import { currentUser, startSession } from "@elastic-gas/shared/accounts/sessions";
import { type SignInLimits, signIn } from "@elastic-gas/shared/accounts/sign-in";
import { createUser, Email, findUserById, makePassword, type User } from "@elastic-gas/shared/accounts/users";
import { Username } from "@elastic-gas/shared/username";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import {
  deleteUser,
  listUsers,
  setAdmin,
  setViewer,
  USERS_SHOWN,
  type UserDeletionDeps,
} from "../../features/accounts/users.ts";
import { actorOf } from "../../features/requester.ts";
import type { PageDeps } from "../frame/page-deps.ts";
import { leaveNotice } from "../frame/send-page.ts";
import { accountView, type FieldErrors } from "./account-view.ts";
import { readSecondFactor, secondFactorPages } from "./second-factor-pages.ts";
import type { SecondFactorState } from "./second-factor-view.ts";
import { usersView } from "./users-view.ts";

export type UserPagesDeps = PageDeps & UserDeletionDeps & { readonly limits: SignInLimits; readonly box: SecretBox };

const NewUserForm = z.object({
  username: Username,
  email: z.preprocess((text) => (text === "" ? null : text), Email.nullish()),
  password: z.preprocess((text) => (text === "" ? undefined : text), PagePassword.optional()),
  role: z.enum(["user", "viewer", "admin"]).default("user"),
});
const PasswordForm = z
  .object({ current: z.string().max(200), password: PagePassword, again: z.string() })
  .refine((form) => form.password === form.again, { path: ["again"], message: "The two passwords differ." });

/** Accounts: administrators make and remove them; there is no public sign-up page. */
export function userPages(deps: UserPagesDeps): Router {
  const { db, passwords, watcher, sendPage, now } = deps;
  const router = Router();

  router.get("/users", async (req, res) => sendUsers(deps, req, res, {}));

  router.post("/users", async (req, res) => {
    const parsed = NewUserForm.safeParse(req.body ?? {});
    const values = z
      .record(z.string(), z.string())
      .catch({})
      .parse(req.body ?? {});
    if (!parsed.success) return sendUsers(deps, req, res, { errors: errorsOf(parsed.error), values });
    const { username, email, password = makePassword(), role } = parsed.data;
    const passwordHash = await passwords.hash(password);
    const id = await createUser(db, {
      username,
      passwordHash,
      email: email ?? null,
      isAdmin: role === "admin",
      isViewer: role === "viewer",
    });
    if (id === undefined) {
      return sendUsers(deps, req, res, {
        errors: new Map([["username", "This name, or one that looks like it, is taken."]]),
        values,
      });
    }
    await audit(db, { actor: actorOf(res), action: "user.create", target: username, address: req.ip });
    const made = parsed.data.password === undefined;
    leaveNotice(req, {
      tone: "ok",
      text: made
        ? `${username} was created. The password, shown only now: ${password}`
        : `${username} was created with the password that you chose.`,
    });
    res.redirect(303, "/users");
  });

  router.post("/users/:id/password", async (req, res) => {
    const user = await userOfPath(deps, req);
    const password = makePassword();
    const passwordHash = await passwords.hash(password);
    await db
      .transaction()
      .execute((trx) => changePassword(trx, { userId: user.id, passwordHash, now: new Date(now()) }));
    await audit(db, { actor: actorOf(res), action: "user.password", target: user.username, address: req.ip });
    leaveNotice(req, { tone: "ok", text: `New password of ${user.username}, shown only now: ${password}` });
    res.redirect(303, "/users");
  });

  router.post("/users/:id/admin", async (req, res) => {
    const user = await userOfPath(deps, req);
    const done = await setAdmin(db, user.id, !user.isAdmin);
    if (!done) throw new HttpError(409, `${user.username} is the last administrator.`);
    const action = user.isAdmin ? "user.not-admin" : "user.admin";
    await audit(db, { actor: actorOf(res), action, target: user.username, address: req.ip });
    leaveNotice(req, {
      tone: "ok",
      text: `${user.username} is ${user.isAdmin ? "no longer" : "now"} an administrator.`,
    });
    res.redirect(303, "/users");
  });

  router.post("/users/:id/viewer", async (req, res) => {
    const user = await userOfPath(deps, req);
    await setViewer(db, user.id, !user.isViewer);
    const action = user.isViewer ? "user.not-viewer" : "user.viewer";
    await audit(db, { actor: actorOf(res), action, target: user.username, address: req.ip });
    const words = user.isViewer ? "may no longer look at the manager" : "may look at the manager, and change nothing";
    leaveNotice(req, { tone: "ok", text: `${user.username} ${words}.` });
    res.redirect(303, "/users");
  });

  router.post("/users/:id/delete", async (req, res) => {
    const user = await userOfPath(deps, req);
    if (user.isAdmin) throw new HttpError(409, `${user.username} is an administrator. Take that role away first.`);
    await deleteUser(deps, user.id);
    await audit(db, { actor: actorOf(res), action: "user.delete", target: user.username, address: req.ip });
    leaveNotice(req, { tone: "ok", text: `${user.username} was deleted, with jobs, pictures and files.` });
    res.redirect(303, "/users");
  });
  for (const verb of ["password", "admin", "viewer", "delete"])
    router.all(`/users/:id/${verb}`, methodNotAllowed("POST"));

  const sendAccount = async (
    res: Response,
    refused: { readonly status?: number; readonly errors?: FieldErrors; readonly state?: SecondFactorState } = {},
  ) => {
    const { status = 200, errors = new Map() } = refused;
    const state = refused.state ?? (await readSecondFactor(db, currentUser(res).id));
    sendPage(res, {
      title: "Account",
      section: "users",
      status,
      fleet: await watcher.fleet(),
      content: (context) => accountView(errors, state, context),
    });
  };
  router.get("/account", (_req, res) => sendAccount(res));
  router.use(secondFactorPages({ ...deps, sendAccount }));

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
      .execute((trx) => changePassword(trx, { userId: user.id, passwordHash, now: new Date(now()) }));
    await audit(db, { actor: user.username, action: "password.change", address: req.ip });
    // The old session ends with the old password; this browser gets a new one.
    await startSession(req, user);
    leaveNotice(req, { tone: "ok", text: "Your password was changed. Other sessions of yours have ended." });
    res.redirect(303, "/account");
  });
  return router;
}

async function sendUsers(
  { db, watcher, sendPage }: UserPagesDeps,
  req: Request,
  res: Response,
  form: { readonly errors?: ReadonlyMap<string, string>; readonly values?: Readonly<Record<string, string>> },
): Promise<void> {
  const filter = String(req.query.filter ?? "").slice(0, 100);
  const users = await listUsers(db, filter);
  sendPage(res, {
    title: "Users",
    section: "users",
    status: form.errors === undefined ? 200 : 400,
    fleet: await watcher.fleet(),
    content: (context) =>
      usersView(
        {
          users,
          filter,
          more: users.length === USERS_SHOWN,
          errors: form.errors ?? new Map(),
          values: form.values ?? {},
        },
        context,
      ),
  });
}

function errorsOf(error: z.ZodError): Map<string, string> {
  return new Map(error.issues.map((issue) => [String(issue.path[0] ?? ""), issue.message]));
}

async function userOfPath({ db }: PageDeps, req: Request): Promise<User> {
  const id = z.coerce.number().int().positive().safeParse(req.params.id);
  const user = id.success ? await findUserById(db, id.data) : undefined;
  if (user === undefined) throw new HttpError(404, "There is no such user.");
  return user;
}
