import { formatCountOf } from "@elastic-gas/shared/format/numbers";
import { HttpError } from "@elastic-gas/shared/web/errors";

export function tooManyWaiting(most: number): HttpError {
  return new HttpError(429, `${formatCountOf(most, "job")} of yours wait already, and no more can.`, {
    remedy: "The file is kept for a day. Reload this page when some jobs are done.",
    retryAfterSeconds: 60,
  });
}
