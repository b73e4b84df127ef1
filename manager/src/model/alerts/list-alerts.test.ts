import { describe, expect, it } from "vitest";
import type { PoolSnapshot } from "../fleet/fleet-snapshot.ts";
import type { WorkerSnapshot } from "../fleet/worker-snapshot.ts";
import { eventOfAlert } from "./alert-events.ts";
import type { AlertFacts } from "./alert-facts.ts";
import { listAlerts } from "./list-alerts.ts";

const now = Date.UTC(2026, 8, 7, 14, 2);

function pool(changes: Partial<PoolSnapshot> = {}): PoolSnapshot {
  return {
    name: "web",
    desired: 2,
    min: 1,
    max: 8,
    policyKind: "cpu",
    rule: "CPU",
    policyVersion: 1,
    counts: { inService: 2, warming: 0, pending: 0, draining: 0, unhealthy: 0 },
    paused: null,
    stopping: false,
    manualUntil: null,
    lastCheck: null,
    nextCheckAt: null,
    backOff: null,
    deadLetters: 0,
    ...changes,
  };
}

function worker(changes: Partial<WorkerSnapshot> = {}): WorkerSnapshot {
  return {
    id: "i-0aaa",
    pool: "web",
    state: "in service",
    reason: { kind: "healthy" },
    newer: null,
    type: "t3.small",
    zone: "us-east-1a",
    address: null,
    releaseId: null,
    launchedAt: now - 3_600_000,
    inServiceAt: now - 3_500_000,
    protected: false,
    jobId: null,
    leaving: null,
    load: null,
    ...changes,
  };
}

const ids = (changes: Partial<AlertFacts> = {}) =>
  listAlerts({
    now,
    timeZone: "UTC",
    tickSeconds: 60,
    cloudFailure: null,
    lastCheckAt: now - 30_000,
    lease: { until: now + 20_000 },
    pools: [pool()],
    workers: [],
    failedLaunches: [],
    lacks: new Map(),
    deadLetters: [],
    waitingWork: [],
    activities: [],
    lastCpuAt: new Map(),
    cpuMaxAgeMs: 300_000,
    hostSaturation: null,
    stopping: false,
    deletionFailure: null,
    ...changes,
  }).map(({ id, tone }) => [id, tone]);

const check = (outcome: string, wanted: number | null = null) => ({
  lastCheck: {
    at: now,
    outcome,
    text: "At the maximum of 8; the rule wants 10.",
    reason: null,
    blockedBy: null,
    measured: null,
    unit: null,
    waiting: null,
    backlogPerWorker: null,
    wanted,
    desired: 8,
    policyVersion: 1,
    counts: { inService: 8, warming: 0, pending: 0, draining: 0 },
  },
});

describe("alerts", () => {
  it("are none while all is well, also before the first check", () => {
    expect(ids()).toEqual([]);
    expect(ids({ lastCheckAt: null })).toEqual([]);
  });

  it("say that the autoscaler is silent after three missed checks, not before", () => {
    expect(ids({ lastCheckAt: now - 180_000 })).toEqual([]);
    expect(ids({ lastCheckAt: now - 181_000 })).toEqual([["autoscaler", "bad"]]);
  });

  it("name a worker in service without CPU data, and nobody whose data are not watched", () => {
    const workers = [worker(), worker({ id: "i-0bbb" }), worker({ id: "i-0ccc", state: "warming" })];
    const lastCpuAt = new Map([
      ["i-0aaa", now - 301_000],
      ["i-0ccc", null],
    ]);
    const [alert] = listAlerts({
      now,
      timeZone: "UTC",
      tickSeconds: 60,
      cloudFailure: null,
      lastCheckAt: now,
      lease: { until: now + 20_000 },
      pools: [pool()],
      workers,
      failedLaunches: [],
      lacks: new Map(),
      deadLetters: [],
      waitingWork: [],
      activities: [],
      lastCpuAt,
      cpuMaxAgeMs: 300_000,
      hostSaturation: null,
      stopping: false,
      deletionFailure: null,
    });
    expect(alert?.text).toBe("(i-0aaa). The mean uses the others.");
    expect(ids({ workers, lastCpuAt: new Map() })).toEqual([]);
  });

  it("name workers in service without a mask model; it is worst when no worker has one", () => {
    const workers = [worker(), worker({ id: "i-0bbb" }), worker({ id: "i-0ccc", state: "warming" })];
    const reason = "The mask model is missing: there is no file at MASK_MODEL (/models/x).";
    const lacking = (...names: readonly string[]) => ({ workers, lacks: new Map(names.map((name) => [name, reason])) });
    expect(ids(lacking("i-0ccc", "i-0gone"))).toEqual([]);
    expect(ids(lacking("i-0aaa"))).toEqual([["model-web", "warn"]]);
    expect(ids(lacking("i-0aaa", "i-0bbb"))).toEqual([["model-web", "bad"]]);
    expect(eventOfAlert("model-web")).toBe("model");
  });

  it("take a single failed launch calmly, two in a row not", () => {
    const failure = { pool: "web", at: now, failure: "no capacity in us-east-1a" } as const;
    expect(ids({ failedLaunches: [failure] })).toEqual([]);
    expect(ids({ failedLaunches: [failure, failure] })).toEqual([["launch-web", "bad"]]);
  });

  it("show the worst first", () => {
    const paused = pool({ paused: { by: "tomas", at: now } });
    const letters = { queue: "thaw", count: 2, latestAt: now - 5, outcome: "The message was set aside." } as const;
    expect(ids({ pools: [paused], deadLetters: [letters] })).toEqual([
      ["dead-thaw", "bad"],
      ["paused-web", "warn"],
    ]);
  });

  it("say that the maximum holds a pool back, but not that the minimum does", () => {
    expect(ids({ pools: [pool({ ...check("at the limit", 10), desired: 8 })] })).toEqual([["limit-web", "warn"]]);
    expect(ids({ pools: [pool({ ...check("at the limit", 0), desired: 8 })] })).toEqual([]);
  });

  it("say nothing of a maximum that was raised after the check", () => {
    expect(ids({ pools: [pool({ ...check("at the limit", 10), desired: 8, max: 9, policyVersion: 2 })] })).toEqual([]);
  });
});
