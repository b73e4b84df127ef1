import { sentenceOfRecord } from "@elastic-gas/scaling/decision";
import type { PolicyKind } from "@elastic-gas/scaling/policy";
import type { BlockedBy, Reason } from "@elastic-gas/scaling/reasons/reason";
import { formatTime } from "@elastic-gas/shared/format/times";
import type { PoolName } from "@elastic-gas/shared/resources";
import type { Occurrence } from "../decisions/occurrence.ts";
import type { Alert } from "./alert.ts";
import type { StopRequest } from "./stop-request.ts";
import { isEnding, type WorkerSnapshot } from "./worker-snapshot.ts";

export interface Counts {
  readonly inService: number;
  readonly warming: number;
  readonly pending: number;
  readonly draining: number;
  readonly unhealthy: number;
}

/** The last check of a pool; `describeCheck` makes its sentence. */
export interface LastCheck {
  readonly at: number;
  readonly outcome: string;
  /** As stored, for checks whose reason another version wrote. */
  readonly text: string;
  readonly reason: Reason | null;
  readonly blockedBy: BlockedBy | null;
  readonly measured: number | null;
  readonly unit: string | null;
  readonly waiting: number | null;
  readonly backlogPerWorker: number | null;
  readonly wanted: number | null;
  /** What the check saw and left behind; its sentence is about these. */
  readonly desired: number;
  readonly policyVersion: number;
  readonly counts: Omit<Counts, "unhealthy">;
}

/** What the autoscaler said, in the reader's zone. */
export function describeCheck({ reason, blockedBy, text }: LastCheck, reader: { readonly timeZone: string }): string {
  return sentenceOfRecord({ reason: reason ?? undefined, blockedBy: blockedBy ?? undefined }, text, reader);
}

/** Whether the pool is another one by now than the one that its last check spoke of. */
function isOutdated({ lastCheck, desired, policyVersion, counts }: PoolSnapshot): boolean {
  if (lastCheck === null) return false;
  const { inService, warming, pending, draining } = lastCheck.counts;
  return (
    lastCheck.desired !== desired ||
    lastCheck.policyVersion !== policyVersion ||
    inService !== counts.inService ||
    warming !== counts.warming ||
    pending !== counts.pending ||
    draining !== counts.draining
  );
}

/** "At 14:05: " before the sentence of a check whose figures have changed since; else nothing. */
export function saidAt(pool: PoolSnapshot, reader: { readonly timeZone: string }): string {
  if (pool.lastCheck === null || !isOutdated(pool)) return "";
  return `At ${formatTime(pool.lastCheck.at, "minute", { zone: reader.timeZone })}: `;
}

/**
 * Flap back-off in force: a shrink is confirmed by that many checks, because a grow followed a shrink within that time.
 */
export interface BackOff {
  readonly level: number;
  readonly checks: number;
  readonly flapMinutes: number;
}

export interface PoolSnapshot {
  readonly name: PoolName;
  readonly desired: number;
  readonly min: number;
  readonly max: number;
  readonly policyKind: PolicyKind;
  /** The rule and its numbers in one line. */
  readonly rule: string;
  readonly policyVersion: number;
  readonly counts: Counts;
  readonly paused: { readonly by: string; readonly at: number } | null;
  readonly stopping: boolean;
  readonly manualUntil: number | null;
  readonly lastCheck: LastCheck | null;
  /** null when the next check is not known: the pool was never checked. */
  readonly nextCheckAt: number | null;
  readonly backOff: BackOff | null;
  readonly deadLetters: number;
}

/**
 * Everything that the pages show of the present, put together at one instant. Instants are epoch milliseconds of the
 * server's clock.
 */
export interface FleetSnapshot {
  readonly at: number;
  /** When AWS last answered, and what it failed with since. The workers are those of `seenAt`. */
  readonly cloud: { readonly seenAt: number | null; readonly failure: string | null };
  readonly balancer: { readonly dnsName: string; readonly url: string } | null;
  readonly autoscaler: {
    readonly lastCheckAt: number | null;
    readonly tickSeconds: number;
    readonly holder: string | null;
    readonly alive: boolean;
  };
  readonly pools: readonly PoolSnapshot[];
  readonly workers: readonly WorkerSnapshot[];
  readonly alerts: readonly Alert[];
  /** The latest changes of all pools, newest first. */
  readonly latest: readonly Occurrence[];
  readonly stop: StopRequest | null;
  readonly region: string;
  readonly prefix: string;
  /** What the estimated costs count with, US cents. */
  readonly workerPriceCentsPerHour: number;
}

export function countStates(workers: readonly WorkerSnapshot[]): Counts {
  const inState = (state: WorkerSnapshot["state"]): number => workers.filter((worker) => worker.state === state).length;
  return {
    inService: inState("in service"),
    warming: inState("warming"),
    pending: inState("pending"),
    draining: workers.filter((worker) => isEnding(worker.state)).length,
    unhealthy: inState("unhealthy"),
  };
}
