import type { Logger } from "@elastic-gas/shared/logger";
import { isTransient } from "@elastic-gas/shared/reliability/transient";
import { HttpError, setRetryAfter } from "@elastic-gas/shared/web/errors";
import type { ErrorRequestHandler, RequestHandler } from "express";
import { z } from "zod";
import { toHttpError } from "../masks/upload/refusals.ts";
import { SenderGone } from "../web/sender-gone.ts";

/** The last handler of the API's router: any failure becomes the course's JSON, also one that nobody foresaw. */
export function apiErrors(log: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    if (error instanceof SenderGone || res.destroyed) {
      res.destroy();
      return;
    }
    if (res.headersSent) {
      next(error);
      return;
    }
    const known = asApiError(error);
    if (known === undefined)
      log.error({ err: error, requestId: res.locals.requestId, path: req.path }, "API request failed");
    const shown = known ?? new HttpError(500, "Something went wrong on our side. Try again in a moment.");
    setRetryAfter(res, shown);
    res.status(shown.status).json({ success: false, error: { code: shown.status, message: shown.message } });
  };
}

export function apiMethodNotAllowed(...methods: readonly string[]): RequestHandler {
  const allowed = methods.join(", ");
  return (req, res) => {
    res.setHeader("Allow", allowed);
    throw new HttpError(405, `${req.method} is not allowed here; use ${allowed}.`);
  };
}

function asApiError(error: unknown): HttpError | undefined {
  const known = toHttpError(error);
  if (known !== undefined) return known;
  if (error instanceof z.ZodError) {
    return new HttpError(400, error.issues.map(({ message }) => message).join(" "), { cause: error });
  }
  if (isHttpError(error) && error.status < 500)
    return new HttpError(error.status, `${error.message}.`, { cause: error });
  if (isTransient(error)) {
    return new HttpError(503, "A service that this request needs does not answer. Try again in a moment.", {
      retryAfterSeconds: 5,
    });
  }
  return undefined;
}

/** Body parsers and the router throw errors with a status: https://github.com/jshttp/http-errors */
function isHttpError(error: unknown): error is Error & { readonly status: number } {
  return error instanceof Error && "status" in error && typeof error.status === "number" && "expose" in error;
}
