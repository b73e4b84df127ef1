import { workerRules } from "@elastic-gas/scaling/worker-state";
import type { Instance } from "@elastic-gas/shared/aws/instances";
import type { WorkerRecord } from "@elastic-gas/shared/pools/worker-record";
import { describe, expect, it } from "vitest";
import { describeWhy, snapshotWorker } from "./worker-snapshot.ts";

const now = Date.UTC(2026, 8, 7, 14, 1, 32);
const reader = { now, timeZone: "UTC" };
const rules = workerRules("web", {
  HEARTBEAT_SECONDS: 10,
  BOOT_DEADLINE_SECONDS: 300,
  DEREGISTRATION_DELAY_SECONDS: 30,
  JOB_TIMEOUT_SECONDS: 600,
});
const instance: Instance = {
  id: "i-0a1",
  pool: "web",
  intentId: null,
  releaseId: null,
  state: "running",
  type: "t3.small",
  zone: "us-east-1a",
  subnetId: null,
  address: "10.0.1.24",
  launchedAt: now - 900_000,
  stateReason: null,
};
const healthy = { state: "healthy", reason: null, description: null };
const timedOut = { state: "unhealthy", reason: "Target.Timeout", description: null };

function record(published: WorkerRecord["published"]): WorkerRecord {
  return {
    instanceId: "i-0a1",
    releaseId: null,
    jobId: null,
    draining: false,
    drainingAt: null,
    protected: false,
    victimReason: null,
    endedFor: null,
    endedBy: null,
    inServiceAt: now - 800_000,
    unhealthySince: null,
    heartbeatAt: null,
    loadPoints: null,
    interruption: null,
    published,
  };
}
const publishedHealthy = record({ state: "in service", reason: { kind: "healthy" }, since: now - 800_000 });

describe("a worker on the pages", () => {
  it("is in the state that the autoscaler published, and a newer look that disagrees is told beside it", () => {
    const shown = snapshotWorker({ instance, target: timedOut, record: publishedHealthy }, rules, {
      now,
      observedAt: now - 4_000,
    });
    expect([shown.state, shown.newer?.state]).toEqual(["in service", "unhealthy"]);
    expect(describeWhy(shown, reader)).toMatch(/^healthy; since then unhealthy: .*\(health check timed out\)$/);
  });

  it("is in one state alone while both agree", () => {
    const shown = snapshotWorker({ instance, target: healthy, record: publishedHealthy }, rules, {
      now,
      observedAt: now - 4_000,
    });
    expect([shown.state, describeWhy(shown, reader)]).toEqual(["in service", "healthy"]);
  });

  it("is judged by the page while the autoscaler has published nothing, with the rules of the loop", () => {
    const shown = snapshotWorker({ instance, target: timedOut, record: record(null) }, rules, {
      now,
      observedAt: null,
    });
    expect([shown.state, shown.newer]).toEqual(["unhealthy", null]);
  });

  it("has ended when EC2 says so, whatever was published before", () => {
    const ended = { ...instance, state: "terminated" } as const;
    const shown = snapshotWorker({ instance: ended, target: undefined, record: publishedHealthy }, rules, {
      now,
      observedAt: now - 4_000,
    });
    expect([shown.state, shown.newer]).toEqual(["terminated", null]);
  });
});
