import type { IncomingMessage } from "node:http";
import { HttpError, Overloaded } from "@elastic-gas/shared/web/errors";
import { DetectorBusy, DetectorUnavailable, type MaskDetector, type Place } from "../detector/mask-detector.ts";
import { type PictureProblem, PictureUnusable } from "../detector/picture.ts";
import { dropRest } from "./multipart.ts";

const PROBLEM_STATUS: Readonly<Record<PictureProblem, number>> = {
  "not a picture": 415,
  "too many pixels": 413,
  damaged: 422,
};
/** The model is looked for again every few minutes. */
const MODEL_RETRY_SECONDS = 60;

/**
 * A place for the request's picture, taken before its body is read and its password compared: who would wait too long
 * is refused at once. Throws HttpError 503.
 */
export function takePlace(detector: MaskDetector, req: IncomingMessage): Place {
  try {
    return detector.takePlace();
  } catch (error) {
    dropRest(req);
    throw toHttpError(error) ?? error;
  }
}

/** What mask detection throws for expected reasons, with its HTTP status; undefined for anything else. */
export function toHttpError(error: unknown): HttpError | undefined {
  if (error instanceof HttpError) return error;
  if (error instanceof PictureUnusable)
    return new HttpError(PROBLEM_STATUS[error.problem], error.message, { cause: error });
  if (error instanceof DetectorBusy) {
    return new Overloaded(error.message, { retryAfterSeconds: error.retryAfterSeconds, cause: error });
  }
  if (error instanceof DetectorUnavailable) {
    return new HttpError(503, error.message, { retryAfterSeconds: MODEL_RETRY_SECONDS, cause: error });
  }
  return undefined;
}
