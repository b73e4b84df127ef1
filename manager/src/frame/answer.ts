import { safeNextPath } from "@elastic-gas/shared/web/sessions";
import type { Request, Response } from "express";
import { isFromScript } from "./deps.ts";
import { leaveNotice } from "./pages.ts";

export interface Outcome {
  readonly done: boolean;
  /** What happened, or why not. */
  readonly sentence: string;
}

/** Answers a button: JSON to a script, else back to the page that it stood on, which shows the sentence. 409 when it was refused. */
export function answer(req: Request, res: Response, { done, sentence }: Outcome, back: string): void {
  if (isFromScript(req)) {
    res.status(done ? 200 : 409).json({ done, sentence });
    return;
  }
  leaveNotice(req, { tone: done ? "ok" : "warn", text: sentence });
  res.redirect(303, pageOf(req.get("referer")) ?? back);
}

function pageOf(referer: string | undefined): string | undefined {
  if (referer === undefined || !URL.canParse(referer)) return undefined;
  const { pathname, search } = new URL(referer);
  return safeNextPath(pathname + search);
}
