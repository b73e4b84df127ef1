import type { RequestCounters } from "./request-counters.ts";
import type { TargetGroup } from "./target-group.ts";

/** Where a listener's requests go. */
export interface Route {
  readonly port: number;
  readonly group: TargetGroup;
  readonly counters: RequestCounters;
  /** How long nothing may come from a client that still owes some of its request. */
  readonly idleTimeoutMs: number;
}
