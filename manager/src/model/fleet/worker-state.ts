import type { PoolName } from "@elastic-gas/shared/resources";
import { clockSeconds, duration } from "../words.ts";
import type { Instance, TargetHealth } from "./instance.ts";

/**
 * pending (booting) -> warming (registered or first heartbeat, not healthy yet) -> in service <-> unhealthy -> draining -> terminated
 */
export type WorkerState = "pending" | "warming" | "in service" | "unhealthy" | "draining" | "terminated";

export interface WorkerSnapshot {
  readonly id: string;
  readonly pool: PoolName;
  readonly state: WorkerState;
  /** Why it is in this state, in words. */
  readonly why: string;
  readonly type: string;
  readonly zone: string;
  readonly address: string | null;
  readonly launchedAt: number;
  readonly inServiceAt: number | null;
  readonly protected: boolean;
  readonly jobId: string | null;
  /** An admin asked for it: `replacement` or `shrink`; null when nobody did. */
  readonly leaving: string | null;
}

/** The row of table `workers`, instants as epoch milliseconds. */
export interface WorkerRow {
  readonly instanceId: string;
  readonly jobId: string | null;
  readonly draining: boolean;
  readonly protectedFromShrinking: boolean;
  readonly victimReason: string | null;
  readonly inServiceAt: number | null;
  readonly unhealthySince: number | null;
  /** The last heartbeat. */
  readonly at: number | null;
}

export interface StateRules {
  readonly now: number;
  readonly timeZone: string;
  readonly bootDeadlineSeconds: number;
  /** A heartbeat older than this counts as none (design.md section 4). */
  readonly heartbeatMaxAgeSeconds: number;
}

/** What one worker is doing, from what EC2, the load balancer and its own heartbeat say. */
export function describeWorker(
  seen: {
    readonly instance: Instance;
    readonly health: TargetHealth | undefined;
    readonly row: WorkerRow | undefined;
    /** Pools behind the load balancer are judged by their target's health, the others by their heartbeat. */
    readonly balanced: boolean;
  },
  rules: StateRules,
): WorkerSnapshot {
  const { instance, row } = seen;
  const [state, why] = judge(seen, rules);
  return {
    id: instance.id,
    pool: instance.pool,
    state,
    why,
    type: instance.type,
    zone: instance.zone,
    address: instance.address,
    launchedAt: instance.launchedAt,
    inServiceAt: row?.inServiceAt ?? null,
    protected: row?.protectedFromShrinking ?? false,
    jobId: row?.jobId ?? null,
    leaving: row?.victimReason ?? null,
  };
}

type Judgement = readonly [WorkerState, string];

function judge(
  { instance, health, row, balanced }: Parameters<typeof describeWorker>[0],
  rules: StateRules,
): Judgement {
  if (instance.state === "terminated" || instance.state === "stopped")
    return ["terminated", instance.stateReason ?? "terminated"];
  if (instance.state === "shutting-down" || instance.state === "stopping") return ["draining", "terminating"];
  const booting: Judgement = ["pending", bootingWords(instance, rules)];
  if (row?.draining === true || health?.state === "draining") return ["draining", drainingWords(row, health)];
  if (instance.state === "pending") return booting;
  if (balanced) return judgeTarget(health, row, booting, rules);
  return judgeHeartbeat(row, booting, rules);
}

function judgeTarget(
  health: TargetHealth | undefined,
  row: WorkerRow | undefined,
  booting: Judgement,
  rules: StateRules,
): Judgement {
  switch (health?.state) {
    case "healthy":
      return ["in service", "healthy"];
    case "initial":
      return ["warming", healthWords(health)];
    case "unhealthy":
    case "unhealthy.draining":
    case "unavailable": {
      // Never in service yet: it still starts, which the deadline ends, not the health check.
      if (row?.inServiceAt == null && row?.unhealthySince == null) return ["warming", healthWords(health)];
      const since = row.unhealthySince === null ? "" : ` for ${duration(rules.now - row.unhealthySince)}`;
      return ["unhealthy", `unhealthy${since} (${healthWords(health)})`];
    }
    default:
      // Without a place in the target group it gets no requests; one that had it lost it.
      return row?.inServiceAt == null ? booting : ["unhealthy", "not registered with the load balancer"];
  }
}

function judgeHeartbeat(row: WorkerRow | undefined, booting: Judgement, rules: StateRules): Judgement {
  if (row?.at == null) return booting;
  const ageMs = rules.now - row.at;
  if (ageMs > rules.heartbeatMaxAgeSeconds * 1000) return ["unhealthy", `no heartbeat for ${duration(ageMs)}`];
  return ["in service", row.jobId === null ? "idle" : `runs job ${row.jobId.slice(0, 8)}`];
}

function bootingWords(instance: Instance, { now, timeZone, bootDeadlineSeconds }: StateRules): string {
  const deadline = instance.launchedAt + bootDeadlineSeconds * 1000;
  if (now > deadline) return "booting; past its deadline, will be replaced";
  return `booting; replaced at ${clockSeconds(deadline, timeZone)} if not in service`;
}

function drainingWords(row: WorkerRow | undefined, health: TargetHealth | undefined): string {
  const reason = REASONS[row?.victimReason ?? ""] ?? row?.victimReason;
  const doing =
    health?.state === "draining" ? "finishes open requests" : row?.jobId == null ? "finishes" : "finishes its job";
  return reason === undefined || reason === null ? doing : `${reason}; ${doing}`;
}

const REASONS: Readonly<Record<string, string>> = {
  shrink: "the pool shrinks",
  replacement: "being replaced",
  stop: "the manager stops",
};

/** AWS's description, or words for its code: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html */
function healthWords(health: TargetHealth): string {
  if (health.description !== null && health.description !== "") return health.description.replace(/\.$/, "");
  return HEALTH_REASONS[health.reason ?? ""] ?? health.reason ?? health.state;
}

const HEALTH_REASONS: Readonly<Record<string, string>> = {
  "Elb.RegistrationInProgress": "target registration is in progress",
  "Elb.InitialHealthChecking": "first health checks in progress",
  "Target.ResponseCodeMismatch": "health check answered with an error",
  "Target.Timeout": "health check timed out",
  "Target.FailedHealthChecks": "health check failed",
  "Target.NotRegistered": "not registered",
  "Target.NotInUse": "not in use",
  "Target.DeregistrationInProgress": "deregistration in progress",
  "Target.InvalidState": "the instance is stopping",
  "Elb.InternalError": "the load balancer had an internal error",
};
