import { describe, expect, it } from "vitest";
import type { PoolSnapshot } from "./fleet-snapshot.ts";
import { saidAt } from "./fleet-snapshot.ts";

const counts = { inService: 2, warming: 0, pending: 0, draining: 0 };
const pool: PoolSnapshot = {
  name: "web",
  desired: 2,
  min: 1,
  max: 8,
  policyKind: "cpu",
  rule: "",
  policyVersion: 3,
  counts: { ...counts, unhealthy: 0 },
  paused: null,
  stopping: false,
  manualUntil: null,
  lastCheck: {
    at: Date.UTC(2026, 8, 7, 14, 5, 32),
    outcome: "no change",
    text: "No change.",
    reason: null,
    blockedBy: null,
    measured: null,
    unit: null,
    waiting: null,
    backlogPerWorker: null,
    wanted: null,
    desired: 2,
    policyVersion: 3,
    counts,
  },
  nextCheckAt: null,
  backOff: null,
  deadLetters: 0,
};

describe("the sentence of a check", () => {
  it("stands alone while the pool is as the check saw it", () => {
    expect(saidAt(pool, { timeZone: "UTC" })).toBe("");
    expect(saidAt({ ...pool, lastCheck: null }, { timeZone: "UTC" })).toBe("");
  });

  it.each([
    ["was resized", { desired: 3 }],
    ["has another policy", { policyVersion: 4 }],
    ["has another worker in service", { counts: { ...pool.counts, inService: 3 } }],
    ["has a worker that boots", { counts: { ...pool.counts, pending: 1 } }],
  ])("says when it was said once the pool %s", (_, change) => {
    expect(saidAt({ ...pool, ...change }, { timeZone: "UTC" })).toBe("At 14:05: ");
  });
});
