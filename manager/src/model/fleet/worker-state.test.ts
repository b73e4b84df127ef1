import { describe, expect, it } from "vitest";
import type { Instance, TargetHealth } from "./instance.ts";
import { describeWorker, type WorkerRow } from "./worker-state.ts";

const now = Date.UTC(2026, 8, 7, 14, 1, 32);
const rules = { now, timeZone: "UTC", bootDeadlineSeconds: 300, heartbeatMaxAgeSeconds: 60 };

function instance(changes: Partial<Instance> = {}): Instance {
  return {
    id: "i-0a1",
    pool: "web",
    state: "running",
    type: "t3.small",
    zone: "us-east-1a",
    address: "10.0.1.24",
    launchedAt: now - 100_000,
    stateReason: null,
    ...changes,
  };
}

function row(changes: Partial<WorkerRow> = {}): WorkerRow {
  return {
    instanceId: "i-0a1",
    jobId: null,
    draining: false,
    protectedFromShrinking: false,
    victimReason: null,
    inServiceAt: null,
    unhealthySince: null,
    at: null,
    ...changes,
  };
}

function health(state: string, reason: string | null = null): TargetHealth {
  return { instanceId: "i-0a1", state, reason, description: null };
}

const web = (
  seen: { instance?: Partial<Instance>; health?: TargetHealth | undefined; row?: WorkerRow | undefined } = {},
) => {
  const { state, why } = describeWorker(
    { instance: instance(seen.instance), health: seen.health, row: seen.row, balanced: true },
    rules,
  );
  return [state, why];
};
const annotator = (heartbeat: WorkerRow | undefined) => {
  const { state, why } = describeWorker(
    { instance: instance({ pool: "annotator" }), health: undefined, row: heartbeat, balanced: false },
    rules,
  );
  return [state, why];
};

describe("the state of a worker behind the load balancer", () => {
  it("is pending until the target group knows it, with the time at which it would be replaced", () => {
    expect(web({ instance: { state: "pending" } })).toEqual([
      "pending",
      "booting; replaced at 14:04:52 if not in service",
    ]);
    expect(web()).toEqual(["pending", "booting; replaced at 14:04:52 if not in service"]);
    expect(web({ instance: { launchedAt: now - 301_000 } })[1]).toBe("booting; past its deadline, will be replaced");
  });

  it("is warming while its first health checks run", () => {
    expect(web({ health: health("initial", "Elb.InitialHealthChecking") })).toEqual([
      "warming",
      "first health checks in progress",
    ]);
  });

  it("is in service when the target is healthy", () => {
    expect(web({ health: health("healthy") })).toEqual(["in service", "healthy"]);
  });

  it("is warming, not unhealthy, when checks fail before it was ever in service", () => {
    expect(web({ health: health("unhealthy", "Target.Timeout"), row: row() })[0]).toBe("warming");
  });

  it("is unhealthy when checks fail after it was in service, and says for how long and why", () => {
    const failing = row({ inServiceAt: now - 90_000, unhealthySince: now - 60_000 });
    expect(web({ health: health("unhealthy", "Target.Timeout"), row: failing })).toEqual([
      "unhealthy",
      "unhealthy for 60\u00a0s (health check timed out)",
    ]);
  });

  it("is unhealthy when it was in service and somebody deregistered it", () => {
    expect(web({ row: row({ inServiceAt: now - 90_000 }) })).toEqual([
      "unhealthy",
      "not registered with the load balancer",
    ]);
  });

  it("is draining when it was told to leave, even while the target is still healthy", () => {
    expect(web({ health: health("healthy"), row: row({ draining: true, victimReason: "replacement" }) })).toEqual([
      "draining",
      "being replaced; finishes",
    ]);
    expect(web({ health: health("draining") })).toEqual(["draining", "finishes open requests"]);
    expect(web({ instance: { state: "shutting-down" } })).toEqual(["draining", "terminating"]);
  });

  it("is terminated when EC2 says so, whatever the target group still believes", () => {
    expect(web({ instance: { state: "terminated" }, health: health("healthy") })[0]).toBe("terminated");
  });
});

describe("the state of a worker without a target group", () => {
  it("is pending until its first heartbeat", () => {
    expect(annotator(undefined)[0]).toBe("pending");
    expect(annotator(row())[0]).toBe("pending");
  });

  it("is in service with a heartbeat of at most 60 s, and says which job it runs", () => {
    expect(annotator(row({ at: now - 60_000 }))).toEqual(["in service", "idle"]);
    expect(annotator(row({ at: now, jobId: "0c9e4d71-0000-4000-8000-000000000000" }))).toEqual([
      "in service",
      "runs job 0c9e4d71",
    ]);
  });

  it("is unhealthy when the heartbeat is older", () => {
    expect(annotator(row({ at: now - 61_000 }))).toEqual(["unhealthy", "no heartbeat for 61\u00a0s"]);
  });
});
