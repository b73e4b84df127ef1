import { sql } from "kysely";
import type { Database } from "../database/connect.ts";
import type { Logger } from "../logger.ts";
import { unbrokenGapMs } from "../pools/worker-record.ts";
import type { PoolName } from "../resources.ts";
import { runLoop } from "../shutdown.ts";

export interface WrittenBeat {
  readonly instanceId: string;
  readonly pool: PoolName;
  /** Of the heartbeat's rhythm: what is missing is told by it. */
  readonly intervalSeconds: number;
  readonly jobId: string | null;
}

/** Says that a worker lives and can use the database. The row's other columns belong to the autoscaler. */
export async function writeBeat(db: Database, beat: WrittenBeat): Promise<void> {
  const { instanceId, pool, intervalSeconds, jobId } = beat;
  const now = sql<Date>`utc_timestamp(3)`;
  const gap = unbrokenGapMs(intervalSeconds * 1_000) * 1_000;
  await db
    .insertInto("workers")
    .values({ instanceId, pool, jobId, beatingSince: now, at: now })
    .onDuplicateKeyUpdate({
      jobId,
      // Assigned before `at`, whose old value it reads: MySQL goes from left to right.
      beatingSince: sql<Date>`if(at >= ${now} - interval ${gap} microsecond, coalesce(beating_since, ${now}), ${now})`,
      at: now,
    })
    .execute();
}

export interface HeartbeatOptions {
  readonly db: Database;
  readonly log: Logger;
  readonly instanceId: string;
  readonly pool: PoolName;
  readonly intervalSeconds: number;
  readonly signal: AbortSignal;
  /** The job in hand, null when idle. */
  readonly jobId?: () => string | null;
}

export interface Heartbeat {
  /** True once the autoscaler told this worker to take no more work; stays true. */
  readonly isDraining: () => boolean;
  /** Writes a beat now, outside the rhythm: when a job begins or ends. */
  readonly beat: () => Promise<void>;
  /** Resolves when the signal has aborted and the last beat is over. */
  readonly ended: Promise<void>;
}

/** Keeps this worker's row in `workers` fresh and reads its draining flag. Survives MySQL failing. */
export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { db, log, instanceId, pool, intervalSeconds, signal, jobId = () => null } = options;
  let draining = false;
  const beat = async (): Promise<void> => {
    await writeBeat(db, { instanceId, pool, intervalSeconds, jobId: jobId() });
    const row = await db
      .selectFrom("workers")
      .select("draining")
      .where("instanceId", "=", instanceId)
      .executeTakeFirst();
    if (row?.draining === true && !draining) {
      draining = true;
      log.info({ instanceId }, "draining: takes no more work");
    }
  };
  return {
    isDraining: () => draining,
    beat,
    ended: runLoop({ name: "heartbeat", intervalMs: intervalSeconds * 1_000, signal, log }, beat),
  };
}
