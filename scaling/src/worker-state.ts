import type { PoolName } from "@elastic-gas/shared/resources";

/** What EC2 says of an instance with our tags. Instants are epoch milliseconds. */
export interface SeenInstance {
  readonly id: string;
  readonly pool: PoolName;
  readonly intentId: string | null;
  readonly state: "pending" | "running" | "shutting-down" | "terminated" | "stopping" | "stopped";
  readonly launchedAt: number;
  readonly subnetId: string | null;
}

/** What the load balancer says of a target: AWS's word for its state, and the reason code. */
export interface SeenTarget {
  readonly instanceId: string;
  readonly state: string;
  readonly reason: string | null;
}

/** What MySQL remembers of a worker (table `workers`). */
export interface WorkerMemory {
  readonly instanceId: string;
  readonly jobId: string | null;
  readonly draining: boolean;
  readonly drainingAt: number | null;
  readonly protected: boolean;
  readonly victimReason: string | null;
  readonly inServiceAt: number | null;
  readonly unhealthySince: number | null;
  readonly heartbeatAt: number | null;
}

export interface WorkerRules {
  /** Judged by its target's health; otherwise by its heartbeat. */
  readonly balanced: boolean;
  readonly heartbeatMs: number;
  readonly heartbeatMaxAgeMs: number;
  readonly drainDeadlineMs: number;
}

/**
 * pending (booting) -> warming (registered, not healthy yet) -> in service <-> unhealthy
 *       any of them -> draining (chosen to end) -> terminating -> gone
 */
export type WorkerState = "pending" | "warming" | "in service" | "unhealthy" | "draining" | "terminating";

export interface Worker {
  readonly id: string;
  readonly state: WorkerState;
  readonly launchedAt: number;
  readonly subnetId: string | null;
  /** EC2 runs it, so that it may be registered. */
  readonly running: boolean;
  /** Known to the target group and not draining there. */
  readonly registered: boolean;
  readonly inServiceAt: number | null;
  readonly unhealthySince: number | null;
  /** Why it is unhealthy, in words. */
  readonly illness: string | null;
  readonly busy: boolean | null;
  readonly protected: boolean;
  /** Somebody asked to end it and nothing was done yet. */
  readonly wish: string | null;
  /** It has finished what it had: it may be terminated. */
  readonly drained: boolean;
}

/** Puts together what the three sources say of one worker. Gone instances are not workers: null. */
export function describeWorker(
  instance: SeenInstance,
  target: SeenTarget | undefined,
  memory: WorkerMemory | undefined,
  rules: WorkerRules & { readonly now: number },
): Worker | null {
  if (instance.state === "terminated") return null;
  const registered = target !== undefined && !isLeaving(target);
  const state = stateOf(instance, target, memory, rules);
  return {
    id: instance.id,
    state,
    launchedAt: instance.launchedAt,
    subnetId: instance.subnetId,
    running: instance.state === "running",
    registered,
    inServiceAt: memory?.inServiceAt ?? null,
    unhealthySince: memory?.unhealthySince ?? null,
    illness: state === "unhealthy" ? illnessOf(target, memory, rules) : null,
    busy: rules.balanced || memory?.heartbeatAt == null ? null : memory.jobId !== null,
    protected: memory?.protected ?? false,
    wish: memory?.draining === true ? null : (memory?.victimReason ?? null),
    drained: state === "draining" && isDrained(target, memory, rules),
  };
}

function stateOf(
  instance: SeenInstance,
  target: SeenTarget | undefined,
  memory: WorkerMemory | undefined,
  rules: WorkerRules & { readonly now: number },
): WorkerState {
  if (instance.state === "shutting-down") return "terminating";
  if (memory?.draining === true || instance.state === "stopping" || instance.state === "stopped") return "draining";
  if (instance.state === "pending") return "pending";
  const wasInService = memory?.inServiceAt != null;
  if (!rules.balanced) {
    if (memory?.heartbeatAt == null) return "pending";
    return rules.now - memory.heartbeatAt <= rules.heartbeatMaxAgeMs ? "in service" : "unhealthy";
  }
  if (target === undefined || target.state === "unused") return wasInService ? "unhealthy" : "pending";
  if (isLeaving(target)) return wasInService ? "unhealthy" : "pending";
  if (target.state === "healthy") return "in service";
  return wasInService ? "unhealthy" : "warming";
}

function isLeaving(target: SeenTarget): boolean {
  return target.state === "draining" || target.state === "unhealthy.draining";
}

/** Whether nothing is lost when the instance is terminated now. */
function isDrained(
  target: SeenTarget | undefined,
  memory: WorkerMemory | undefined,
  { balanced, heartbeatMs, heartbeatMaxAgeMs, drainDeadlineMs, now }: WorkerRules & { readonly now: number },
): boolean {
  const since = memory?.drainingAt ?? null;
  if (since !== null && now - since > drainDeadlineMs) return true;
  if (balanced) return target === undefined || target.state === "unused";
  const beat = memory?.heartbeatAt ?? null;
  if (beat === null || now - beat > heartbeatMaxAgeMs) return true;
  // The first beat after the flag may have been written before the worker read it: a job may have begun in between. The next one cannot.
  return since !== null && beat > since + heartbeatMs && memory?.jobId === null;
}

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html */
const ILLNESSES: Readonly<Record<string, string>> = {
  "Target.Timeout": "health check timed out",
  "Target.FailedHealthChecks": "health check failed",
  "Target.ResponseCodeMismatch": "health check answered with an error",
  "Target.NotRegistered": "not registered",
  "Target.DeregistrationInProgress": "deregistered by somebody else",
};

function illnessOf(
  target: SeenTarget | undefined,
  memory: WorkerMemory | undefined,
  rules: WorkerRules & { readonly now: number },
): string {
  if (!rules.balanced)
    return `no heartbeat for ${Math.round((rules.now - (memory?.heartbeatAt ?? rules.now)) / 1000)}\u00a0s`;
  if (target === undefined) return "not registered";
  return ILLNESSES[target.reason ?? ""] ?? target.reason ?? target.state;
}
