import { describe, expect, it } from "vitest";
import { Observation, type SeenWorker } from "../observation.ts";
import {
  hpaRecommendation,
  kubernetesAutoscaler,
  plainThresholds,
  simpleScaling,
  targetTracking,
  thresholdsWithCooldown,
} from "./baselines.ts";

const MINUTE = 60_000;

/** Workers with the same CPU in each of the last 15 minutes; null reports nothing. */
function seen(cpu: readonly (number | null)[], pending = 0, desired = cpu.length + pending): Observation {
  const serving = cpu.map(
    (percent, index): SeenWorker => ({
      id: `i-${index}`,
      state: "in service",
      launchedAt: 0,
      inServiceAt: 0,
      busy: null,
      cpu: percent === null ? [] : Array.from({ length: 15 }, (_, age) => ({ at: age * MINUTE, percent })),
    }),
  );
  const booting = Array.from({ length: pending }, (_, index) => ({ id: `p-${index}`, state: "pending" as const }));
  return Observation.parse({ pool: "web", desired, min: 1, max: 8, workers: [...serving, ...booting] });
}

/** A worker with one point, that of the newest minute. */
function fresh(percent: number): SeenWorker {
  return {
    id: "i-new",
    state: "in service",
    launchedAt: 0,
    inServiceAt: 0,
    busy: null,
    cpu: [{ at: 14 * MINUTE, percent }],
  };
}

describe("plain thresholds", () => {
  it("act at every check, within the limits", () => {
    const decide = plainThresholds();
    expect([decide(seen([80, 80]), 0).desired, decide(seen([80, 80]), MINUTE).desired]).toEqual([4, 4]);
    expect(decide(seen([20, 20, 20]), 0).desired).toBe(2);
    expect(decide(seen([20]), 0).desired).toBe(1);
    expect(decide(seen([90, 90, 90, 90, 90]), 0).desired).toBe(8);
    expect(decide(seen([null, null]), 0).desired).toBe(2);
  });

  it("with a cooldown wait 300 s after a change", () => {
    const decide = thresholdsWithCooldown();
    expect(decide(seen([80]), 0).desired).toBe(2);
    expect(decide(seen([80, 80]), 299_000).desired).toBe(2);
    expect(decide(seen([80, 80]), 300_000).desired).toBe(4);
  });
});

describe("AWS", () => {
  it("simple scaling takes one step, then cools down", () => {
    const decide = simpleScaling();
    expect(decide(seen([90, 90]), 0).desired).toBe(3);
    expect(decide(seen([10, 10, 10]), MINUTE).desired).toBe(3);
    expect(decide(seen([10, 10, 10]), 6 * MINUTE).desired).toBe(2);
  });

  it("target tracking grows in proportion and counts warming workers", () => {
    expect(targetTracking()(seen([90, 90]), 0).desired).toBe(3);
    expect(targetTracking()(seen([90, 90], 2), 0).desired).toBe(4);
    expect(targetTracking()(seen([null, null]), 0).desired).toBe(2);
  });

  it("target tracking gives one worker back, never while one warms, and waits 300 s", () => {
    const decide = targetTracking();
    expect(decide(seen([20, 20, 20], 1), 0).desired).toBe(4);
    expect(decide(seen([20, 20, 20]), 0).desired).toBe(2);
    expect(decide(seen([20, 20]), 4 * MINUTE).desired).toBe(2);
    expect(decide(seen([20, 20]), 5 * MINUTE).desired).toBe(1);
    expect(targetTracking()(seen([55, 55]), 0).desired).toBe(2);
  });

  it("target tracking keeps a worker without which the metric would be above the target", () => {
    expect(targetTracking()(seen([40, 40]), 0).desired).toBe(2);
    expect(targetTracking()(seen([29, 29]), 0).desired).toBe(1);
    expect(targetTracking()(seen([40, 40, 40]), 0).desired).toBe(2);
  });

  it("target tracking leaves a worker out of the metric until it served for a whole period", () => {
    const young = { ...fresh(0), cpu: Array.from({ length: 15 }, (_, age) => ({ at: age * MINUTE, percent: 0 })) };
    const observation = seen([90, 90]);
    const workers = [...observation.workers, { ...young, inServiceAt: 14.5 * MINUTE }];
    expect(targetTracking()({ ...observation, desired: 3, workers }, 0).desired).toBe(5);
  });
});

describe("Kubernetes", () => {
  it.each([
    ["grows in proportion", [90, 90], 0, 3],
    ["holds within 10 %", [65, 65], 0, 2],
    ["shrinks in proportion", [20, 20, 20], 0, 1],
    ["counts unready pods as idle when it grows", [90, 90], 2, 4],
    ["holds within 10 % once unready pods are counted", [95, 95], 1, 3],
    ["grows past unready pods that are not enough", [100, 100, 100, 100], 1, 7],
    ["counts missing metrics as idle when it grows", [100, 100, null], 0, 4],
    ["counts missing metrics as full when it shrinks", [20, 20, null], 0, 3],
    ["shrinks although one is missing", [10, 10, 10, null], 0, 3],
    ["holds without metrics", [null, null], 0, 2],
  ])("%s", (_name, cpu, pending, size) => {
    expect(hpaRecommendation(seen(cpu, pending))).toBe(size);
  });

  it("sets a pod aside whose newest point began before it was ready", () => {
    const observation = seen([90, 90]);
    const workers = [...observation.workers, { ...fresh(10), inServiceAt: 14.5 * MINUTE }];
    expect(hpaRecommendation({ ...observation, desired: 3, workers })).toBe(3);
    const ready = [...observation.workers, { ...fresh(90), inServiceAt: 14 * MINUTE }];
    expect(hpaRecommendation({ ...observation, desired: 3, workers: ready })).toBe(5);
  });

  it("shrinks to the highest recommendation of 300 s", () => {
    const decide = kubernetesAutoscaler();
    expect(decide(seen([50, 50, 50, 50]), 0).desired).toBe(4);
    expect(decide(seen([20, 20, 20, 20]), 4 * MINUTE).desired).toBe(4);
    expect(decide(seen([20, 20, 20, 20]), 5 * MINUTE).desired).toBe(2);
  });
});
