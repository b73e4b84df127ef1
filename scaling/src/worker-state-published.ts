import type { StoredState } from "@elastic-gas/shared/pools/worker-record";
import { z } from "zod";
import type { WorkerState } from "./worker-state.ts";
import { WorkerReason } from "./worker-state-reason.ts";

/** A worker's state as somebody judged it at an instant (epoch milliseconds). */
export interface JudgedState {
  readonly state: WorkerState;
  readonly reason: WorkerReason;
  readonly at: number;
}

export interface ShownState extends JudgedState {
  /** What a newer look at AWS makes of it, where that is another state than the one the autoscaler acts on. */
  readonly newer: JudgedState | null;
}

const STATES = z.enum([
  "pending",
  "warming",
  "in service",
  "unhealthy",
  "draining",
  "terminating",
  "terminated",
]) satisfies z.ZodType<WorkerState>;

/**
 * The state that the autoscaler published in its pass at `observedAt`; null when it has not yet, or in another
 * version's words.
 */
export function readPublished(stored: StoredState | null, observedAt: number | null): JudgedState | null {
  if (stored === null) return null;
  const state = STATES.safeParse(stored.state);
  const reason = WorkerReason.safeParse(stored.reason);
  if (!state.success || !reason.success) return null;
  return { state: state.data, reason: reason.data, at: Math.max(observedAt ?? 0, stored.since) };
}

/**
 * What a page shows: the state that the autoscaler acts on, and beside it the page's own newer one where the two
 * differ. Within one state the newer reason counts: a job that began, a health check's words.
 */
export function compareWithPublished(published: JudgedState | null, own: JudgedState): ShownState {
  if (published === null) return { ...own, newer: null };
  if (own.at <= published.at) return { ...published, newer: null };
  if (own.state === published.state) return { ...own, newer: null };
  return { ...published, newer: own };
}
