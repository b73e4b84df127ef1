import { findCurrentUser, requireUser } from "@elastic-gas/shared/accounts/sessions";
import type { User } from "@elastic-gas/shared/accounts/users";
import { HttpError } from "@elastic-gas/shared/web/errors";
import type { RequestHandler } from "express";

/** Who may sign in to the manager. */
export function mayEnter({ isAdmin, isViewer }: Pick<User, "isAdmin" | "isViewer">): boolean {
  return isAdmin || isViewer;
}

/** What a viewer may look at; everything else is for administrators. */
const VIEWED =
  /^\/((workers|policy|alerts|load-test|releases)?$|(workers\/[^/]+\/values|decisions)(\.csv)?$|charts\/|policy\/[^/]+$|report\.html$)/;
/** Their own password and second step. */
const OWN = /^\/account($|\/)/;

/** The door to the pages: administrators may do everything, viewers may look, anybody else is turned away. */
export const door: RequestHandler = (req, res, next) => {
  const user = findCurrentUser(res);
  if (user === undefined) return requireUser(req, res, next);
  if (user.isAdmin) return next();
  if (!user.isViewer) throw new HttpError(403, "Only administrators may do this.");
  const looks = req.method === "GET" || req.method === "HEAD";
  if (OWN.test(req.path) || (looks && VIEWED.test(req.path))) return next();
  throw new HttpError(403, "You may look at the pools, but not do this.", {
    remedy: "Your account is a viewer's. Ask an administrator to do it, or to make you one.",
  });
};
