import { HttpError } from "@elastic-gas/shared/web/errors";
import { REQUEST_LIMIT_MS } from "@elastic-gas/shared/web/serve";
import type { RequestHandler } from "express";

/** Answers 503 when nothing was answered in time: the reader gets our page before the balancer gives up. */
export function timeLimit(limitMs: number = REQUEST_LIMIT_MS): RequestHandler {
  return (_req, res, next) => {
    const timer = setTimeout(() => {
      if (res.headersSent) return;
      next(
        new HttpError(503, "This took too long.", {
          remedy: `There was no answer within ${Math.round(limitMs / 1_000)}\u00a0s. Try again in a moment.`,
          retryAfterSeconds: 5,
        }),
      );
    }, limitMs);
    res.once("close", () => clearTimeout(timer));
    next();
  };
}
