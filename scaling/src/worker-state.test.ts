import { buildMemory } from "@elastic-gas/testing/scaling/build-worker";
import { describe, expect, it } from "vitest";
import { describeWorker, type SeenInstance, type SeenTarget, type Worker, type WorkerMemory } from "./worker-state.ts";

const NOW = Date.UTC(2026, 0, 5, 14, 0, 0);
const rules = { heartbeatMs: 10_000, heartbeatMaxAgeMs: 60_000, drainDeadlineMs: 90_000, now: NOW };

const instance = (state: SeenInstance["state"] = "running"): SeenInstance => ({
  id: "i-1",
  pool: "web",
  intentId: "t-1",
  state,
  launchedAt: NOW - 100_000,
  subnetId: "subnet-a",
});
const target = (state: string, reason: string | null = null): SeenTarget => ({ instanceId: "i-1", state, reason });
const behindBalancer = (seen?: SeenTarget, row?: WorkerMemory, state?: SeenInstance["state"]): Worker | null =>
  describeWorker(instance(state), seen, row, { ...rules, balanced: true });
const byHeartbeat = (row?: WorkerMemory): Worker | null =>
  describeWorker(instance(), undefined, row, { ...rules, balanced: false });

describe("a worker behind the load balancer", () => {
  const served = buildMemory({ inServiceAt: NOW - 50_000 });
  it.each([
    ["is pending until it is registered", undefined, undefined, "pending", false],
    ["is warming until its first health checks pass", target("initial"), undefined, "warming", true],
    ["is warming, not unhealthy, while it was never in service", target("unhealthy"), buildMemory(), "warming", true],
    ["is in service when healthy", target("healthy"), buildMemory(), "in service", true],
    [
      "is unhealthy when checks fail after it was in service",
      target("unhealthy", "Target.Timeout"),
      served,
      "unhealthy",
      true,
    ],
    ["is unhealthy when somebody else deregistered it", undefined, served, "unhealthy", false],
    ["is to be registered again when somebody else let it drain", target("draining"), served, "unhealthy", false],
    [
      "is draining once it was chosen, whatever the balancer says",
      target("healthy"),
      buildMemory({ draining: true }),
      "draining",
      true,
    ],
  ] as const)("%s", (_, seen, row, state, registered) => {
    expect(behindBalancer(seen, row)).toMatchObject({ state, registered });
  });

  it("says in words why it is unhealthy", () => {
    expect(behindBalancer(target("unhealthy", "Target.Timeout"), served)?.illness).toBe("health check timed out");
  });

  it("has drained when the target group has let it go, or after the deadline", () => {
    const chosen = buildMemory({ draining: true, drainingAt: NOW - 10_000 });
    expect(behindBalancer(target("draining"), chosen)?.drained).toBe(false);
    expect(behindBalancer(undefined, chosen)?.drained).toBe(true);
    expect(behindBalancer(target("draining"), { ...chosen, drainingAt: NOW - 90_001 })?.drained).toBe(true);
  });

  it("ends with its instance: terminating counts as nothing, stopped is to be ended", () => {
    expect(behindBalancer(target("healthy"), served, "shutting-down")?.state).toBe("terminating");
    expect(behindBalancer(undefined, served, "stopped")).toMatchObject({ state: "draining", drained: true });
    expect(behindBalancer(undefined, served, "terminated")).toBeNull();
  });
});

describe("a worker without a load balancer", () => {
  it("is pending until its first heartbeat, then in service while the heartbeat is at most 60 s old", () => {
    expect(byHeartbeat(buildMemory())?.state).toBe("pending");
    expect(byHeartbeat(buildMemory({ heartbeatAt: NOW - 60_000 }))?.state).toBe("in service");
    expect(byHeartbeat(buildMemory({ heartbeatAt: NOW - 60_001 }))).toMatchObject({
      state: "unhealthy",
      illness: "no heartbeat for 60\u00a0s",
    });
  });

  it("is busy while it runs a job, and unknown before it said so", () => {
    expect(byHeartbeat(buildMemory({ heartbeatAt: NOW, jobId: "j" }))?.busy).toBe(true);
    expect(byHeartbeat(buildMemory({ heartbeatAt: NOW }))?.busy).toBe(false);
    expect(byHeartbeat(buildMemory())?.busy).toBeNull();
  });

  it("has drained with the second beat without a job after it was told, for it may have taken one in between", () => {
    const told = buildMemory({ draining: true, drainingAt: NOW - 20_000 });
    expect(byHeartbeat({ ...told, heartbeatAt: NOW - 15_000 })?.drained).toBe(false);
    expect(byHeartbeat({ ...told, heartbeatAt: NOW - 9_000 })?.drained).toBe(true);
    expect(byHeartbeat({ ...told, heartbeatAt: NOW, jobId: "j" })?.drained).toBe(false);
  });

  it("has drained when it fell silent", () => {
    expect(
      byHeartbeat(buildMemory({ draining: true, drainingAt: NOW - 10_000, heartbeatAt: NOW - 61_000, jobId: "j" }))
        ?.drained,
    ).toBe(true);
  });
});

it("tells an admin's wish from a victim that is draining already", () => {
  expect(behindBalancer(target("healthy"), buildMemory({ victimReason: "replacement" }))?.wish).toBe("replacement");
  expect(
    behindBalancer(target("healthy"), buildMemory({ victimReason: "replacement", draining: true }))?.wish,
  ).toBeNull();
});
