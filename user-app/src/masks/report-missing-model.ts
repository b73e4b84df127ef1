import type { Database } from "@elastic-gas/shared/database/connect";
import type { MaskDetector } from "./detector/mask-detector.ts";

const MAX_CHARACTERS = 500;

export interface ModelReporterOptions {
  readonly db: Database;
  readonly detector: Pick<MaskDetector, "availability" | "settled">;
  readonly instanceId: string;
}

/**
 * Writes into the worker's row that it checks no photos, and why; and that it does again. The worker stays in service:
 * everything else works. Call it at each heartbeat; it writes when something changed.
 */
export function createModelReporter({ db, detector, instanceId }: ModelReporterOptions): () => Promise<void> {
  let isSettled = false;
  // A model that is still being loaded is not missing.
  void detector.settled().then(() => {
    isSettled = true;
  });
  let told: string | null = null;
  return async () => {
    const availability = detector.availability();
    const lacks = availability.kind === "ready" ? null : availability.reason.slice(0, MAX_CHARACTERS);
    if (!isSettled || lacks === told) return;
    const { numUpdatedRows } = await db
      .updateTable("workers")
      .set({ lacks })
      .where("instanceId", "=", instanceId)
      .executeTakeFirstOrThrow();
    // Without a row yet, the next heartbeat tells.
    if (numUpdatedRows > 0n) told = lacks;
  };
}
