import type { Worker } from "@elastic-gas/scaling/worker-state";
import type { WorkerRecord } from "@elastic-gas/shared/pools/worker-record";
import { buildRecord, buildWorker } from "@elastic-gas/testing/scaling/build-worker";
import { describe, expect, it } from "vitest";
import { type Activity, activityFor, closedActivities, type PoolAtRest } from "./activities.ts";

const NOW = Date.UTC(2026, 0, 5, 14, 0, 0);

const activity = (changes: Partial<Activity> = {}): Activity => ({
  id: 1,
  at: NOW - 71_000,
  cause: "policy",
  desiredBefore: 1,
  desiredAfter: 2,
  instanceIds: ["i-2"],
  ...changes,
});

function rest(
  states: Readonly<Record<string, Worker["state"]>>,
  records: Readonly<Record<string, Partial<WorkerRecord>>>,
  changes: Partial<PoolAtRest> = {},
): PoolAtRest {
  const worker = ([id, state]: [string, Worker["state"]]): Worker =>
    buildWorker({ id, state, launchedAt: NOW - 90_000 });
  const record = ([instanceId, given]: [string, Partial<WorkerRecord>]): [string, WorkerRecord] => [
    instanceId,
    buildRecord({ instanceId, ...given }),
  ];
  return {
    workers: Object.entries(states).map(worker),
    records: new Map(Object.entries(records).map(record)),
    complete: true,
    desired: 2,
    ...changes,
  };
}

describe("an activity ends", () => {
  it("when its workers are in service, with the time it took", () => {
    const seen = rest({ "i-1": "in service", "i-2": "in service" }, { "i-2": { inServiceAt: NOW } });
    expect(closedActivities([activity()], seen, NOW)).toEqual([
      { id: 1, status: "successful", result: "in service after 71\u00a0s" },
    ]);
    expect(closedActivities([activity()], rest({ "i-2": "warming" }, {}), NOW)).toEqual([]);
    expect(closedActivities([activity()], { ...seen, complete: false }, NOW)).toEqual([]);
  });

  it("when its victims are gone", () => {
    const shrink = activity({ desiredBefore: 2, desiredAfter: 1 });
    const seen = rest(
      { "i-1": "in service" },
      { "i-2": { inServiceAt: NOW - 900_000, draining: true } },
      { desired: 1 },
    );
    expect(closedActivities([shrink], seen, NOW)).toEqual([
      { id: 1, status: "successful", result: "drained in 71\u00a0s" },
    ]);
  });

  it("not while protected workers keep the pool larger", () => {
    const shrink = activity({ desiredBefore: 2, desiredAfter: 1, instanceIds: [] });
    expect(
      closedActivities([shrink], rest({ "i-1": "in service", "i-2": "in service" }, {}, { desired: 1 }), NOW),
    ).toEqual([]);
  });

  it("as failed when its worker never came into service", () => {
    const [end] = closedActivities([activity()], rest({ "i-1": "in service", "i-9": "in service" }, {}), NOW);
    expect(end).toMatchObject({ status: "failed", result: "1 never came into service" });
  });

  it("as failed after an hour in any case", () => {
    const old = activity({ at: NOW - 3_600_001 });
    expect(closedActivities([old], rest({ "i-2": "pending" }, {}), NOW)).toMatchObject([{ status: "failed" }]);
  });
});

it("a launch belongs to the newest growth, else to a replacement; a victim to the newest shrink", () => {
  const grow = activity({ id: 1 });
  const replacement = activity({ id: 2, cause: "replacement", desiredBefore: 2 });
  const shrink = activity({ id: 3, desiredBefore: 4, desiredAfter: 2 });
  expect(activityFor("launch", [grow, replacement, shrink])?.id).toBe(1);
  expect(activityFor("launch", [replacement, shrink])?.id).toBe(2);
  expect(activityFor("shrink", [grow, replacement, shrink])?.id).toBe(3);
  expect(activityFor("shrink", [grow])).toBeUndefined();
});
