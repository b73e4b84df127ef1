import type { Database } from "@elastic-gas/shared/database/connect";
import { parseStopRequest, type StopRequest } from "../model/fleet/stop-request.ts";
import { readSetting } from "./settings.ts";

/** The row of table `settings`; the next start removes it. */
export const STOP_SETTING = "stop_requested";

export async function readStopRequest(db: Database): Promise<StopRequest | null> {
  const stored = await readSetting(db, STOP_SETTING);
  return stored === undefined ? null : parseStopRequest(stored);
}
