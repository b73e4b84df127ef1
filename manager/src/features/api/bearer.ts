import type { RateLimiter } from "@elastic-gas/shared/accounts/rate-limit";
import { currentUser } from "@elastic-gas/shared/accounts/sessions";
import type { Database } from "@elastic-gas/shared/database/connect";
import { HttpError } from "@elastic-gas/shared/web/errors";
import type { RequestHandler, Response } from "express";
import { findTokenOwner, type Scope } from "../accounts/tokens.ts";

/**
 * Reads `Authorization: Bearer`. Mount it before session and CSRF guard, which such requests need not pass: a browser never sends the header by itself.
 */
export function bearer(db: Database, now: () => number): RequestHandler {
  return async (req, res, next) => {
    const header = req.get("authorization");
    if (header === undefined || !/^bearer /i.test(header)) return next();
    const owner = await findTokenOwner(db, header.slice("bearer ".length).trim(), new Date(now()));
    if (owner === undefined) {
      res.setHeader("WWW-Authenticate", 'Bearer error="invalid_token"');
      throw new HttpError(401, "This token is unknown or was revoked.");
    }
    res.locals.user = owner.user;
    res.locals.tokenScope = owner.scope;
    res.locals.tokenId = owner.id;
    next();
  };
}

/** The scope of the token of this request; undefined when it has a session instead. */
export function tokenScope(res: Response): Scope | undefined {
  return res.locals.tokenScope as Scope | undefined; // only `bearer` writes it
}

/** So many requests at once are a script gone wild: each may cost a call to AWS. One limit for each token; a session has its user's. */
export function limitRequests(limiter: RateLimiter): RequestHandler {
  return async (_req, res, next) => {
    const { tokenId } = res.locals;
    const wait = await limiter.consume(tokenId === undefined ? `user-${currentUser(res).id}` : `token-${tokenId}`);
    if (wait !== undefined) {
      throw new HttpError(429, `Too many requests. The next one is taken in ${wait} s.`, { retryAfterSeconds: wait });
    }
    next();
  };
}

/** Refuses changes with a token that may only read. */
export const requireScope: RequestHandler = (req, res, next) => {
  if (tokenScope(res) === "read" && req.method !== "GET" && req.method !== "HEAD") {
    throw new HttpError(403, "This token may only read.", { remedy: "Use a token with the scope operate." });
  }
  next();
};
