import type { Config } from "@elastic-gas/shared/config";
import type { Tables } from "@elastic-gas/shared/database/tables";
import { formatCountOf } from "@elastic-gas/shared/format/numbers";
import { HttpError } from "@elastic-gas/shared/web/errors";
import type { Transaction } from "kysely";
import { countUnfinished } from "./queries.ts";

/** Throws HttpError 429 when as many jobs of the user wait or run as may; `remedy` says what to do then. */
export async function refuseTooManyWaiting(
  trx: Transaction<Tables>,
  { MAX_WAITING_JOBS: most }: Pick<Config, "MAX_WAITING_JOBS">,
  { userId, remedy }: { readonly userId: number; readonly remedy: string },
): Promise<void> {
  if ((await countUnfinished(trx, userId)) < most) return;
  throw new HttpError(429, `${formatCountOf(most, "job")} of yours wait already, and no more can.`, {
    remedy,
    retryAfterSeconds: 60,
  });
}
