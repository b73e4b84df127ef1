import { currentUser, endSession } from "@elastic-gas/shared/accounts/sessions";
import { type SignInLimits, signIn } from "@elastic-gas/shared/accounts/sign-in";
import type { User } from "@elastic-gas/shared/accounts/users";
import { audit } from "@elastic-gas/shared/audit";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { type Response, Router } from "express";
import { z } from "zod";
import { findPasswordHash, readUsage } from "../accounts/account-queries.ts";
import { deleteAccount } from "../accounts/delete-account.ts";
import { mayUseManager } from "../accounts/managers-account.ts";
import { findSubscription } from "../subscription/queries.ts";
import type { Deps } from "../web/deps.ts";
import { deleteAccountView } from "./views/delete-account.ts";

const DeleteForm = z.object({ confirm: z.string().max(1_000).default("") });

export interface OwnDataDeps extends Deps {
  readonly limits: SignInLimits;
  readonly cancelSubscription: (userId: number) => Promise<void>;
}

/** `/profile/delete`: whoever has an account may end it, with everything in it. Mount behind `requireUser`. */
export function ownDataPages(deps: OwnDataDeps): Router {
  const { db, sendPage } = deps;
  const router = Router();

  const show = async (res: Response, error?: string) => {
    const user = currentUser(res);
    const [usage, subscription, hash] = await Promise.all([
      readUsage(db, user.id),
      findSubscription(db, user.id),
      findPasswordHash(db, user.id),
    ]);
    sendPage(res, {
      title: "Delete the account",
      status: error === undefined ? 200 : 400,
      content: (page) =>
        deleteAccountView(
          {
            username: user.username,
            usage,
            paidUntil: subscription?.open ? subscription.currentPeriodEnd : null,
            confirmsBy: typeof hash === "string" ? "password" : "name",
            error,
          },
          page,
        ),
    });
  };

  router.get("/profile/delete", (_req, res) => {
    refuseManagersAccount(currentUser(res));
    return show(res);
  });
  router.post("/profile/delete", async (req, res) => {
    const user = currentUser(res);
    refuseManagersAccount(user);
    const { confirm } = DeleteForm.parse(req.body ?? {});
    const hash = await findPasswordHash(db, user.id);
    if (typeof hash === "string") {
      // Through the same limits as signing in: an open session must not be a way to guess the password.
      const checked = await signIn(deps, { username: user.username, password: confirm, address: req.ip ?? "" });
      if (checked.kind === "limited") {
        throw new HttpError(429, "Too many failed attempts.", { retryAfterSeconds: checked.retryAfterSeconds });
      }
      if (checked.kind === "wrong") return show(res, "This is not your password. Nothing was deleted.");
    } else if (confirm !== user.username) {
      return show(res, "This is not your user name. Nothing was deleted.");
    }
    await deleteAccount(deps, user.id);
    await audit(db, { actor: user.username, action: "user.delete", target: user.username, address: req.ip });
    await endSession(req);
    return res.redirect(303, "/");
  });
  router.all("/profile/delete", methodNotAllowed("GET", "POST"));
  return router;
}

/** Throws HttpError 409: nobody ends the manager's accounts from here. */
function refuseManagersAccount(user: User): void {
  if (!mayUseManager(user)) return;
  throw new HttpError(409, "An account that may use the manager is not deleted here.", {
    remedy: "Have an administrator take that right away first, on the manager's page Users.",
  });
}
