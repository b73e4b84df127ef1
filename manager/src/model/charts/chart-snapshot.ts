import type { PoolName } from "@elastic-gas/shared/resources";
import type { Occurrence } from "../decisions/occurrence.ts";
import type { CountStep } from "./count-steps.ts";
import type { Span } from "./range.ts";
import type { Series } from "./series.ts";

export interface WorkerSeries {
  readonly id: string;
  /** 0-100. */
  readonly cpu: Series;
  /**
   * HTTP requests per minute, or jobs running, as `ChartSnapshot.workerMeasure` says; null where the pool has neither.
   */
  readonly work: Series | null;
  /**
   * Data are expected from here to there: before the worker was in service and after its end a missing value is no gap.
   * null: as far as there can be any, to `ChartSnapshot.settledUntil`.
   */
  readonly expectedFrom: number;
  readonly expectedTo: number | null;
}

/** All charts of one pool over one range. */
export interface ChartSnapshot {
  readonly pool: PoolName;
  readonly span: Span;
  /** When CloudWatch was asked. */
  readonly at: number;
  readonly steps: readonly CountStep[];
  /** Mean CPU of the workers that reported, 0-100. */
  readonly cpu: Series;
  /** Requests per minute and mean response time in milliseconds at the load balancer. */
  readonly traffic: { readonly requests: Series; readonly responseMs: Series } | null;
  /** Waiting messages, and messages sent in the policy's window. */
  readonly queue: { readonly waiting: Series; readonly sent: Series; readonly windowSeconds: number } | null;
  readonly thresholds: { readonly grow: number; readonly shrink: number } | null;
  readonly events: readonly Occurrence[];
  readonly workers: readonly WorkerSeries[];
  readonly workerMeasure: "requests" | "jobs" | null;
  /** The youngest data that can be there: what is newer is not missing yet. */
  readonly settledUntil: number;
}
