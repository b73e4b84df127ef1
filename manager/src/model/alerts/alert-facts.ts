import type { PoolName, QueueKey } from "@elastic-gas/shared/resources";
import type { ActivityRow } from "../decisions/records.ts";
import type { PoolSnapshot } from "../fleet/fleet-snapshot.ts";
import type { WorkerSnapshot } from "../fleet/worker-snapshot.ts";
import type { Saturation } from "./host-saturation.ts";
import type { WaitingWork } from "./waiting-work.ts";

/** What alerts are made of. */
export interface AlertFacts {
  readonly now: number;
  /** Of the times in the sentences. */
  readonly timeZone: string;
  readonly tickSeconds: number;
  readonly cloudFailure: { readonly since: number; readonly sentence: string } | null;
  readonly lastCheckAt: number | null;
  /** Until when somebody may act as the autoscaler; `until` null = given back. null before the first autoscaler. */
  readonly lease: { readonly until: number | null } | null;
  readonly pools: readonly PoolSnapshot[];
  readonly workers: readonly WorkerSnapshot[];
  readonly failedLaunches: readonly FailedLaunch[];
  /** What workers say that they cannot do, by instance id. */
  readonly lacks: ReadonlyMap<string, string>;
  readonly deadLetters: readonly DeadLetterCount[];
  readonly waitingWork: readonly WaitingWork[];
  /** Of the last minutes. */
  readonly activities: readonly ActivityRow[];
  /** When each in-service worker last had a CPU point; a worker that is missing here is not watched. */
  readonly lastCpuAt: ReadonlyMap<string, number | null>;
  /** A worker without CPU data for longer than this is named. */
  readonly cpuMaxAgeMs: number;
  /** null while the machine under local-cloud has CPU left, and on AWS. */
  readonly hostSaturation: Saturation | null;
  readonly deletionFailure: { readonly at: number; readonly sentence: string } | null;
  /** A deliberate stop of everything is no fault of the autoscaler. */
  readonly stopping: boolean;
}

export interface FailedLaunch {
  readonly pool: PoolName;
  readonly at: number;
  readonly failure: string;
}

export interface DeadLetterCount {
  readonly queue: QueueKey;
  readonly count: number;
  readonly latestAt: number;
  readonly outcome: string;
}
