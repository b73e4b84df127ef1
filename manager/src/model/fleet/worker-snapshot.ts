import {
  describeWorker,
  type TargetFacts,
  type WorkerRules,
  type WorkerState,
} from "@elastic-gas/scaling/worker-state";
import { compareWithPublished, readPublished, type ShownState } from "@elastic-gas/scaling/worker-state-published";
import { describeWorkerReason, type ReasonReader } from "@elastic-gas/scaling/worker-state-reason";
import type { Instance } from "@elastic-gas/shared/aws/instances";
import type { Beat, WorkerRecord } from "@elastic-gas/shared/pools/worker-record";
import type { PoolName } from "@elastic-gas/shared/resources";

/**
 * One worker as the pages show it: in the state that the autoscaler published and acts on. `newer` is what the page's
 * own later look at AWS makes of it, where that is another state.
 */
export interface WorkerSnapshot extends Pick<ShownState, "state" | "reason" | "newer"> {
  readonly id: string;
  readonly pool: PoolName;
  readonly type: string;
  readonly zone: string;
  readonly address: string | null;
  /** What it runs; null when its instance does not tell. */
  readonly releaseId: string | null;
  readonly launchedAt: number;
  readonly inServiceAt: number | null;
  readonly protected: boolean;
  readonly jobId: string | null;
  /** An admin asked for it: `replacement` or `shrink`; null when nobody did. */
  readonly leaving: string | null;
  /** What it does now; null while CloudWatch has not said. */
  readonly load: WorkerLoad | null;
}

export interface WorkerLoad {
  /** 0-100. */
  readonly cpuPercent: number | null;
  /** Requests per minute, or jobs running; null where its pool has neither. */
  readonly work: number | null;
}

export interface WorkerSources {
  readonly instance: Instance;
  readonly target: TargetFacts | undefined;
  readonly record: WorkerRecord | undefined;
  readonly beats?: readonly Beat[];
  readonly load?: WorkerLoad | undefined;
}

/** Puts what AWS said at `now` beside what the autoscaler published in its pass at `observedAt`. */
export function snapshotWorker(
  { instance, target, record, beats = [], load }: WorkerSources,
  rules: WorkerRules,
  { now, observedAt }: { readonly now: number; readonly observedAt: number | null },
): WorkerSnapshot {
  const worker = describeWorker({ instance, target, record, beats }, rules, now);
  const own = { state: worker.state, reason: worker.reason, at: now };
  // The autoscaler no longer looks at what has ended.
  const published = own.state === "terminated" ? null : readPublished(record?.published ?? null, observedAt);
  const { state, reason, newer } = compareWithPublished(published, own);
  return {
    id: instance.id,
    pool: instance.pool,
    state,
    reason,
    newer,
    type: instance.type,
    zone: instance.zone,
    address: instance.address,
    releaseId: instance.releaseId,
    launchedAt: instance.launchedAt,
    inServiceAt: worker.inServiceAt,
    protected: worker.protected,
    jobId: record?.jobId ?? null,
    leaving: record?.victimReason ?? null,
    load: load ?? null,
  };
}

/** Why a worker is in its state, and what a newer look at AWS says otherwise: no capital, no full stop. */
export function describeWhy(worker: Pick<WorkerSnapshot, "reason" | "newer">, reader: ReasonReader): string {
  const why = describeWorkerReason(worker.reason, reader);
  const newer = describeNewer(worker, reader);
  return newer === null ? why : `${why}; ${newer}`;
}

/** "since then unhealthy: no heartbeat for 61 s"; null while the newer look agrees. */
export function describeNewer({ newer }: Pick<WorkerSnapshot, "newer">, reader: ReasonReader): string | null {
  return newer === null ? null : `since then ${newer.state}: ${describeWorkerReason(newer.reason, reader)}`;
}

/** Counted as draining too: it takes no work and is on its way out. */
export function isEnding(state: WorkerState): boolean {
  return state === "draining" || state === "terminating";
}
