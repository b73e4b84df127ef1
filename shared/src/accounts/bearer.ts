import type { RequestHandler, Response } from "express";
import type { Database } from "../database/connect.ts";
import type { TokenAudience } from "../database/tables.ts";
import { formatUtc } from "../format/times.ts";
import { HttpError } from "../web/errors.ts";
import { findTokenOwner, type Scope } from "./api-tokens.ts";
import type { RateLimiter } from "./rate-limit.ts";
import { currentUser } from "./sessions.ts";

export interface BearerOptions {
  readonly db: Database;
  readonly audience: TokenAudience;
  readonly now: () => number;
}

/**
 * Reads `Authorization: Bearer`. Mount it before session and CSRF guard, which such requests need not pass: a browser
 * never sends the header by itself.
 */
export function bearer({ db, audience, now }: BearerOptions): RequestHandler {
  return async (req, res, next) => {
    const header = req.get("authorization");
    if (header === undefined || !/^bearer /i.test(header)) return next();
    const text = header.slice("bearer ".length).trim();
    const owner = await findTokenOwner(db, text, { audience, now: new Date(now()) });
    if (owner?.kind !== "ok") {
      res.setHeader("WWW-Authenticate", 'Bearer error="invalid_token"');
      throw owner === undefined ? new HttpError(401, "This token is unknown or was revoked.") : expired(owner);
    }
    res.locals.user = owner.user;
    res.locals.tokenScope = owner.scope;
    res.locals.tokenId = owner.id;
    next();
  };
}

function expired({ expiresAt }: { readonly expiresAt: Date }): HttpError {
  return new HttpError(401, `This token expired at ${formatUtc(expiresAt)}. Make a new one on the page API tokens.`);
}

/** The scope of the token of this request; undefined when it has a session instead. */
export function tokenScope(res: Response): Scope | undefined {
  return res.locals.tokenScope as Scope | undefined; // only `bearer` writes it
}

/**
 * So many requests at once are a script gone wild: each may cost a call to AWS. One limit for each token; a session has
 * its user's.
 */
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

/** Refuses changes with a token that may only read; `needed` names the scope that may. */
export function requireScope(needed: Scope): RequestHandler {
  return (req, res, next) => {
    if (tokenScope(res) === "read" && req.method !== "GET" && req.method !== "HEAD") {
      throw new HttpError(403, "This token may only read.", { remedy: `Use a token with the scope ${needed}.` });
    }
    next();
  };
}

/** Refuses every token but those that manage users; a session is its administrator's. */
export const requireAdministerScope: RequestHandler = (_req, res, next) => {
  const scope = tokenScope(res);
  if (scope !== undefined && scope !== "administer") {
    throw new HttpError(403, "This token may not see or manage users.", {
      remedy: "Use a token with the scope administer.",
    });
  }
  next();
};

const SHORTEST_KEY = 8;
const LONGEST_KEY = 100;

/** The Idempotency-Key of a request, if it has one. Throws HttpError 400 for one of another length. */
export function idempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined || (header.length >= SHORTEST_KEY && header.length <= LONGEST_KEY)) return header;
  // Whoever sends one relies on it; to ignore it would do the change twice.
  const words = `An Idempotency-Key has ${SHORTEST_KEY} to ${LONGEST_KEY} characters; this one has ${header.length}.`;
  throw new HttpError(400, words);
}
