import { randomBytes } from "node:crypto";
import { equalInConstantTime } from "@elastic-gas/shared/web/equal-in-constant-time";
import { HttpError } from "@elastic-gas/shared/web/errors";
import type { Request, RequestHandler, Response } from "express";

const COOKIE = "gas_form";

/**
 * The token of forms that anonymous readers send (sign-in, recovery): the same random value in the form and in a cookie
 * that other sites can neither read nor set. No session row is made for it, so a load test of the home page leaves the
 * database alone.
 */
export function formToken(req: Request, res: Response): string {
  const known = cookieOf(req);
  if (known !== undefined) return known;
  const token = randomBytes(24).toString("base64url");
  res.cookie(COOKIE, token, { httpOnly: true, sameSite: "lax", secure: req.secure, path: "/" });
  return token;
}

/** Refuses a form of another site, or one without the token of `formToken`. Mount after the body parser. */
export const checkFormToken: RequestHandler = (req, _res, next) => {
  if (isForeign(req)) throw new HttpError(403, "The request came from another site.");
  const expected = cookieOf(req);
  const body: unknown = req.body;
  const given = typeof body === "object" && body !== null && "_csrf" in body ? body._csrf : undefined;
  if (expected === undefined || typeof given !== "string" || !equalInConstantTime(given, expected)) {
    throw new HttpError(400, "This form is out of date.", { remedy: "Go back, reload the page and send it again." });
  }
  next();
};

/** True when the browser says that another site started the request. */
export function isForeign(req: Request): boolean {
  const site = req.get("sec-fetch-site");
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  const origin = req.get("origin");
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== req.get("host");
}

function cookieOf(req: Request): string | undefined {
  const pair = (req.get("cookie") ?? "").split(/;\s*/).find((text) => text.startsWith(`${COOKIE}=`));
  const value = pair?.slice(COOKIE.length + 1);
  return value !== undefined && /^[\w-]{32}$/.test(value) ? value : undefined;
}
