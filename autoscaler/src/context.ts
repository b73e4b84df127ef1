import type { Worker, WorkerMemory, WorkerRules } from "@elastic-gas/scaling/worker-state";
import type { Config } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import type { PoolName, Resources } from "@elastic-gas/shared/resources";
import type { Cloud } from "./cloud.ts";
import type { Balancer } from "./fleet.ts";
import type { Launch } from "./launches.ts";
import type { Lease } from "./lease.ts";
import type { PoolWishes } from "./pools.ts";

/** What every step of the autoscaler works with. */
export interface Context {
  readonly config: Config;
  readonly resources: Resources;
  readonly db: Database;
  readonly cloud: Cloud;
  readonly lease: Lease;
  readonly log: Logger;
  /** The user-data script with its placeholders. */
  readonly userDataTemplate: string;
}

/** One pool as it is now: wishes from MySQL, workers from AWS. */
export interface PoolScene {
  readonly pool: PoolWishes;
  readonly balancer: Balancer | null;
  readonly workers: readonly Worker[];
  readonly memories: ReadonlyMap<string, WorkerMemory>;
  readonly launches: readonly Launch[];
  readonly open: readonly Launch[];
  /** Activities that were open before the wishes were read. */
  readonly endable: ReadonlySet<number>;
  /** When the run of start.sh began, epoch milliseconds; 0 when no run is named. */
  readonly begunAt: number;
}

export const BALANCED: PoolName = "web";
export const QUEUED: PoolName = "annotator";

/** The longest that a call may take: a third of the lease, so that two failed renewals in a row leave time for it. */
export function callMs({ LEASE_SECONDS }: Pick<Config, "LEASE_SECONDS">): number {
  return Math.min(10_000, Math.floor((LEASE_SECONDS * 1_000) / 3));
}

export function workerRules(config: Config, pool: PoolName): WorkerRules {
  const drainSeconds = pool === BALANCED ? config.DEREGISTRATION_DELAY_SECONDS + 30 : config.JOB_TIMEOUT_SECONDS + 60;
  return {
    balanced: pool === BALANCED,
    heartbeatMs: config.HEARTBEAT_SECONDS * 1_000,
    // 60 s at the default of 10 s between two beats.
    heartbeatMaxAgeMs: 6 * config.HEARTBEAT_SECONDS * 1_000,
    drainDeadlineMs: drainSeconds * 1_000,
  };
}
