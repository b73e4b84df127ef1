import type { PolicyKind } from "@elastic-gas/scaling/policy";
import type { PoolName } from "@elastic-gas/shared/resources";
import type { Occurrence } from "../decisions/occurrence.ts";
import type { Alert } from "./alert.ts";
import type { StopRequest } from "./stop-request.ts";
import type { WorkerSnapshot } from "./worker-state.ts";

export interface Counts {
  readonly inService: number;
  readonly warming: number;
  readonly pending: number;
  readonly draining: number;
  readonly unhealthy: number;
}

/** The last check of a pool, in the autoscaler's own words. */
export interface LastCheck {
  readonly at: number;
  readonly outcome: string;
  readonly sentence: string;
  readonly measured: number | null;
  readonly unit: string | null;
  readonly waiting: number | null;
  readonly backlogPerWorker: number | null;
  /** Times that the confirmation of a shrink is doubled; 0 = no back-off. */
  readonly backOffLevel: number;
  readonly wanted: number | null;
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
  readonly deadLetters: number;
}

/** Everything that the pages show of the present, put together at one instant. Instants are epoch milliseconds of the server's clock. */
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
    draining: inState("draining"),
    unhealthy: inState("unhealthy"),
  };
}
