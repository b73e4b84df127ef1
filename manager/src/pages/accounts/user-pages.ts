import { ALL_ACCOUNTS } from "@elastic-gas/shared/accounts/account-tables";
import { changePassword } from "@elastic-gas/shared/accounts/change-password";
import { endSecondFactor } from "@elastic-gas/shared/accounts/second-factor";
import { currentUser } from "@elastic-gas/shared/accounts/sessions";
import { findUserById, makePassword, type User } from "@elastic-gas/shared/accounts/users";
import { audit } from "@elastic-gas/shared/audit";
import { userAppUrl } from "@elastic-gas/shared/config";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { createAccount, NewAccount } from "../../features/accounts/create-account.ts";
import { INVITATION_HOURS } from "../../features/accounts/invitations.ts";
import { changePlan, sendInvitationAgain } from "../../features/accounts/user-actions.ts";
import {
  deleteUser,
  listUsers,
  setAdmin,
  setViewer,
  USERS_SHOWN,
  type UserDeletionDeps,
} from "../../features/accounts/users.ts";
import { actorOf, requesterOf } from "../../features/requester.ts";
import type { PageDeps } from "../frame/page-deps.ts";
import { leaveNotice } from "../frame/send-page.ts";
import { errorsOf } from "../kit/field-errors.ts";
import { usersView } from "./users-view.ts";

export type UserPagesDeps = PageDeps & UserDeletionDeps;

const ofForm = (text: unknown) => (text === "" ? undefined : text);
const NewUserForm = z.object({
  ...NewAccount.shape,
  email: z.preprocess(ofForm, NewAccount.shape.email),
  password: z.preprocess(ofForm, NewAccount.shape.password),
});
const RoleForm = z.object({ wanted: z.enum(["yes", "no"], "The form is out of date.") });
const PlanForm = z.object({ role: z.enum(["free_user", "premium_user"]) });

/** Accounts: administrators make and remove them; there is no public sign-up page. */
export function userPages(deps: UserPagesDeps): Router {
  const { db, passwords, now, config } = deps;
  const router = Router();
  /** What an administrator passes on to somebody without an address. */
  const leavePassword = (
    req: Request,
    start: string,
    { username, password }: Record<"username" | "password", string>,
  ) => {
    const lines = [`Sign in: ${userAppUrl(config)}/login`, `User name: ${username}`, `Password: ${password}`];
    leaveNotice(req, { tone: "ok", text: `${start} Pass this on; the password is shown only now.`, copy: lines });
  };

  router.get("/users", async (req, res) => sendUsers(deps, req, res, {}));

  router.post("/users", async (req, res) => {
    const parsed = NewUserForm.safeParse(req.body ?? {});
    const values = z
      .record(z.string(), z.string())
      .catch({})
      .parse(req.body ?? {});
    if (!parsed.success) return sendUsers(deps, req, res, { errors: errorsOf(parsed.error), values });
    const { username } = parsed.data;
    const created = await createAccount(deps, parsed.data, requesterOf(req, res));
    if (created.kind === "taken") {
      const errors = new Map([["username", "This name, or one that looks like it, is taken."]]);
      return sendUsers(deps, req, res, { errors, values });
    }
    if (created.kind === "invited") leaveNotice(req, { tone: "ok", text: invitedWords(username, created.email) });
    else if (created.made !== undefined) {
      leavePassword(req, `${username} was created.`, { username, password: created.made });
    } else leaveNotice(req, { tone: "ok", text: `${username} was created with the password that you chose.` });
    res.redirect(303, "/users");
  });

  router.post("/users/:id/invite", async (req, res) => {
    const user = await userOfPath(deps, req);
    const { done, sentence } = await sendInvitationAgain(deps, user, requesterOf(req, res));
    if (!done) throw new HttpError(409, sentence);
    leaveNotice(req, { tone: "ok", text: sentence });
    res.redirect(303, "/users");
  });

  router.post("/users/:id/password", async (req, res) => {
    const user = await userOfPath(deps, req);
    // It would end the session that shows it, so that nobody would ever see it.
    if (user.id === currentUser(res).id) {
      throw new HttpError(409, "This is your own account.", {
        remedy: "Change your password where you have to give the present one.",
        link: { href: "/account", text: "Account" },
      });
    }
    const password = makePassword();
    const passwordHash = await passwords.hash(password);
    await db
      .transaction()
      .execute((trx) => changePassword(trx, ALL_ACCOUNTS, { userId: user.id, passwordHash, now: new Date(now()) }));
    await audit(db, { actor: actorOf(res), action: "user.password", target: user.username, address: req.ip });
    leavePassword(req, `${user.username} has a new password.`, { username: user.username, password });
    res.redirect(303, "/users");
  });

  router.post("/users/:id/second-step", async (req, res) => {
    const user = await userOfPath(deps, req);
    // An administrator's would open the manager to whoever has the password.
    if (user.isAdmin) {
      throw new HttpError(409, `${user.username} is an administrator.`, {
        remedy: `Their second step is switched off on the manager's machine: ./start.sh admin-password ${user.username}`,
      });
    }
    await db.transaction().execute((trx) => endSecondFactor(trx, user.id));
    await audit(db, { actor: actorOf(res), action: "user.second-step-off", target: user.username, address: req.ip });
    leaveNotice(req, { tone: "ok", text: `${user.username} signs in with the password alone.` });
    res.redirect(303, "/users");
  });

  router.post("/users/:id/plan", async (req, res) => {
    const user = await userOfPath(deps, req);
    const { role } = PlanForm.parse(req.body ?? {});
    const { sentence } = await changePlan(deps, { user, role }, requesterOf(req, res));
    leaveNotice(req, { tone: "ok", text: sentence });
    res.redirect(303, "/users");
  });

  router.post("/users/:id/admin", async (req, res) => {
    const user = await userOfPath(deps, req);
    const isAdmin = wantedOf(req);
    const done = await setAdmin(db, { userId: user.id, isAdmin, now: new Date(now()) });
    if (!done) throw new HttpError(409, `${user.username} is the last administrator.`);
    const action = isAdmin ? "user.admin" : "user.not-admin";
    await audit(db, { actor: actorOf(res), action, target: user.username, address: req.ip });
    leaveNotice(req, {
      tone: "ok",
      text: `${user.username} is ${isAdmin ? "now" : "no longer"} an administrator.`,
    });
    res.redirect(303, "/users");
  });

  router.post("/users/:id/viewer", async (req, res) => {
    const user = await userOfPath(deps, req);
    const isViewer = wantedOf(req);
    await setViewer(db, { userId: user.id, isViewer, now: new Date(now()) });
    const action = isViewer ? "user.viewer" : "user.not-viewer";
    await audit(db, { actor: actorOf(res), action, target: user.username, address: req.ip });
    const words = isViewer ? "may look at the manager, and change nothing" : "may no longer look at the manager";
    leaveNotice(req, { tone: "ok", text: `${user.username} ${words}.` });
    res.redirect(303, "/users");
  });

  router.post("/users/:id/delete", async (req, res) => {
    const user = await userOfPath(deps, req);
    if (user.isAdmin) throw new HttpError(409, `${user.username} is an administrator. Take that role away first.`);
    await deleteUser(deps, user.id);
    await audit(db, { actor: actorOf(res), action: "user.delete", target: user.username, address: req.ip });
    leaveNotice(req, { tone: "ok", text: `${user.username} was deleted, with all jobs, photos and files.` });
    res.redirect(303, "/users");
  });
  for (const verb of ["invite", "password", "second-step", "plan", "admin", "viewer", "delete"]) {
    router.all(`/users/:id/${verb}`, methodNotAllowed("POST"));
  }
  return router;
}

async function sendUsers(
  { db, watcher, sendPage, now }: UserPagesDeps,
  req: Request,
  res: Response,
  form: { readonly errors?: ReadonlyMap<string, string>; readonly values?: Readonly<Record<string, string>> },
): Promise<void> {
  const filter = String(req.query.filter ?? "").slice(0, 100);
  const users = await listUsers(db, filter, now());
  sendPage(res, {
    title: "Users",
    section: "users",
    status: form.errors === undefined ? 200 : 400,
    fleet: await watcher.fleet(),
    content: (context) =>
      usersView(
        {
          users,
          ownId: currentUser(res).id,
          filter,
          more: users.length === USERS_SHOWN,
          errors: form.errors ?? new Map(),
          values: form.values ?? {},
        },
        context,
      ),
  });
}

/** What the form says, not the opposite of what is: of two who send the same form, the second undoes nothing. */
function wantedOf(req: Request): boolean {
  return RoleForm.parse(req.body ?? {}).wanted === "yes";
}

async function userOfPath({ db }: PageDeps, req: Request): Promise<User> {
  const id = z.coerce.number().int().positive().safeParse(req.params.id);
  const user = id.success ? await findUserById(db, id.data) : undefined;
  if (user === undefined) throw new HttpError(404, "There is no such user.");
  return user;
}

function invitedWords(username: string, email: string): string {
  return `${username} was created. A link to choose a password is on its way to ${email}; it works for ${INVITATION_HOURS}\u00a0h.`;
}
