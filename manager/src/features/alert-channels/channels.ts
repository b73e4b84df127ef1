import { createHash, randomBytes } from "node:crypto";
import { cleanLine } from "@elastic-gas/shared/clean-file-name";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { ChannelKind } from "@elastic-gas/shared/database/tables";
import { z } from "zod";
import { ALERT_EVENT_NAMES, type AlertEvent } from "../../model/alerts/alert-events.ts";
import { parseClock, type QuietHours } from "../../model/alerts/quiet-hours.ts";

export interface Channel {
  readonly id: number;
  readonly kind: ChannelKind;
  readonly name: string;
  readonly target: string;
  readonly secret: string | null;
  readonly events: readonly AlertEvent[];
  readonly quiet: QuietHours | null;
  readonly createdBy: string;
  readonly createdAt: number;
}

const Events = z.array(z.enum(ALERT_EVENT_NAMES)).catch([]);

/** Oldest first. */
export async function listChannels(db: Database): Promise<readonly Channel[]> {
  const rows = await db.selectFrom("alertChannels").selectAll().orderBy("id").execute();
  return rows.map(({ quietFrom, quietTo, quietZone, events, createdAt, ...row }) => ({
    ...row,
    events: Events.parse(events),
    quiet: quietFrom === null || quietTo === null ? null : { from: quietFrom, to: quietTo, zone: quietZone },
    createdAt: createdAt.getTime(),
  }));
}

export async function findChannel(db: Database, id: number): Promise<Channel | undefined> {
  return (await listChannels(db)).find((channel) => channel.id === id);
}

/** Names what can be changed of a channel as it is now: who changes it says what they have seen. */
export function settingsMark({ name, events, quiet }: Pick<Channel, "name" | "events" | "quiet">): string {
  const { from = null, to = null, zone = null } = quiet ?? {};
  return createHash("sha256")
    .update(JSON.stringify([name, events, from, to, zone]))
    .digest("hex");
}

const clock = z
  .string()
  .default("")
  .transform((text, context) => {
    if (text.trim() === "") return null;
    const minutes = parseClock(text);
    if (minutes !== undefined) return minutes;
    context.addIssue({ code: "custom", message: "A time of the day, such as 22:00." });
    return z.NEVER;
  });
const zone = z.string().refine((name) => {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}, "This server does not know this time zone.");

/** What can be changed of a channel; one box that is ticked comes as a text. */
export const ChannelSettings = z
  .object({
    name: z.string().overwrite(cleanLine).min(1, "A name is needed.").max(100, "At most 100 characters."),
    events: z.preprocess(
      (value) => (value === undefined ? [] : [value].flat()),
      z.array(z.enum(ALERT_EVENT_NAMES)).min(1, "Choose at least one event."),
    ),
    quietFrom: clock,
    quietTo: clock,
    quietZone: zone,
  })
  .refine(({ quietFrom, quietTo }) => (quietFrom === null) === (quietTo === null), {
    path: ["quietFrom"],
    message: "Quiet hours need both times, or none.",
  })
  .refine(({ quietFrom, quietTo }) => quietFrom === null || quietFrom !== quietTo, {
    path: ["quietTo"],
    message: "The times are the same, which makes no quiet hours. Leave both empty for none.",
  });
export type ChannelSettings = z.infer<typeof ChannelSettings>;

const Mail = z.object({ kind: z.literal("mail"), target: z.email("This is not an e-mail address.").max(254) });
const Address = z
  .string()
  .trim()
  .max(500, "At most 500 characters.")
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).username === "",
    "An address starts with https:// or http:// and holds no user name.",
  );
/** Where a new one sends to. */
export const ChannelTarget = z.discriminatedUnion("kind", [
  Mail,
  z.object({ kind: z.literal("webhook"), target: Address }),
  z.object({ kind: z.literal("chat"), target: Address }),
]);
export type ChannelTarget = z.infer<typeof ChannelTarget>;

/** Returns its id and, for a webhook, the secret that signs its messages. */
export async function createChannel(
  db: Database,
  { kind, target }: ChannelTarget,
  { settings, createdBy }: { readonly settings: ChannelSettings; readonly createdBy: string },
): Promise<{ readonly id: number; readonly secret: string | null }> {
  const secret = kind === "webhook" ? randomBytes(32).toString("base64url") : null;
  const { insertId } = await db
    .insertInto("alertChannels")
    .values({ ...settings, events: JSON.stringify(settings.events), kind, target, secret, createdBy })
    .executeTakeFirstOrThrow();
  return { id: Number(insertId), secret };
}

/**
 * What its quiet hours hold is looked at again: they may be others now. False, and nothing changed, when it is gone or
 * its settings are no longer those of `seen`, a `settingsMark`.
 */
export async function changeChannel(
  db: Database,
  id: number,
  { settings, seen, now }: { readonly settings: ChannelSettings; readonly seen?: string; readonly now: number },
): Promise<boolean> {
  const isChanged = await db.transaction().execute(async (trx) => {
    await trx.selectFrom("alertChannels").select("id").where("id", "=", id).forUpdate().execute();
    const channel = await findChannel(trx, id);
    if (channel === undefined || (seen !== undefined && seen !== settingsMark(channel))) return false;
    await trx
      .updateTable("alertChannels")
      .set({ ...settings, events: JSON.stringify(settings.events) })
      .where("id", "=", id)
      .execute();
    return true;
  });
  if (!isChanged) return false;
  await db
    .updateTable("alertDeliveries")
    .set({ nextAt: new Date(now) })
    .where("channelId", "=", id)
    .where("state", "=", "waiting")
    .where("attempts", "=", 0)
    .execute();
  return true;
}

/** What waits for it goes with it. */
export async function deleteChannel(db: Database, id: number): Promise<void> {
  await db.deleteFrom("alertChannels").where("id", "=", id).execute();
}

/** What may be shown of a target: the address of a chat is a secret, its host is none. */
export function shownTarget({ kind, target }: Pick<Channel, "kind" | "target">): string {
  return kind === "mail" || !URL.canParse(target) ? target : new URL(target).host;
}
