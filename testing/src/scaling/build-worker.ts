import type { Worker, WorkerMemory } from "@elastic-gas/scaling/worker-state";

/** A running, registered worker that was launched at the epoch, but for these changes. */
export function buildWorker(changes: Partial<Worker> = {}): Worker {
  return {
    id: "i-1",
    state: "in service",
    launchedAt: 0,
    subnetId: null,
    running: true,
    registered: true,
    inServiceAt: null,
    unhealthySince: null,
    illness: null,
    busy: null,
    protected: false,
    wish: null,
    drained: false,
    ...changes,
  };
}

/** What MySQL remembers of a worker of which only its existence was noted, but for these changes. */
export function buildMemory(changes: Partial<WorkerMemory> = {}): WorkerMemory {
  return {
    instanceId: "i-1",
    jobId: null,
    draining: false,
    drainingAt: null,
    protected: false,
    victimReason: null,
    inServiceAt: null,
    unhealthySince: null,
    heartbeatAt: null,
    ...changes,
  };
}
