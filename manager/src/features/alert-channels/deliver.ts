import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import { quietUntil } from "../../model/alerts/quiet-hours.ts";
import { type ClaimedDelivery, claimDeliveries } from "./notices.ts";
import { type SendDeps, type SendResult, sendToChannel } from "./send.ts";

export interface DeliverDeps extends SendDeps {
  readonly db: Database;
  readonly log: Logger;
}

/** 10 s, 30 s, 90 s, ... at most an hour: with the last one about three hours have passed. */
const FIRST_WAIT_MS = 10_000;
const LONGEST_WAIT_MS = 3_600_000;
const MOST_ATTEMPTS = 9;

/** How long to wait after so many attempts, at least as long as was asked for; null: it is given up. */
export function waitAfterAttempt(attempt: number, askedMs = 0): number | null {
  if (attempt >= MOST_ATTEMPTS) return null;
  return Math.min(LONGEST_WAIT_MS, Math.max(askedMs, FIRST_WAIT_MS * 3 ** (attempt - 1)));
}

/** Sends what is due, to all channels at once: one that is away keeps no other waiting. */
export async function deliver(deps: DeliverDeps): Promise<void> {
  const claimed = await claimDeliveries(deps.db, deps.now());
  await Promise.all(claimed.map((delivery) => deliverOne(deps, delivery)));
}

async function deliverOne(deps: DeliverDeps, delivery: ClaimedDelivery): Promise<void> {
  const { db, log, now } = deps;
  const { id, channel, message, attempt } = delivery;
  const until = quietUntil(now(), channel.quiet);
  if (until !== null) {
    // A try again, or quiet hours that were set since: it waits as the others do.
    const later = { nextAt: new Date(until), claimedUntil: null, attempts: attempt - 1 };
    await db.updateTable("alertDeliveries").set(later).where("id", "=", id).execute();
    return;
  }
  const result = await sendToChannel(deps, channel, { message, deliveryId: id });
  if (result.kind !== "sent") log.warn({ channel: channel.name, attempt, words: result.words }, "alert not delivered");
  await db
    .updateTable("alertDeliveries")
    .set(fateOf(result, { attempt, now: now() }))
    .where("id", "=", id)
    .execute();
}

function fateOf(
  { kind, words, retryAfterMs = 0 }: SendResult,
  { attempt, now }: { readonly attempt: number; readonly now: number },
) {
  const result = words.slice(0, 500);
  const wait = kind === "failed" ? waitAfterAttempt(attempt, retryAfterMs) : null;
  if (wait !== null) return { result, nextAt: new Date(now + wait), claimedUntil: null };
  const state = kind === "sent" ? ("sent" as const) : ("failed" as const);
  return { result, state, finishedAt: new Date(now), claimedUntil: null };
}
