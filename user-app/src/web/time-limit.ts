import type { IncomingMessage } from "node:http";
import { HttpError } from "@elastic-gas/shared/web/errors";
import { REQUEST_LIMIT_MS } from "@elastic-gas/shared/web/serve";
import type { RequestHandler } from "express";

/** The longest that a request may take to come; what `LIMITS` allow for the largest upload is shorter. */
export const LONGEST_UPLOAD_MS = 20 * 60_000;

export interface TimeLimits {
  /** From the end of the request to its answer. */
  readonly answerMs: number;
  /** How long nothing may come of a body. Below the balancer's 60 s, so that the sender gets our sentence. */
  readonly stallMs: number;
  /** A body may take `answerMs` and what it needs at this pace: a slow line gets through, one that drips does not. */
  readonly leastBytesPerSecond: number;
}

const LIMITS: TimeLimits = { answerMs: REQUEST_LIMIT_MS, stallMs: 50_000, leastBytesPerSecond: 32_768 };
const LOOK_MS = 1_000;

/**
 * Answers 408 when the rest of a body does not come, or too slowly, and 503 when the request has come and was not
 * answered in time: the reader gets our page before the balancer gives up. An upload that goes on may take longer.
 */
export function timeLimit(limits: TimeLimits = LIMITS): RequestHandler {
  return (req, res, next) => {
    let timer: NodeJS.Timeout | undefined;
    const fail = (error: HttpError): void => {
      if (res.headersSent) {
        if (!req.complete) req.destroy(); // it is answered, and its rest is not worth waiting for
        return;
      }
      // What is still to come of the request could not be told from the next one.
      if (!req.complete) res.setHeader("Connection", "close");
      next(error);
    };
    const awaitAnswer = (): void => {
      if (res.closed) return;
      timer = setTimeout(() => {
        if (!res.headersSent) fail(tookTooLong(limits));
      }, limits.answerMs);
    };
    res.once("close", () => clearTimeout(timer));
    if (hasBody(req)) watchBody(req, limits, { arrived: awaitAnswer, fail });
    else awaitAnswer();
    next();
  };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** Calls one of both, once: `arrived` when the body is there, `fail` when it is not waited for any longer. */
function watchBody(
  req: IncomingMessage,
  limits: TimeLimits,
  told: { readonly arrived: () => void; readonly fail: (error: HttpError) => void },
): void {
  const { socket } = req;
  const bytesBefore = socket.bytesRead;
  const startedAt = performance.now();
  let [bytes, movedAt, readAt] = [0, startedAt, startedAt];

  const timer = setInterval(look, Math.min(LOOK_MS, limits.stallMs / 4));
  req.once("close", look);

  function look(): void {
    if (req.complete || req.destroyed) {
      finish(() => req.complete && told.arrived());
      return;
    }
    const now = performance.now();
    const cameBytes = socket.bytesRead - bytesBefore;
    const isUnread = req.readableLength > 0; // then the sender waits for us
    if (isUnread || cameBytes > bytes) movedAt = now;
    if (!isUnread) readAt = now;
    bytes = cameBytes;
    if (now - readAt >= limits.answerMs) finish(() => told.fail(tookTooLong(limits)));
    else if (now - movedAt >= limits.stallMs) finish(() => told.fail(stalled(limits)));
    else if (!isUnread && now - startedAt >= limits.answerMs + (bytes / limits.leastBytesPerSecond) * 1_000)
      finish(() => told.fail(tooSlow(limits)));
  }
  function finish(tell: () => unknown): void {
    clearInterval(timer);
    req.off("close", look);
    tell();
  }
}

function tookTooLong({ answerMs }: TimeLimits): HttpError {
  return new HttpError(503, "This took too long.", {
    remedy: `There was no answer within ${seconds(answerMs)}. Try again in a moment.`,
    retryAfterSeconds: 5,
  });
}

function stalled({ stallMs }: TimeLimits): HttpError {
  return new HttpError(408, `The upload stopped: nothing came for ${seconds(stallMs)}.`, {
    remedy: "Nothing was kept. Look at the connection and send it again.",
  });
}

function tooSlow({ leastBytesPerSecond }: TimeLimits): HttpError {
  return new HttpError(408, `The upload was too slow: less than ${leastBytesPerSecond / 1_024}\u00a0kB a second.`, {
    remedy: "Nothing was kept. Send it over a faster connection.",
  });
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1_000)}\u00a0s`;
}
