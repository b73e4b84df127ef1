import { safeNextPath } from "@elastic-gas/shared/accounts/sessions";
import type { Request, Response } from "express";
import type { Outcome } from "../../features/feature-deps.ts";
import { leaveNotice } from "./send-page.ts";

/**
 * Answers a button: JSON to a script, else back to the page that it stood on, which shows the sentence. 409 when it was
 * refused.
 */
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

/** Scripts ask for JSON; forms get a redirect. */
function isFromScript(req: Request): boolean {
  return req.get("accept") === "application/json";
}
