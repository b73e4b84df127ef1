import type { Database } from "@elastic-gas/shared/database/connect";

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

function titleOf(message: unknown): string {
  return typeof message === "object" && message !== null && "title" in message ? String(message.title) : "";
}
