import { randomBytes } from "node:crypto";
import type { Request, RequestHandler } from "express";
import { equalInConstantTime } from "./equal-in-constant-time.ts";
import { HttpError } from "./errors.ts";

declare module "express-session" {
  interface SessionData {
    csrfToken?: string;
  }
}

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * The token of this session, for the hidden field `_csrf`, the header `x-csrf-token`, or, in multipart forms, the query
 * `_csrf`.
 */
export function csrfToken(req: Request): string {
  req.session.csrfToken ??= randomBytes(24).toString("base64url");
  return req.session.csrfToken;
}

/**
 * Refuses state changes that another site may have started: by Sec-Fetch-Site or Origin, and by the session's token.
 * Put it after the session and the body parsers; routes with their own authentication (webhooks, the TA API) come
 * before it.
 */
export function csrf(): RequestHandler {
  return (req, _res, next) => {
    if (SAFE_METHODS.has(req.method)) return next();
    if (isForeign(req)) throw new HttpError(403, "The request came from another site.");
    const given = tokenOf(req);
    const expected = req.session.csrfToken;
    if (given === undefined || expected === undefined || !equalInConstantTime(given, expected)) {
      throw new HttpError(400, "This form is out of date.", { remedy: "Go back, reload the page and send it again." });
    }
    next();
  };
}

function isForeign(req: Request): boolean {
  const site = req.get("sec-fetch-site");
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  const origin = req.get("origin");
  if (origin === undefined || origin === "null") return origin === "null";
  return !URL.canParse(origin) || new URL(origin).host !== req.get("host");
}

function tokenOf(req: Request): string | undefined {
  const body: unknown = req.body;
  const field = typeof body === "object" && body !== null && "_csrf" in body ? body._csrf : undefined;
  const candidate = req.get("x-csrf-token") ?? field ?? req.query._csrf;
  return typeof candidate === "string" ? candidate : undefined;
}
