import type { PoolName } from "@elastic-gas/shared/resources";

/** An EC2 instance with our tags. Instants are epoch milliseconds. */
export interface Instance {
  readonly id: string;
  readonly pool: PoolName;
  readonly state: "pending" | "running" | "shutting-down" | "terminated" | "stopping" | "stopped";
  readonly type: string;
  readonly zone: string;
  readonly address: string | null;
  readonly launchedAt: number;
  /** Why EC2 ended it, in EC2's words. */
  readonly stateReason: string | null;
}

/** What the load balancer says of one target; `state` is AWS's word (initial, healthy, unhealthy, unused, draining, ...). */
export interface TargetHealth {
  readonly instanceId: string;
  readonly state: string;
  readonly reason: string | null;
  readonly description: string | null;
}
