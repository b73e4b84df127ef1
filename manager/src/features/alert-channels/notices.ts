import type { Database } from "@elastic-gas/shared/database/connect";
import { insertUnlessThere } from "@elastic-gas/shared/database/insert-unless-there";
import type { Tables } from "@elastic-gas/shared/database/tables";
import { sql, type Transaction } from "kysely";
import { alertEnds, eventOfAlert } from "../../model/alerts/alert-events.ts";
import { quietUntil } from "../../model/alerts/quiet-hours.ts";
import type { Occurrence } from "../../model/decisions/occurrence.ts";
import type { FleetSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import { type Channel, listChannels } from "./channels.ts";
import { AlertMessage } from "./message.ts";

/** An alert that was not there for so long is over; one that comes and goes within it is one. */
const GONE_MS = 60_000;
/** Changes that are older when a manager first sees them are history. */
const CHANGE_MAX_AGE_MS = 15 * 60_000;
/** Notices of what only happens are kept against a second telling that long. */
const ONCE_KEPT_MS = 24 * 3_600_000;
const KEPT_DELIVERIES_MS = 30 * 24 * 3_600_000;

interface Notice {
  readonly id: string;
  readonly ends: boolean;
  readonly message: AlertMessage;
}

/**
 * Writes what each channel is to be told: once when an alert is raised, once when it is over. The row of channel and
 * alert decides, so that a restart or a second manager tells nothing again.
 */
export async function noteAlerts(
  db: Database,
  fleet: Pick<FleetSnapshot, "alerts" | "latest">,
  now: number,
): Promise<void> {
  const channels = await listChannels(db);
  if (channels.length === 0) return;
  const notices = [...fleet.alerts.map(ofAlert), ...fleet.latest.flatMap((change) => ofChange(change, now))];
  for (const channel of channels) {
    const wanted = notices.filter(({ message }) => channel.events.includes(message.event));
    // What had happened before there was a channel is not for it.
    const news = wanted.filter(({ ends, message }) => ends || message.at >= channel.createdAt);
    for (const notice of news) await raise(db, channel, { notice, now });
  }
  await clearOver(db, channels, { present: fleet.alerts.map(({ id }) => id), now });
  await forgetOld(db, now);
}

function ofAlert({ id, start, text, remedy, at }: FleetSnapshot["alerts"][number]): Notice {
  const title = `${start} ${text}`;
  return {
    id,
    ends: alertEnds(id),
    message: { event: eventOfAlert(id), phase: "raised", title, text: remedy ?? "", at },
  };
}

function ofChange({ id, at, mark, sentence }: Occurrence, now: number): readonly Notice[] {
  const grown = /(\d+) → (\d+)/.exec(sentence);
  if (mark === "R" || mark === "P" || grown === null || now - at > CHANGE_MAX_AGE_MS) return [];
  const event = Number(grown[2]) > Number(grown[1]) ? "grow" : "shrink";
  return [{ id, ends: false, message: { event, phase: "raised", title: sentence, text: "", at } }];
}

async function raise(
  db: Database,
  channel: Channel,
  { notice, now }: { readonly notice: Notice; readonly now: number },
): Promise<void> {
  const { id, ends, message } = notice;
  await db.transaction().execute(async (trx) => {
    const isNew = await insertUnlessThere(
      trx.insertInto("alertNotices").values({
        channelId: channel.id,
        alertId: id,
        title: message.title.slice(0, 300),
        ends,
        raisedAt: new Date(now),
        seenAt: new Date(now),
      }),
    );
    if (isNew) await queue(trx, channel, { alertId: id, message, ends, now });
  });
}

async function queue(
  trx: Transaction<Tables>,
  { id, quiet }: Channel,
  told: { readonly alertId: string; readonly message: AlertMessage; readonly ends: boolean; readonly now: number },
): Promise<void> {
  const { alertId, message, ends, now } = told;
  const until = quietUntil(now, quiet);
  // A change that happened at night is no news in the morning.
  if (until !== null && !ends) return;
  await trx
    .insertInto("alertDeliveries")
    .values({
      channelId: id,
      alertId,
      phase: message.phase,
      message: JSON.stringify(message),
      nextAt: new Date(until ?? now),
      createdAt: new Date(now),
    })
    .execute();
}

async function clearOver(
  db: Database,
  channels: readonly Channel[],
  { present, now }: { readonly present: readonly string[]; readonly now: number },
): Promise<void> {
  if (present.length > 0) {
    await db
      .updateTable("alertNotices")
      .set({ seenAt: new Date(now) })
      .where("alertId", "in", present)
      .execute();
  }
  const gone = await db
    .selectFrom("alertNotices")
    .select(["channelId", "alertId", "title"])
    .where("ends", "=", true)
    .where("seenAt", "<=", new Date(now - GONE_MS))
    .execute();
  for (const { channelId, alertId, title } of gone) {
    const channel = channels.find(({ id }) => id === channelId);
    if (channel === undefined) continue;
    await db.transaction().execute(async (trx) => {
      const { numDeletedRows } = await trx
        .deleteFrom("alertNotices")
        .where("channelId", "=", channelId)
        .where("alertId", "=", alertId)
        .where("seenAt", "<=", new Date(now - GONE_MS))
        .executeTakeFirstOrThrow();
      if (numDeletedRows === 0n) return;
      // Raised and over before anybody was told, as in quiet hours: both are left out.
      const { numDeletedRows: untold } = await trx
        .deleteFrom("alertDeliveries")
        .where("channelId", "=", channelId)
        .where("alertId", "=", alertId)
        .where("phase", "=", "raised")
        .where("state", "=", "waiting")
        .where("attempts", "=", 0)
        .executeTakeFirstOrThrow();
      if (untold > 0n) return;
      const message: AlertMessage = { event: eventOfAlert(alertId), phase: "cleared", title, text: "", at: now };
      await queue(trx, channel, { alertId, message, ends: true, now });
    });
  }
}

async function forgetOld(db: Database, now: number): Promise<void> {
  await db
    .deleteFrom("alertNotices")
    .where("ends", "=", false)
    .where("seenAt", "<", new Date(now - ONCE_KEPT_MS))
    .execute();
  await db
    .deleteFrom("alertDeliveries")
    .where("state", "!=", "waiting")
    .where("createdAt", "<", new Date(now - KEPT_DELIVERIES_MS))
    .limit(1_000)
    .execute();
}

/** A delivery that is due and that nobody else has in hand. */
export interface ClaimedDelivery {
  readonly id: number;
  readonly channel: Channel;
  readonly message: AlertMessage;
  readonly attempt: number;
}

const CLAIM_MS = 60_000;
const TRIED_AT_ONCE = 20;

/** The oldest that waits for each channel, when it is due: a channel hears things in their order. */
export async function claimDeliveries(db: Database, now: number): Promise<readonly ClaimedDelivery[]> {
  const channels = new Map((await listChannels(db)).map((channel) => [channel.id, channel]));
  return db.transaction().execute(async (trx) => {
    const rows = await trx
      .selectFrom("alertDeliveries")
      .selectAll()
      .where("id", "in", (eb) =>
        eb
          .selectFrom("alertDeliveries as oldest")
          .select((each) => each.fn.min("oldest.id").as("id"))
          .where("oldest.state", "=", "waiting")
          .groupBy("oldest.channelId"),
      )
      .where("nextAt", "<=", new Date(now))
      .where((eb) => eb.or([eb("claimedUntil", "is", null), eb("claimedUntil", "<=", new Date(now))]))
      .limit(TRIED_AT_ONCE)
      .forUpdate()
      .skipLocked()
      .execute();
    if (rows.length === 0) return [];
    await trx
      .updateTable("alertDeliveries")
      .set({ claimedUntil: new Date(now + CLAIM_MS), attempts: sql<number>`attempts + 1` })
      .where(
        "id",
        "in",
        rows.map(({ id }) => id),
      )
      .execute();
    return rows.flatMap((row) => {
      const channel = channels.get(row.channelId);
      const message = AlertMessage.safeParse(row.message);
      if (channel === undefined || !message.success) return [];
      return [{ id: row.id, channel, message: message.data, attempt: row.attempts + 1 }];
    });
  });
}
