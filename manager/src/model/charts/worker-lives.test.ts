import { describe, expect, it } from "vitest";
import { type CountRow, toSteps } from "./count-steps.ts";
import { countsOf, type WorkerLife } from "./worker-lives.ts";

const SECOND = 1_000;
const life = (launched: number, changes: Partial<WorkerLife> = {}): WorkerLife => ({
  launchedAt: launched * SECOND,
  warmingAt: null,
  inServiceAt: null,
  drainingAt: null,
  endedAt: null,
  ...changes,
});
const check = (at: number, desired: number, changes: Partial<CountRow> = {}): CountRow => ({
  at: at * SECOND,
  desired,
  inService: 1,
  warming: 0,
  pending: 0,
  draining: 0,
  ...changes,
});
const first = life(0, { inServiceAt: 10 * SECOND });
const brief = (rows: readonly CountRow[]) =>
  toSteps(rows, { from: 100 * SECOND, to: 400 * SECOND, maxAgeMs: 180 * SECOND }).map(({ at, counts }) => [
    at / SECOND,
    counts === null ? null : [counts.desired, counts.inService, counts.pending, counts.draining],
  ]);

describe("worker counts", () => {
  it("change when a worker does, not at the check that notices", () => {
    const second = life(130, { warmingAt: 150 * SECOND, inServiceAt: 165 * SECOND });
    const desired = [{ at: 128 * SECOND, desired: 2 }];
    const checks = [check(90, 1), check(150, 2, { pending: 1 }), check(270, 2, { inService: 2 })];
    expect(brief(countsOf(checks, { lives: [first, second], since: 0, desired }))).toEqual([
      [100, [1, 1, 0, 0]],
      [128, [2, 1, 0, 0]],
      [130, [2, 1, 1, 0]],
      [150, [2, 1, 0, 0]],
      [165, [2, 2, 0, 0]],
    ]);
  });

  it("follow a worker to its end", () => {
    const second = life(20, { inServiceAt: 30 * SECOND, drainingAt: 200 * SECOND, endedAt: 231 * SECOND });
    const checks = [check(90, 2), check(199, 1), check(300, 1)];
    expect(brief(countsOf(checks, { lives: [first, second], since: 0, desired: [] }))).toEqual([
      [100, [2, 2, 0, 0]],
      [199, [1, 2, 0, 0]],
      [200, [1, 1, 0, 1]],
      [231, [1, 1, 0, 0]],
    ]);
  });

  it("are those of the checks as far back as no worker's life was kept", () => {
    const checks = [check(90, 4, { inService: 4 }), check(150, 4, { inService: 3 }), check(210, 1), check(270, 1)];
    expect(brief(countsOf(checks, { lives: [first], since: 200 * SECOND, desired: [] }))).toEqual([
      [100, [4, 4, 0, 0]],
      [150, [4, 3, 0, 0]],
      [210, [1, 1, 0, 0]],
    ]);
    expect(countsOf(checks, { lives: [], since: null, desired: [] })).toBe(checks);
  });

  it("are unknown where neither check nor event came for long", () => {
    const checks = [check(90, 1), check(350, 1)];
    expect(brief(countsOf(checks, { lives: [first], since: 0, desired: [] }))).toEqual([
      [100, [1, 1, 0, 0]],
      [270, null],
      [350, [1, 1, 0, 0]],
    ]);
  });
});
