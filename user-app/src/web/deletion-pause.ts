import type { Database } from "@elastic-gas/shared/database/connect";
import { DELETION_SETTING } from "@elastic-gas/shared/database/tables";
import { HttpError } from "@elastic-gas/shared/web/errors";
import type { RequestHandler } from "express";

/** Requests that bring new data in. */
const UPLOADS: ReadonlySet<string> = new Set([
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

/**
 * Answers uploads with 503 while an administrator deletes all data, so that nothing new is swept away with the old.
 * `/api/upload` asks by itself, once it has a place for its photo.
 */
export function refuseUploadsDuringDeletion(db: Database): RequestHandler {
  return async (req, _res, next) => {
    if (UPLOADS.has(`${req.method} ${req.path}`)) await refuseDuringDeletion(db);
    next();
  };
}

/** Throws HttpError 503 while all data are being deleted. */
export async function refuseDuringDeletion(db: Database): Promise<void> {
  if (await isDeleting(db)) throw new HttpError(503, SENTENCE, { retryAfterSeconds: RETRY_SECONDS });
}

async function isDeleting(db: Database): Promise<boolean> {
  const row = await db.selectFrom("settings").select("name").where("name", "=", DELETION_SETTING).executeTakeFirst();
  return row !== undefined;
}
