import { isDeepStrictEqual } from "node:util";
import type { Database } from "../database/connect.ts";
import type { Logger } from "../logger.ts";
import { runLoop } from "../shutdown.ts";
import { openMetadata } from "./instance-identity.ts";
import { askInterruption, type Interruption } from "./interruption.ts";

/** As AWS advises: a notice comes two minutes before the end. */
const LOOK_MS = 5_000;

export interface WatchInterruption {
  readonly db: Database;
  readonly log: Logger;
  readonly instanceId: string;
  /** Of the metadata service; EC2's own when left out. */
  readonly endpoint: string | undefined;
  readonly signal: AbortSignal;
  readonly lookMs?: number;
  readonly onChange?: (interruption: Interruption | null) => void;
}

/**
 * Looks whether EC2 is about to end this instance, and notes it in the worker's row, from which the autoscaler replaces
 * it. Resolves when the signal has aborted.
 */
export function watchInterruption(options: WatchInterruption): Promise<void> {
  const { db, log, instanceId, endpoint, signal, lookMs = LOOK_MS, onChange } = options;
  let told: Interruption | null = null;
  return runLoop({ name: "interruption", intervalMs: lookMs, signal, log }, async () => {
    const seen = await askInterruption(await openMetadata(endpoint));
    if (isDeepStrictEqual(seen, told)) return;
    if (seen !== null) log.warn({ instanceId, ...seen }, "EC2 is about to end this instance");
    onChange?.(seen);
    const { numUpdatedRows } = await db
      .updateTable("workers")
      .set({ interruption: seen === null ? null : JSON.stringify(seen) })
      .where("instanceId", "=", instanceId)
      .executeTakeFirst();
    // Before the first heartbeat there is no row: the next look notes it.
    if (numUpdatedRows > 0n) told = seen;
  });
}
