/** The state and its reason that the autoscaler acted on last, as JSON that `scaling` reads. */
export interface StoredState {
  readonly state: string;
  readonly reason: unknown;
  /** Since when it is in that state with that reason. */
  readonly since: number;
}

/**
 * What MySQL holds of a worker (table `workers`). Instants are epoch milliseconds. No imports: browser code reads it
 * too.
 */
export interface WorkerRecord {
  readonly instanceId: string;
  readonly jobId: string | null;
  readonly draining: boolean;
  readonly drainingAt: number | null;
  readonly protected: boolean;
  readonly victimReason: string | null;
  /** What was wrong with it when it was chosen to end, as JSON that `scaling` reads; null when nothing was. */
  readonly endedFor: unknown;
  /** The activity that ended it. */
  readonly endedBy: number | null;
  readonly inServiceAt: number | null;
  readonly unhealthySince: number | null;
  readonly heartbeatAt: number | null;
  /** What it runs; null when its instance does not tell. */
  readonly releaseId: string | null;
  /** What it noted of its own load, as JSON that `load-points.ts` reads; null also where nobody asked for it. */
  readonly loadPoints: unknown;
  /** What EC2 told it of its end, as JSON that `aws/interruption.ts` reads; null: nothing. */
  readonly interruption: unknown;
  /** Null before the autoscaler's first look at it. */
  readonly published: StoredState | null;
}

/** When a worker last wrote its heartbeat, and since when it has written every one of them. */
export interface Beat {
  readonly instanceId: string;
  readonly at: number;
  readonly since: number;
}

/** Heartbeats that are no further apart than this follow each other without a break. */
export function unbrokenGapMs(heartbeatMs: number): number {
  return 1.5 * heartbeatMs + 5_000;
}
