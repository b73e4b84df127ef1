import type { Worker } from "@elastic-gas/scaling/worker-state";
import type { WorkerReason } from "@elastic-gas/scaling/worker-state-reason";
import type { WorkerRecord } from "@elastic-gas/shared/pools/worker-record";

/** A reason that goes with each state. */
const REASONS: Readonly<Record<Worker["state"], WorkerReason>> = {
  pending: { kind: "booting", deadlineAt: 300_000 },
  warming: { kind: "first checks", health: { code: "Elb.InitialHealthChecking", description: null } },
  "in service": { kind: "healthy" },
  unhealthy: { kind: "failing checks", since: 0, health: { code: "Target.Timeout", description: null } },
  draining: { kind: "draining", cause: "shrink", because: null, finishes: "requests" },
  terminating: { kind: "terminating", cause: "shrink", because: null, said: null },
  terminated: { kind: "terminated", cause: "shrink", because: null, said: null },
};

/** A running, registered worker that was launched at the epoch, but for these changes. */
export function buildWorker(changes: Partial<Worker> = {}): Worker {
  const { state = "in service" } = changes;
  return {
    id: "i-1",
    state,
    reason: REASONS[state],
    launchedAt: 0,
    subnetId: null,
    releaseId: null,
    running: true,
    registered: true,
    inServiceAt: null,
    unhealthySince: null,
    busy: null,
    protected: false,
    request: null,
    drained: false,
    ...changes,
  };
}

/** What MySQL holds of a worker of which only its existence was noted, but for these changes. */
export function buildRecord(changes: Partial<WorkerRecord> = {}): WorkerRecord {
  return {
    instanceId: "i-1",
    jobId: null,
    draining: false,
    drainingAt: null,
    protected: false,
    victimReason: null,
    endedFor: null,
    endedBy: null,
    inServiceAt: null,
    unhealthySince: null,
    heartbeatAt: null,
    releaseId: null,
    loadPoints: null,
    interruption: null,
    published: null,
    ...changes,
  };
}
