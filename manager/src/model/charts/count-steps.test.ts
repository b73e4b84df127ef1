import { describe, expect, it } from "vitest";
import type { CountRow } from "./count-steps.ts";
import { toSteps } from "./count-steps.ts";

const MINUTE = 60_000;
const row = (minute: number, inService: number): CountRow => ({
  at: minute * MINUTE,
  desired: inService,
  inService,
  warming: 0,
  pending: 0,
  draining: 0,
});
const edges = { from: 10 * MINUTE, to: 20 * MINUTE, maxAgeMs: 3 * MINUTE };
const brief = (rows: readonly CountRow[], now?: Omit<CountRow, "at">) =>
  toSteps(rows, edges, now).map(({ at, counts }) => [at / MINUTE, counts?.inService ?? null]);

describe("worker counts as steps", () => {
  it("hold until they change, from the left edge on", () => {
    const rows = Array.from({ length: 12 }, (_, index) => row(9 + index, index < 6 ? 2 : 3));
    expect(brief(rows)).toEqual([
      [10, 2],
      [15, 3],
    ]);
  });

  it("are unknown where checks are missing, never zero", () => {
    const rows = [9, 10, 11, 12, 18, 19, 20].map((minute) => row(minute, 4));
    expect(brief(rows)).toEqual([
      [10, 4],
      [15, null],
      [18, 4],
    ]);
  });

  it("are unknown before the first check and after the last one", () => {
    expect(brief([row(13, 1)])).toEqual([
      [10, null],
      [13, 1],
      [16, null],
    ]);
    expect(brief([])).toEqual([[10, null]]);
  });

  it("end with the counts of this moment", () => {
    expect(brief([row(18, 2)], { desired: 5, inService: 5, warming: 0, pending: 0, draining: 0 }).at(-1)).toEqual([
      20, 5,
    ]);
  });
});
