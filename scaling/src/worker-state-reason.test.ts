import { describe, expect, it } from "vitest";
import { describeReplacement, describeWorkerReason, type WorkerReason } from "./worker-state-reason.ts";

const NOW = Date.UTC(2026, 8, 7, 14, 1, 32);
const chicago = { now: NOW, timeZone: "America/Chicago" };
const timedOut = { code: "Target.Timeout", description: null };
const failing = { kind: "failing checks", since: NOW - 60_000, health: timedOut } as const;
const withoutDatabase = { kind: "without database", lostAt: NOW - 45_000 } as const;
const silent = { kind: "silent", beatAt: NOW - 61_000 } as const;

describe("the words of a worker's reason", () => {
  it.each<[WorkerReason, string]>([
    [{ kind: "booting", deadlineAt: NOW + 200_000 }, "booting; replaced at 09:04:52 if not in service"],
    [{ kind: "overdue", afterMs: 300_000 }, "not in service after 5\u00a0min; will be replaced"],
    [
      { kind: "first checks", health: { code: "Elb.InitialHealthChecking", description: null } },
      "first health checks in progress",
    ],
    [
      { kind: "first checks", health: { code: "Target.FailedHealthChecks", description: "Health checks failed" } },
      "Health checks failed so far",
    ],
    [{ kind: "first checks", health: { code: "X.New", description: "Still looking." } }, "Still looking"],
    [{ kind: "healthy" }, "healthy"],
    [{ kind: "idle" }, "idle"],
    [{ kind: "runs job", jobId: "0c9e4d71-0000-4000-8000-000000000000" }, "runs job 0c9e4d71"],
    [failing, "unhealthy for 60\u00a0s (health check timed out)"],
    [{ kind: "not registered", since: NOW - 5_000 }, "not registered with the load balancer for 5\u00a0s"],
    [{ kind: "deregistered", since: NOW - 5_000 }, "deregistered by someone else for 5\u00a0s"],
    [silent, "no heartbeat for 61\u00a0s"],
    [withoutDatabase, "could not use the database for 45\u00a0s while other workers could"],
    [
      { kind: "draining", cause: "replacement", because: withoutDatabase, finishes: "requests" },
      "replaced: could not use the database from 09:00:47 on while other workers could; finishes open requests",
    ],
    [
      { kind: "draining", cause: "shrink", because: null, finishes: "requests" },
      "the pool shrinks; finishes open requests",
    ],
    [{ kind: "draining", cause: "stop", because: null, finishes: "job" }, "the manager stops; finishes its job"],
    [
      { kind: "draining", cause: "replacement", because: failing, finishes: "message" },
      "replaced: health check timed out; finishes",
    ],
    [{ kind: "draining", cause: null, because: null, finishes: "requests" }, "finishes open requests"],
    [{ kind: "stopped" }, "stopped in EC2; will be terminated"],
    [{ kind: "terminating", cause: "shrink", because: null, said: null }, "the pool shrinks; terminating"],
    [{ kind: "terminated", cause: "replacement", because: null, said: "x" }, "replaced as asked for"],
    [
      { kind: "terminated", cause: "replacement", because: silent, said: null },
      "replaced: no heartbeat since 09:00:31",
    ],
    [
      { kind: "terminated", cause: "lost", because: null, said: "Server.SpotInstanceTermination" },
      "lost (Server.SpotInstanceTermination)",
    ],
    [
      { kind: "terminated", cause: null, because: null, said: "Client.UserInitiatedShutdown" },
      "Client.UserInitiatedShutdown",
    ],
    [{ kind: "terminated", cause: null, because: null, said: null }, "terminated"],
    [{ kind: "interruption", what: "spot", at: NOW + 120_000 }, "EC2 takes this spot instance back at 09:03:32"],
    [{ kind: "interruption", what: "rebalance", at: null }, "EC2 expects to take this spot instance back soon"],
    [
      {
        kind: "draining",
        cause: "replacement",
        because: { kind: "interruption", what: "spot", at: NOW + 120_000 },
        finishes: "requests",
      },
      "replaced: EC2 takes this spot instance back at 09:03:32; finishes open requests",
    ],
  ])("of %j", (reason, words) => {
    expect(describeWorkerReason(reason, chicago)).toBe(words);
  });
});

describe("the sentence of a replacement", () => {
  it.each([
    [{ kind: "overdue", afterMs: 300_000 } as const, "web replaced i-1: not in service after 5\u00a0min."],
    [failing, "web replaced i-1: unhealthy for 60\u00a0s (health check timed out)."],
    [
      { kind: "interruption", what: "rebalance", at: null } as const,
      "web replaced i-1: EC2 expects to take this spot instance back soon.",
    ],
    [null, "web replaced i-1: as asked for, after another worker came into service."],
  ])("because of %j", (because, sentence) => {
    expect(describeReplacement("web", { id: "i-1", because }, chicago)).toBe(sentence);
  });
});
