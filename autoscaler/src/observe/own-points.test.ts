import { Observation } from "@elastic-gas/scaling/observation";
import { AdaptivePolicy } from "@elastic-gas/scaling/policy";
import { initialState } from "@elastic-gas/scaling/policy-state";
import { decide } from "@elastic-gas/scaling/rules/decide";
import { buildRecord } from "@elastic-gas/testing/scaling/build-worker";
import { describe, expect, it } from "vitest";
import { observeOwnPoints, ownPointsOf } from "./own-points.ts";

const NOW = Date.UTC(2026, 0, 5, 14, 0, 3);
const NEWEST = NOW - 13_000;

/** Four workers of which these told 18 points of 10 s, the last two at a higher CPU. */
function staged(telling: number, { newest = NEWEST, percent = 60, requests = 40 } = {}) {
  const ids = ["i-0", "i-1", "i-2", "i-3"];
  const seen = Observation.parse({
    pool: "web",
    desired: 4,
    min: 1,
    max: 12,
    bootSeconds: 60,
    workers: ids.map((id) => ({
      id,
      state: "in service",
      inServiceAt: NOW - 3_600_000,
      cpu: [{ at: NOW - 120_000, percent: 1 }],
    })),
  });
  const points = Array.from({ length: 18 }, (_, index) => ({
    at: newest - (17 - index) * 10_000,
    cpuPercent: index >= 16 ? percent : 60,
    requests,
    successes: requests - 1,
    responseMs: requests * 20,
  }));
  const records = new Map(
    ids.map((instanceId, index) => [
      instanceId,
      buildRecord({ instanceId, loadPoints: index < telling ? { periodSeconds: 10, points } : null }),
    ]),
  );
  return { seen, own: ownPointsOf(records, seen.workers, { now: NOW, timeScale: 1 }) };
}

describe("what workers measure of themselves", () => {
  it("stands in for CloudWatch's points, each period with the requests of all", () => {
    const { seen, own } = staged(4);
    if (own === null) throw new Error("nothing was told");
    const observed = observeOwnPoints(seen, own);
    expect(observed.periodSeconds).toBe(10);
    expect(observed.workers[0]?.cpu.at(-1)).toEqual({ at: NEWEST, percent: 60 });
    expect(observed.balancer.at(-1)).toEqual({
      at: NEWEST,
      requests: 160,
      successes: 156,
      responseSeconds: expect.closeTo(0.02),
      healthyHosts: 4,
    });
  });

  it("counts a silent worker's requests like the others', and is not used when most are silent or all stopped telling", () => {
    const { seen, own } = staged(3);
    if (own === null) throw new Error("nothing was told");
    expect(observeOwnPoints(seen, own).balancer.at(-1)?.requests).toBeCloseTo(160);
    expect(staged(1).own).toBeNull();
    expect(staged(4, { newest: NOW - 90_000 }).own).toBeNull();
  });

  it("grows the pool on the newest 20 s, while CloudWatch's minute is still a minute away", () => {
    const { seen, own } = staged(4, { percent: 95, requests: 60 });
    if (own === null) throw new Error("nothing was told");
    const { decision } = decide(
      AdaptivePolicy.parse({ kind: "adaptive" }),
      observeOwnPoints(seen, own),
      { ...initialState(), desired: 4 },
      new Date(NOW),
    );
    expect(decision).toMatchObject({ kind: "grow", reason: { kind: "adaptive-grew" } });
  });
});
