import type { Worker } from "@elastic-gas/scaling/worker-state";
import type { WorkerRecord } from "@elastic-gas/shared/pools/worker-record";
import { buildRecord, buildWorker } from "@elastic-gas/testing/scaling/build-worker";
import { describe, expect, it } from "vitest";
import { closedActivities, type OwnLaunch, type PoolAtRest } from "./closing.ts";
import type { Activity } from "./owner.ts";

const NOW = Date.UTC(2026, 0, 5, 14, 0, 0);

const activity = (changes: Partial<Activity> = {}): Activity => ({
  id: 1,
  at: NOW - 71_000,
  cause: "policy",
  desiredBefore: 1,
  desiredAfter: 2,
  instanceIds: [],
  ...changes,
});
const launch = (instanceId: string, changes: Partial<OwnLaunch> = {}): OwnLaunch => ({
  activityId: 1,
  state: "launched",
  instanceId,
  ...changes,
});

function rest(
  states: Readonly<Record<string, Worker["state"]>>,
  records: Readonly<Record<string, Partial<WorkerRecord>>>,
  changes: Partial<PoolAtRest> = {},
): PoolAtRest {
  return {
    workers: Object.entries(states).map(([id, state]) => buildWorker({ id, state, launchedAt: NOW - 90_000 })),
    records: new Map(
      Object.entries(records).map(([instanceId, given]) => [instanceId, buildRecord({ instanceId, ...given })]),
    ),
    launches: [],
    complete: true,
    desired: 2,
    ...changes,
  };
}

describe("a growth is over", () => {
  const launches = [launch("i-2")];

  it("when its own launches are in service, with the time it took", () => {
    const seen = rest({ "i-1": "in service", "i-2": "in service" }, { "i-2": { inServiceAt: NOW } }, { launches });
    expect(closedActivities([activity()], seen, NOW)).toEqual([
      { id: 1, status: "successful", result: "in service after 71\u00a0s" },
    ]);
    expect(closedActivities([activity()], rest({ "i-2": "warming" }, { "i-2": {} }, { launches }), NOW)).toEqual([]);
  });

  it("although another click's worker still boots", () => {
    const other = activity({ id: 2, desiredBefore: 2, desiredAfter: 3 });
    const seen = rest(
      { "i-2": "in service", "i-3": "pending" },
      { "i-2": { inServiceAt: NOW }, "i-3": {} },
      { launches: [...launches, launch("i-3", { activityId: 2 })], complete: false, desired: 3 },
    );
    expect(closedActivities([activity(), other], seen, NOW).map(({ id }) => id)).toEqual([1]);
  });

  it("and no failure when a later shrink took its worker back while it booted; nor is the shrink one", () => {
    const shrink = activity({ id: 2, desiredBefore: 2, desiredAfter: 1 });
    const record = { draining: true, victimReason: "shrink", endedBy: 2 };
    const seen = rest({ "i-1": "in service" }, { "i-2": record }, { launches, desired: 1 });
    expect(closedActivities([activity(), shrink], seen, NOW)).toEqual([
      { id: 1, status: "successful", result: "1 ended by a later change before it came into service" },
      { id: 2, status: "successful", result: "1 ended before it came into service" },
    ]);
  });

  it("with the number that came when a later change needs no more", () => {
    const seen = rest({ "i-2": "in service" }, { "i-2": { inServiceAt: NOW } }, { launches, desired: 1 });
    expect(closedActivities([activity({ desiredAfter: 3 })], seen, NOW)[0]?.result).toBe(
      "1 of 2 in service after 71\u00a0s",
    );
  });

  it("as failed when its launches failed and nothing is missing any more", () => {
    const failed = [launch("i-2", { state: "failed" }), launch("i-3", { state: "failed", instanceId: null })];
    const seen = rest({ "i-1": "in service" }, {}, { launches: failed, desired: 1 });
    expect(closedActivities([activity()], { ...seen, complete: false }, NOW)).toEqual([]);
    expect(closedActivities([activity()], seen, NOW)).toEqual([
      { id: 1, status: "failed", result: "2 launches failed" },
    ]);
  });

  it("as failed after an hour in any case", () => {
    const old = activity({ at: NOW - 3_600_001 });
    const seen = rest({ "i-2": "pending" }, { "i-2": {} }, { launches });
    expect(closedActivities([old], seen, NOW)).toMatchObject([{ status: "failed" }]);
  });
});

describe("a shrink is over", () => {
  const shrink = activity({ desiredBefore: 2, desiredAfter: 1 });

  it("when its victims are gone", () => {
    const victim = { "i-2": { inServiceAt: NOW - 900_000, draining: true, victimReason: "shrink", endedBy: 1 } };
    expect(closedActivities([shrink], rest({ "i-1": "in service", "i-2": "draining" }, victim), NOW)).toEqual([]);
    expect(closedActivities([shrink], rest({ "i-1": "in service" }, victim, { desired: 1 }), NOW)).toEqual([
      { id: 1, status: "successful", result: "drained in 71\u00a0s" },
    ]);
  });

  it("not while protected workers keep the pool larger", () => {
    const seen = rest({ "i-1": "in service", "i-2": "in service" }, {}, { desired: 1 });
    expect(closedActivities([shrink], seen, NOW)).toEqual([]);
  });
});

it("a replacement is over when the new worker is in service; the lost one counts as neither drained nor failed", () => {
  const replacement = activity({ cause: "replacement", desiredBefore: 2, instanceIds: ["i-1"] });
  const lost = { inServiceAt: NOW - 900_000, draining: true, victimReason: "lost", endedBy: 1 };
  const seen = rest(
    { "i-2": "in service" },
    { "i-1": lost, "i-2": { inServiceAt: NOW } },
    { launches: [launch("i-2")] },
  );
  expect(closedActivities([replacement], seen, NOW)).toEqual([
    { id: 1, status: "successful", result: "in service after 71\u00a0s" },
  ]);
});
