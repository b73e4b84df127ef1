import type { Database } from "@elastic-gas/shared/database/connect";
import { DELETION_SETTING } from "@elastic-gas/shared/database/tables";
import { HttpError } from "@elastic-gas/shared/web/errors";
import type { RequestHandler } from "express";

/** Requests that bring new data in. */
const UPLOADS: ReadonlySet<string> = new Set([
  "POST /api/upload",
  "POST /masks",
  "POST /annotate/policy",
  "GET /annotate/job",
  "POST /annotate/paste",
  "POST /annotate/address",
  "POST /annotate/sample",
  "POST /api/v1/annotations",
  "POST /api/v1/uploads",
]);
const SENTENCE = "All data are being deleted at this moment. Your file was not taken.";
const RETRY_SECONDS = 30;

/** Answers uploads with 503 while an administrator deletes all data, so that nothing new is swept away with the old. */
export function refuseUploadsDuringDeletion(db: Database): RequestHandler {
  return async (req, res, next) => {
    if (!UPLOADS.has(`${req.method} ${req.path}`) || !(await isDeleting(db))) {
      next();
      return;
    }
    if (!req.path.startsWith("/api/")) throw new HttpError(503, SENTENCE, { retryAfterSeconds: RETRY_SECONDS });
    res.status(503).setHeader("Retry-After", String(RETRY_SECONDS));
    res.json({ success: false, error: { code: 503, message: SENTENCE } });
  };
}

async function isDeleting(db: Database): Promise<boolean> {
  const row = await db.selectFrom("settings").select("name").where("name", "=", DELETION_SETTING).executeTakeFirst();
  return row !== undefined;
}
