import type { Database } from "@elastic-gas/shared/database/connect";
import type { StopRequest } from "../../model/fleet/stop-request.ts";
import { STOP_SETTING } from "../../read/stop-request.ts";
import { claimSetting } from "../settings.ts";

/** Stores the request and marks every pool; false when somebody else did before. */
export async function requestStop(db: Database, request: StopRequest): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const first = await claimSetting(trx, STOP_SETTING, JSON.stringify(request));
    await trx.updateTable("pools").set({ stopping: true, updatedAt: new Date() }).execute();
    return first;
  });
}
