import { requireAdministerScope } from "@elastic-gas/shared/accounts/bearer";
import { findUserByUsername, type User } from "@elastic-gas/shared/accounts/users";
import { userAppUrl } from "@elastic-gas/shared/config";
import { HttpError } from "@elastic-gas/shared/web/errors";
import type { Request, RequestHandler } from "express";
import type { z } from "zod";
import { type CreateAccountDeps, createAccount, NewAccount } from "../accounts/create-account.ts";
import { changePlan, sendInvitationAgain } from "../accounts/user-actions.ts";
import { listUsers, type UserRow } from "../accounts/users.ts";
import type { FeatureDeps } from "../feature-deps.ts";
import { requesterOf } from "../requester.ts";
import { type ApiUser, PlanChange, UsersQuery } from "./schemas.ts";

export type UserHandlerDeps = FeatureDeps & CreateAccountDeps;
type UserOperation = "listUsers" | "createUser" | "inviteUser" | "setPlan";

/** The operations on users; a token needs the scope `administer`, also to look: the list has people's addresses. */
export function userHandlers(deps: UserHandlerDeps): Readonly<Record<UserOperation, readonly RequestHandler[]>> {
  const { db, config, now } = deps;
  const guarded = (handler: RequestHandler) => [requireAdministerScope, handler];
  return {
    listUsers: guarded(async (req, res) => {
      const { filter } = UsersQuery.parse(req.query);
      res.json((await listUsers(db, filter, now())).map(presentUser));
    }),
    createUser: guarded(async (req, res) => {
      const account = NewAccount.parse(req.body ?? {});
      const created = await createAccount(deps, account, requesterOf(req, res));
      if (created.kind === "taken") throw new HttpError(409, "This name, or one that looks like it, is taken.");
      const { username } = account;
      const invitedAddress = created.kind === "invited" ? created.email : null;
      const password = created.kind === "has a password" ? (created.made ?? null) : null;
      res.json({ username, invitedAddress, password, signInUrl: `${userAppUrl(config)}/login` });
    }),
    inviteUser: guarded(async (req, res) => {
      const outcome = await sendInvitationAgain(deps, await userOfPath(deps, req), requesterOf(req, res));
      if (!outcome.done) throw new HttpError(409, outcome.sentence);
      res.json(outcome);
    }),
    setPlan: guarded(async (req, res) => {
      const { plan } = PlanChange.parse(req.body ?? {});
      const role = plan === "premium" ? "premium_user" : "free_user";
      res.json(await changePlan(deps, { user: await userOfPath(deps, req), role }, requesterOf(req, res)));
    }),
  };
}

async function userOfPath({ db }: FeatureDeps, req: Request): Promise<User> {
  const user = await findUserByUsername(db, String(req.params.username));
  if (user === undefined) throw new HttpError(404, "There is no such user.");
  return user;
}

function presentUser(user: UserRow): z.infer<typeof ApiUser> {
  const { invitation } = user;
  return {
    username: user.username,
    name: user.name,
    email: user.email,
    plan: user.role === "premium_user" ? "premium" : "free",
    paying: user.isPaying,
    access: user.isAdmin ? "admin" : user.isViewer ? "viewer" : "user",
    jobs: user.jobs,
    photos: user.images,
    createdAt: new Date(user.createdAt).toISOString(),
    invitation:
      invitation === null
        ? null
        : {
            state: invitation.kind,
            linkEndsAt:
              invitation.kind === "open"
                ? new Date(invitation.until).toISOString()
                : invitation.kind === "expired"
                  ? new Date(invitation.at).toISOString()
                  : null,
          },
  };
}
