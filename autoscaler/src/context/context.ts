import type { Policy } from "@elastic-gas/scaling/policy";
import type { Worker } from "@elastic-gas/scaling/worker-state";
import type { Balancer } from "@elastic-gas/shared/aws/load-balancer";
import type { Config } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import type { PoolRow } from "@elastic-gas/shared/pools/pools";
import type { WorkerRecord } from "@elastic-gas/shared/pools/worker-record";
import type { ActiveUpdate } from "@elastic-gas/shared/releases/updates";
import type { Resources } from "@elastic-gas/shared/resources";
import type { Launch } from "../launches/launches.ts";
import type { Lease } from "../lease/lease.ts";
import type { Cloud } from "./cloud.ts";

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

/** A pool's desired state. */
export type Pool = PoolRow<Policy>;

/** What workers run: the release in use, and the update that replaces it. */
export interface Releases {
  /** Null before the first one was published. */
  readonly current: string | null;
  readonly update: ActiveUpdate | null;
}

/** One pool as it is now: its desired state from MySQL, its workers from AWS. */
export interface PoolSnapshot {
  readonly pool: Pool;
  readonly balancer: Balancer | null;
  readonly workers: readonly Worker[];
  /** Workers whose rows are there and whose instances have ended. */
  readonly ended: readonly Worker[];
  readonly records: ReadonlyMap<string, WorkerRecord>;
  readonly launches: readonly Launch[];
  readonly open: readonly Launch[];
  /** Activities that were open before the desired state was read: only these may be closed in this pass. */
  readonly closable: ReadonlySet<number>;
  /** When the run of start.sh began, epoch milliseconds; 0 when no run is named. */
  readonly begunAt: number;
  readonly releases: Releases;
}

/** The longest that a call may take: a third of the lease, so that two failed renewals in a row leave time for it. */
export function callMs({ LEASE_SECONDS }: Pick<Config, "LEASE_SECONDS">): number {
  return Math.min(10_000, Math.floor((LEASE_SECONDS * 1_000) / 3));
}
