import type { ErrorRequestHandler, RequestHandler, Response } from "express";
import { z } from "zod";
import type { Logger } from "../logger.ts";
import { isTransient } from "../reliability/transient.ts";

export interface HttpErrorOptions {
  /** What the reader can do, a sentence. */
  readonly remedy?: string;
  readonly link?: { readonly href: string; readonly text: string };
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

const UNAVAILABLE = 503;

/** An expected failure: its sentence is shown to the user. */
export class HttpError extends Error {
  readonly status: number;
  readonly remedy: string | undefined;
  readonly link: { readonly href: string; readonly text: string } | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, sentence: string, options: HttpErrorOptions = {}) {
    super(sentence, { cause: options.cause });
    this.name = "HttpError";
    this.status = status;
    this.remedy = options.remedy;
    this.link = options.link;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** 503: refused at once, for as much is under way as this process takes. The load has brought it, not the program. */
export class Overloaded extends HttpError {
  constructor(sentence: string, options: HttpErrorOptions & { readonly retryAfterSeconds: number }) {
    super(UNAVAILABLE, sentence, options);
    this.name = "Overloaded";
  }
}

/** What every answer to an expected failure says besides its sentence: when to come again. */
export function setRetryAfter(res: Response, error: HttpError): void {
  if (error.retryAfterSeconds !== undefined) res.setHeader("Retry-After", String(error.retryAfterSeconds));
  res.locals.isOverloaded = error instanceof Overloaded;
}

/** Whether this answer refuses a request for the load alone. */
export function isOverloaded(res: Response): boolean {
  return res.locals.isOverloaded === true;
}

/** What an error page or its JSON shows. */
export interface ErrorView {
  readonly status: number;
  readonly sentence: string;
  readonly remedy: string | undefined;
  readonly link: { readonly href: string; readonly text: string } | undefined;
  readonly requestId: string;
}

export interface ErrorHandlerOptions {
  readonly log: Logger;
  /** Sends the error page in the frame of the app. */
  readonly renderPage: (res: Response, view: ErrorView) => void;
  /** True for requests that get JSON; by default those below /api/. */
  readonly wantsJson?: (path: string) => boolean;
  /** Sends that JSON; by default the sentence with the request's id. */
  readonly sendJson?: (res: Response, view: ErrorView) => void;
}

const isApiPath = (path: string): boolean => path.startsWith("/api/");

/**
 * The last middleware: any error becomes a page or JSON with a sentence and the request's id; never a stack, SQL or an
 * ARN.
 */
export function errorHandler({
  log,
  renderPage,
  wantsJson = isApiPath,
  sendJson = sendFailure,
}: ErrorHandlerOptions): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    const requestId = String(res.locals.requestId ?? "");
    const known = asHttpError(error);
    if (known === undefined) log.error({ err: error, requestId, method: req.method, path: req.path }, "request failed");
    else if (known !== error && known.status === UNAVAILABLE)
      log.warn({ err: error, requestId, method: req.method, path: req.path }, "a service does not answer");
    if (res.headersSent) {
      next(error); // too late for a page: Express closes the connection
      return;
    }
    const shown =
      known ??
      new HttpError(500, "Something went wrong on our side.", { remedy: "Nothing was lost. Try again in a moment." });
    setRetryAfter(res, shown);
    res.status(shown.status);
    const view: ErrorView = {
      status: shown.status,
      sentence: shown.message,
      remedy: shown.remedy,
      link: shown.link,
      requestId,
    };
    if (wantsJson(req.path)) {
      sendJson(res, view);
    } else {
      renderPage(res, view);
    }
  };
}

function sendFailure(res: Response, { status, sentence, requestId }: ErrorView): void {
  res.json({ success: false, error: { code: status, message: sentence }, requestId });
}

/** After all routes: what no route took. */
export const notFound: RequestHandler = (req) => {
  throw new HttpError(404, "This page does not exist.", { remedy: `There is nothing at ${req.path.slice(0, 200)}.` });
};

/** Put after a path's own methods: `router.all("/path", methodNotAllowed("GET", "POST"))`. */
export function methodNotAllowed(...allowed: readonly string[]): RequestHandler {
  return (req, res) => {
    res.setHeader("Allow", allowed.join(", "));
    throw new HttpError(405, `${req.method} is not allowed here.`, {
      remedy: `This address takes ${allowed.join(" and ")}.`,
    });
  };
}

export function asHttpError(error: unknown): HttpError | undefined {
  if (error instanceof HttpError) return error;
  if (error instanceof z.ZodError) {
    return new HttpError(400, error.issues.map(sentenceOf).join(" "), { cause: error });
  }
  // body-parser and Express throw errors with a status and say whether their text may be shown.
  if (error instanceof Error && "status" in error && typeof error.status === "number" && error.status < 500) {
    return new HttpError(error.status, CLIENT_ERRORS[error.status] ?? "The request could not be read.", {
      cause: error,
    });
  }
  if (isTransient(error)) {
    return new HttpError(UNAVAILABLE, "A service that this page needs does not answer.", {
      remedy: "Nothing was lost. Try again in a moment.",
      retryAfterSeconds: 5,
      cause: error,
    });
  }
  return undefined;
}

const CLIENT_ERRORS: Readonly<Record<number, string>> = {
  400: "The request could not be read.",
  413: "This is too large.",
  415: "This kind of content is not taken here.",
};

/**
 * The sentence of a schema, or one of ours: a library's own words ("Invalid input: expected ...") are for programmers.
 */
function sentenceOf({ message, path }: z.core.$ZodIssue): string {
  if (!/^(?:Invalid|Too (?:big|small)|Unrecognized)\b/.test(message)) return message;
  const name = path.join(".");
  return name === ""
    ? "A part of the request is missing or has the wrong form."
    : `“${name}” is missing or has the wrong form.`;
}
