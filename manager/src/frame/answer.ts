import { safeNextPath } from "@elastic-gas/shared/web/sessions";
import type { Request, Response } from "express";
import { isFromScript } from "./deps.ts";
import { leaveNotice } from "./pages.ts";

export interface Outcome {
  readonly done: boolean;
  /** What happened, or why not. */
  readonly sentence: string;
}

/**
 * Redirects once the session is saved. A redirect's headers leave before express-session has saved, and a quick browser would read the next page
 * without the notice that this one left: https://expressjs.com/en/resources/middleware/session.html#sessionsavecallback
 */
export function redirectSaved(req: Request, res: Response, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    req.session.save((error: unknown) => {
      if (error) return reject(error);
      res.redirect(303, path);
      resolve();
    });
  });
}

/** Answers a button: JSON to a script, else back to the page that it stood on, which shows the sentence. 409 when it was refused. */
export async function answer(req: Request, res: Response, { done, sentence }: Outcome, back: string): Promise<void> {
  if (isFromScript(req)) {
    res.status(done ? 200 : 409).json({ done, sentence });
    return;
  }
  leaveNotice(req, { tone: done ? "ok" : "warn", text: sentence });
  await redirectSaved(req, res, pageOf(req.get("referer")) ?? back);
}

function pageOf(referer: string | undefined): string | undefined {
  if (referer === undefined || !URL.canParse(referer)) return undefined;
  const { pathname, search } = new URL(referer);
  return safeNextPath(pathname + search);
}
