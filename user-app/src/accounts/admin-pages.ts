import { audit } from "@elastic-gas/shared/accounts/audit";
import { changePassword } from "@elastic-gas/shared/accounts/change-password";
import { keepOneAdmin } from "@elastic-gas/shared/accounts/last-admin";
import { PagePassword } from "@elastic-gas/shared/accounts/passwords";
import { currentUser } from "@elastic-gas/shared/accounts/sessions";
import { createUser, Email, findUserById, makePassword, type User } from "@elastic-gas/shared/accounts/users";
import { Username } from "@elastic-gas/shared/username";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { makeFree, makePremium } from "../subscription/plan.ts";
import type { Deps } from "../web/deps.ts";
import { leaveNotice } from "../web/pages.ts";
import { listUsers, readUsage, setAdmin, USERS_PER_PAGE } from "./account-queries.ts";
import { deleteAccount } from "./delete-account.ts";
import { usersView } from "./views/users.ts";

const UserParams = z.object({ userId: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER) });
const ListQuery = z.object({ q: z.string().max(100).catch(""), after: z.string().max(100).catch("") });
const emptyAsUndefined = (text: unknown) => (text === "" ? undefined : text);
const NewUserForm = z.object({
  username: z.string("A user name is needed.").trim().pipe(Username),
  email: z.preprocess(emptyAsUndefined, Email.optional()),
  password: z.preprocess(emptyAsUndefined, PagePassword.optional()),
  admin: z.literal("yes").optional(),
});
const RoleForm = z.object({
  role: z.enum(["free_user", "premium_user"]).optional(),
  admin: z.enum(["yes", "no"]).optional(),
});
const DeleteForm = z.object({ confirm: z.string().default("") });

export interface AdminPagesDeps extends Deps {
  readonly cancelSubscription: (userId: number) => Promise<void>;
}

interface Refused {
  readonly form: { readonly username: string; readonly email: string };
  readonly errors: Readonly<Record<string, string>>;
  readonly status: number;
}

/** `/admin/users`: accounts are made here and nowhere else. Mount behind `requireAdmin`. */
export function adminPages(deps: AdminPagesDeps): Router {
  const { db, sendPage, now, config } = deps;
  const router = Router();

  const show = async (req: Request, res: Response, { chosen, refused }: { chosen?: User; refused?: Refused } = {}) => {
    const { q, after } = ListQuery.parse(req.query);
    const users = await listUsers(db, { search: q.trim(), after });
    const last = users.length > USERS_PER_PAGE ? users[USERS_PER_PAGE - 1] : undefined;
    const usage = chosen === undefined ? undefined : await readUsage(db, chosen.id);
    sendPage(res, {
      title: "Users",
      status: refused?.status ?? 200,
      content: (page) =>
        usersView(
          {
            search: q,
            users: users.slice(0, USERS_PER_PAGE),
            nextHref: last === undefined ? undefined : `?${new URLSearchParams({ q, after: last.username })}`,
            chosen:
              chosen === undefined ? undefined : { ...chosen, jobs: usage?.jobs ?? 0, photos: usage?.photos ?? 0 },
            form: refused?.form ?? { username: "", email: "" },
            errors: refused?.errors ?? {},
          },
          page,
        ),
    });
  };
  const getUser = async (req: Request): Promise<User> => {
    const { userId } = UserParams.parse(req.params);
    const user = await findUserById(db, userId);
    if (user === undefined)
      throw new HttpError(404, "There is no such account.", { remedy: "It may have been deleted." });
    return user;
  };

  router.get("/admin/users", (req, res) => show(req, res));
  router.post("/admin/users", async (req, res) => {
    const form = NewUserForm.safeParse(req.body);
    const given = { username: fieldText(req, "username"), email: fieldText(req, "email") };
    if (!form.success) {
      const errors = Object.fromEntries(form.error.issues.map((issue) => [String(issue.path[0]), issue.message]));
      return show(req, res, { refused: { form: given, errors, status: 400 } });
    }
    const { username, email, admin } = form.data;
    const password = form.data.password ?? makePassword();
    const passwordHash = await deps.passwords.hash(password);
    const id = await createUser(db, { username, email: email ?? null, passwordHash, isAdmin: admin === "yes" });
    if (id === undefined) {
      return show(req, res, {
        refused: { form: given, errors: { username: "This name, or one that looks like it, is taken." }, status: 409 },
      });
    }
    await audit(db, { actor: currentUser(res).username, action: "user.create", target: username, address: req.ip });
    leaveNotice(req, {
      tone: "ok",
      start: `The account ${username} is made.`,
      text: form.data.password === undefined ? `Its password is ${password} and is shown only now.` : "",
    });
    return res.redirect(303, "/admin/users");
  });
  router.all("/admin/users", methodNotAllowed("GET", "POST"));

  router.get("/admin/users/:userId", async (req, res) => show(req, res, { chosen: await getUser(req) }));
  router.all("/admin/users/:userId", methodNotAllowed("GET"));

  router.post("/admin/users/:userId/role", async (req, res) => {
    const user = await getUser(req);
    const { role, admin } = RoleForm.parse(req.body);
    await db.transaction().execute(async (trx) => {
      if (role === "premium_user") await makePremium(trx, user.id);
      if (role === "free_user") {
        await makeFree(trx, { userId: user.id, now: now(), retentionSeconds: config.FREE_RETENTION_SECONDS });
      }
      if (admin === undefined) return;
      if (admin === "no") await keepOneAdmin(trx, user.id);
      await setAdmin(trx, user.id, admin === "yes");
    });
    deps.inBackground("outbox flush", () => deps.outbox.flush());
    await audit(db, {
      actor: currentUser(res).username,
      action: "user.role",
      target: user.username,
      detail: [role, admin === undefined ? undefined : `administrator: ${admin}`].filter(Boolean).join(", "),
      address: req.ip,
    });
    leaveNotice(req, { tone: "ok", start: `${user.username} is changed.` });
    res.redirect(303, `/admin/users/${user.id}`);
  });
  router.all("/admin/users/:userId/role", methodNotAllowed("POST"));

  router.post("/admin/users/:userId/password", async (req, res) => {
    const user = await getUser(req);
    // The administrator's own sessions would end as well, and there would be no page to show the password on.
    if (user.id === currentUser(res).id) throw new HttpError(409, "Change your own password on your profile page.");
    const password = makePassword();
    const passwordHash = await deps.passwords.hash(password);
    await db.transaction().execute((trx) => changePassword(trx, { userId: user.id, passwordHash, now: now() }));
    await audit(db, {
      actor: currentUser(res).username,
      action: "user.password",
      target: user.username,
      address: req.ip,
    });
    leaveNotice(req, {
      tone: "ok",
      start: `The new password of ${user.username} is ${password}`,
      text: "and is shown only now.",
    });
    res.redirect(303, `/admin/users/${user.id}`);
  });
  router.all("/admin/users/:userId/password", methodNotAllowed("POST"));

  router.post("/admin/users/:userId/delete", async (req, res) => {
    const user = await getUser(req);
    const actor = currentUser(res);
    if (user.id === actor.id) throw new HttpError(409, "You cannot delete the account that you are signed in with.");
    if (DeleteForm.parse(req.body).confirm !== user.username) {
      throw new HttpError(400, "The typed name is another one.", { remedy: "Nothing was deleted." });
    }
    await deleteAccount(deps, user.id);
    await audit(db, { actor: actor.username, action: "user.delete", target: user.username, address: req.ip });
    leaveNotice(req, {
      tone: "ok",
      start: `The account ${user.username} is deleted`,
      text: "with its jobs, photos and files.",
    });
    res.redirect(303, "/admin/users");
  });
  router.all("/admin/users/:userId/delete", methodNotAllowed("POST"));
  return router;
}

function fieldText(req: Request, name: string): string {
  const value: unknown = req.body?.[name];
  return typeof value === "string" ? value : "";
}
