import type { Database } from "@elastic-gas/shared/database/connect";
import type { ToldAlert } from "../model/report/report.ts";

/** One alert is told to all channels within this time. */
const SAME_MS = 60_000;

export interface DeliveryRow {
  readonly id: number;
  readonly channel: string;
  readonly phase: "raised" | "cleared";
  readonly title: string;
  readonly state: "waiting" | "sent" | "failed";
  readonly attempts: number;
  /** When it was sent or given up, or is tried next. */
  readonly at: number;
  readonly result: string | null;
}

/** Newest first. */
export async function listDeliveries(db: Database, limit: number): Promise<readonly DeliveryRow[]> {
  const rows = await db
    .selectFrom("alertDeliveries as delivery")
    .innerJoin("alertChannels as channel", "channel.id", "delivery.channelId")
    .select([
      "delivery.id",
      "channel.name as channel",
      "delivery.phase",
      "delivery.message",
      "delivery.state",
      "delivery.attempts",
      "delivery.nextAt",
      "delivery.finishedAt",
      "delivery.result",
    ])
    .orderBy("delivery.id", "desc")
    .limit(limit)
    .execute();
  return rows.map(({ message, nextAt, finishedAt, ...row }) => ({
    ...row,
    title: titleOf(message),
    at: (finishedAt ?? nextAt).getTime(),
  }));
}

/** What channels were told of in a time, each once, oldest first. */
export async function listToldAlerts(
  db: Database,
  { from, to }: { readonly from: number; readonly to: number },
  limit: number,
): Promise<readonly ToldAlert[]> {
  const rows = await db
    .selectFrom("alertDeliveries")
    .select(["alertId", "phase", "message", "createdAt"])
    .where("createdAt", ">=", new Date(from))
    .where("createdAt", "<=", new Date(to))
    .orderBy("id")
    .limit(limit)
    .execute();
  // Several channels are told the same within a moment.
  const told = new Map<string, ToldAlert>();
  for (const { alertId, phase, message, createdAt } of rows) {
    const at = createdAt.getTime();
    const key = `${alertId} ${phase} ${Math.round(at / SAME_MS)}`;
    if (!told.has(key)) told.set(key, { at, phase, title: titleOf(message) });
  }
  return [...told.values()];
}

function titleOf(message: unknown): string {
  return typeof message === "object" && message !== null && "title" in message ? String(message.title) : "";
}
