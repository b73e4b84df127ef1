import type { Database } from "@elastic-gas/shared/database/connect";
import { z } from "zod";
import { claimSetting, readSetting } from "../settings.ts";

/** The stored wish above all wishes: while the row exists nothing is launched and every worker is drained and terminated. The next start removes it. */
export const STOP_SETTING = "stop_requested";

export const StopWish = z.object({
  by: z.string(),
  /** Epoch milliseconds. */
  at: z.number(),
  /** Workers at that moment, for the progress. */
  workers: z.number().int().min(0),
});
export type StopWish = z.infer<typeof StopWish>;

export async function readStopWish(db: Database): Promise<StopWish | null> {
  const stored = await readSetting(db, STOP_SETTING);
  if (stored === undefined) return null;
  return parseStopWish(stored);
}

/** Stores the wish and marks every pool; false when somebody else did before. */
export async function wishStop(db: Database, wish: StopWish): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const first = await claimSetting(trx, STOP_SETTING, JSON.stringify(wish));
    await trx.updateTable("pools").set({ stopping: true, updatedAt: new Date() }).execute();
    return first;
  });
}

/** Any value means stop: a row that another version wrote must not be overlooked because its shape is unknown. */
export function parseStopWish(stored: string): StopWish {
  try {
    const parsed = StopWish.safeParse(JSON.parse(stored));
    if (parsed.success) return parsed.data;
  } catch {
    // not JSON: the wish counts all the same
  }
  return { by: "somebody", at: 0, workers: 0 };
}
