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

const TOKEN_BYTES = 24;

/**
 * The token of this session, for the hidden field `_csrf`, the header `x-csrf-token`, or, in multipart forms, the query
 * `_csrf`. It is masked differently each time: the length of a compressed page would tell a secret that stands in every
 * page to who can add to the page and watch the wire (BREACH).
 */
export function csrfToken(req: Request): string {
  req.session.csrfToken ??= randomBytes(TOKEN_BYTES).toString("base64url");
  const mask = randomBytes(TOKEN_BYTES);
  return Buffer.concat([mask, xor(mask, Buffer.from(req.session.csrfToken, "base64url"))]).toString("base64url");
}

function unmasked(token: string): string {
  const bytes = Buffer.from(token, "base64url");
  return xor(bytes.subarray(0, TOKEN_BYTES), bytes.subarray(TOKEN_BYTES)).toString("base64url");
}

function xor(mask: Buffer, bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte, i) => byte ^ (mask[i] ?? 0)));
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
    if (given === undefined || expected === undefined || !equalInConstantTime(unmasked(given), expected)) {
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
