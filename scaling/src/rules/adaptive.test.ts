import { changesOf, runModel } from "@elastic-gas/testing/scaling/pool-model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Decided } from "../decision.ts";
import { Observation, type ObservationInput } from "../observation.ts";
import { AdaptivePolicy } from "../policy.ts";
import { initialState, type Minute, readState, type State } from "../policy-state.ts";
import { decideAdaptive } from "./adaptive.ts";
import { forecastAt, quantile } from "./adaptive-forecast.ts";
import { measureMinutes } from "./adaptive-measure.ts";
import { type AdaptiveState, initialAdaptiveState, type LoadPoint } from "./adaptive-state.ts";

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 0, 5, 14, 0, 0);
/** The newest minute that is complete and, with a delay of 60 s, known. */
const NEWEST = NOW / MINUTE - 2;
const policy = AdaptivePolicy.parse({ kind: "adaptive", serviceLevelPercent: 90, riskPercent: 17 });

interface History {
  readonly load: number;
  /** Added to two of seven loads, so that the rule has something to learn: more than the risk of 17 %. */
  readonly bump?: number;
  readonly minutes?: number;
  /** Minutes that lie at another load, counted from the newest. */
  readonly recent?: readonly number[];
}

/** Two of seven, in an order that the changes before do not tell. */
function isBumped(index: number): boolean {
  return ((index * 2_654_435_761) % 2 ** 32) % 7 < 2;
}

/** The minutes that a pool of 10 workers would have recorded. */
function minutesOf({ load, bump = 0, minutes = 378, recent = [] }: History): readonly Minute[] {
  return Array.from({ length: minutes }, (_, index) => {
    const age = minutes - 1 - index;
    const value = recent[recent.length - 1 - age] ?? load + (isBumped(index) ? bump : 0);
    return { at: (NEWEST - age) * MINUTE, members: 10, reporting: 10, cpuSum: value * 100, requests: null };
  });
}

function remembering(history: History, changes: Partial<AdaptiveState> = {}): State {
  const minutes = minutesOf(history);
  const memory = measureMinutes(initialAdaptiveState(60, NOW - 600 * MINUTE), minutes);
  return { ...initialState(), minutes: minutes.slice(-38), adaptive: { ...memory, ...changes } };
}

function seenWith(input: Partial<ObservationInput> & { readonly desired: number }): Observation {
  const workers = Array.from({ length: input.desired }, (_, index) => ({
    id: `i-${index}`,
    state: "in service" as const,
  }));
  return Observation.parse({ pool: "web", min: 1, max: 8, bootSeconds: 90, workers, ...input });
}

function check(state: State, input: Partial<ObservationInput> & { readonly desired: number }, now = NOW): Decided {
  return decideAdaptive(policy, seenWith(input), state, now);
}

function adaptiveOf(decided: Decided): AdaptiveState {
  if (decided.state.adaptive === undefined) throw new Error("nothing remembered");
  return decided.state.adaptive;
}

describe("measuring", () => {
  const minute = (age: number, cpu: number, requests: number | null, members = 4): Minute => ({
    at: (NEWEST - age) * MINUTE,
    members,
    reporting: members,
    cpuSum: cpu * members,
    requests,
  });
  const learned = { ...initialAdaptiveState(60, NOW), ratios: [100, 100, 100, 100, 100] };
  const loadOf = (memory: AdaptiveState, minutes: readonly Minute[]): LoadPoint | undefined =>
    measureMinutes(memory, minutes).points.at(-1);

  it.each([
    ["the CPU alone while nothing is learned", initialAdaptiveState(60, NOW), [minute(0, 50, 210)], 2, false],
    ["the requests when they agree with the CPU within 20 %", learned, [minute(0, 50, 210)], 2.1, false],
    ["the CPU when the requests disagree", learned, [minute(0, 50, 300)], 2, false],
    ["the requests when the workers are busy and they say more", learned, [minute(0, 92, 450)], 4.5, false],
    ["the CPU used when the workers are busy and the requests say less", learned, [minute(0, 92, 300)], 3.68, false],
    ["all workers when they are full", learned, [minute(0, 98, 300)], 4, false],
    [
      "a guess when they are full for two minutes and the requests say no more",
      learned,
      [minute(1, 98, 300), minute(0, 98, 300)],
      5.2,
      true,
    ],
    ["a guess at once when nothing is learned", initialAdaptiveState(60, NOW), [minute(0, 98, 300)], 5.2, true],
    ["no guess when the requests show the overload", learned, [minute(1, 98, 900), minute(0, 98, 900)], 9, false],
  ])("takes %s", (_name, memory, minutes, load, blind) => {
    expect(loadOf(memory, minutes)).toMatchObject({ load, ...(blind ? { blind } : {}) });
    expect(loadOf(memory, minutes)?.blind).toBe(blind ? true : undefined);
  });

  it("learns requests per worker between 10 % and 90 % CPU only, and keeps 31", () => {
    const minutes = [minute(3, 5, 20), minute(2, 50, 200), minute(1, 95, 380), minute(0, 50, null)];
    expect(measureMinutes(initialAdaptiveState(60, NOW), minutes).ratios).toEqual([100]);
    const many = Array.from({ length: 50 }, (_, age) => minute(49 - age, 50, 200));
    expect(measureMinutes(initialAdaptiveState(60, NOW), many).ratios).toHaveLength(31);
  });

  it("counts every minute once and leaves out those with less than half of the workers", () => {
    const minutes = [minute(1, 50, null), { ...minute(0, 50, null), reporting: 1, cpuSum: 50 }];
    const once = measureMinutes(initialAdaptiveState(60, NOW), minutes);
    expect(measureMinutes(once, minutes).points).toHaveLength(1);
  });

  it("takes the higher of 2 and 5 minutes as level and their distance to 3-5 minutes ago as rise", () => {
    const rising = minutesOf({ load: 1, recent: [1, 1, 1, 2, 3, 4] });
    expect(measureMinutes(initialAdaptiveState(60, NOW), rising).points.at(-1)).toMatchObject({
      level: 3.5,
      rise: 2.5,
    });
    const falling = minutesOf({ load: 4, recent: [4, 4, 4, 4, 1, 1] });
    expect(measureMinutes(initialAdaptiveState(60, NOW), falling).points.at(-1)).toMatchObject({
      level: 2.8,
      rise: -3,
    });
  });

  it("fits 380 minutes into 30 kB of JSON that is read back unchanged", () => {
    const { state } = check(remembering({ load: 2.123456, bump: 0.3 }), { desired: 4 });
    const json = JSON.stringify(state.adaptive);
    expect(json.length).toBeLessThan(30_000);
    expect(readState(JSON.parse(JSON.stringify(state)))).toEqual(state);
  });
});

describe("foreseeing", () => {
  it("takes the nearest rank as quantile", () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2);
    expect(quantile([4, 1, 3, 2], 0.51)).toBe(3);
    expect(quantile([], 0.5)).toBeNull();
  });

  const options = { ahead: 4, risk: 0.17, clock: true };
  const pointsOf = (loads: readonly number[], changes: Partial<LoadPoint> = {}): readonly LoadPoint[] =>
    loads.map((load, period) => ({ period, load, level: load, rise: 0, ...changes }));

  it("keeps the pool at 60 % with fewer than 20 pairs, and halfway to what it learned with 70", () => {
    const flat = pointsOf(Array.from({ length: 200 }, () => 3));
    expect(forecastAt(flat, 10, options)?.forecast).toBeCloseTo(5);
    expect(forecastAt(flat, 73, options)).toMatchObject({ pairs: 70, head: 1 });
    expect(forecastAt(flat, 150, options)).toMatchObject({ head: 0, forecast: 3 });
  });

  it("says that it keeps room for what a clock may start, where that is most of the room", () => {
    const bursts = pointsOf(
      Array.from({ length: 331 }, (_, period) => {
        const begins = Math.floor(period / 30) % 3 === 1;
        return begins && period % 30 < 5 ? 4 : 1;
      }),
    );
    const later = { ...options, risk: 0.05 };
    expect(forecastAt(bursts, 326, later)).toMatchObject({ byClock: true, risingHead: expect.closeTo(3, 0) });
    expect(forecastAt(bursts, 315, later)).toMatchObject({ byClock: false });
    expect(forecastAt(bursts, 326, { ...later, clock: false })).toMatchObject({ byClock: false });
  });

  it("learns nothing from what began blind", () => {
    const blind = pointsOf(
      Array.from({ length: 200 }, () => 3),
      { blind: true },
    );
    expect(forecastAt(blind, 199, options)?.pairs).toBe(0);
  });

  it("makes room for a rise as large as the same kind of rise had, or else for the rise itself", () => {
    const flat = Array.from({ length: 150 }, (_, period) => ({ period, load: 3, level: 3, rise: 0 }));
    const rising = { period: 150, load: 4, level: 4, rise: 1 };
    expect(forecastAt([...flat, rising], 150, options)).toMatchObject({ base: 4, forecast: 5 });
    const known = flat.map((point) => (point.period % 10 === 0 ? { ...point, rise: 0.5 } : point));
    const followed = known.map((point) => (point.period % 10 === 4 ? { ...point, load: 5 } : point));
    expect(forecastAt([...followed, rising], 150, options)).toMatchObject({ base: 4, forecast: 6 });
  });
});

describe("deciding", () => {
  it("holds without any data, and on data older than 180 s", () => {
    expect(check(initialState(), { desired: 4 }).decision).toMatchObject({
      kind: "hold",
      facts: { outcome: "no data" },
    });
    const late = check(remembering({ load: 1 }), { desired: 4 }, NOW + 2 * MINUTE + 1_000);
    expect(late.decision.reason).toEqual({ kind: "no-data", since: Date.UTC(2026, 0, 5, 13, 59) });
  });

  it("grows to what the usual rise needs, and says so", () => {
    const { decision } = check(remembering({ load: 3.4, bump: 0.6 }), { desired: 4 });
    expect(decision).toMatchObject({ kind: "grow", desired: 5 });
    expect(decision.reason).toMatchObject({
      kind: "adaptive-grew",
      finding: {
        level: expect.closeTo(3.76),
        learnedSeconds: 360 * 60,
        riskPercent: 17,
        head: expect.closeTo(0.24),
        risingHead: expect.closeTo(0.313),
        aheadSeconds: 240,
        forecast: expect.closeTo(4.073),
        needs: 5,
        serviceLevelPercent: 90,
      },
      regretMarginPercent: null,
    });
  });

  it("says what a rising load may become", () => {
    const state = remembering({ load: 2, recent: [2, 2, 2, 2, 3, 3] });
    const { decision } = check(state, { desired: 4 });
    expect(decision.reason).toMatchObject({
      kind: "adaptive-grew",
      finding: { level: 3, rise: 1, head: 0, risingHead: 1, forecast: 4, needs: 5 },
    });
  });

  it("says that it is still learning", () => {
    const { decision } = check(remembering({ load: 3, minutes: 10 }), { desired: 4 });
    expect(decision.reason).toMatchObject({
      kind: "adaptive-grew",
      finding: { level: 3, head: 2, learnedSeconds: 360, learnsForSeconds: 7_200, needs: 6 },
    });
  });

  it("writes every duration for the length of its metric period", () => {
    const minutes = minutesOf({ load: 3, minutes: 150 }).map((minute, index) => ({
      ...minute,
      at: NOW - (151 - index) * 5_000,
    }));
    const memory = measureMinutes(initialAdaptiveState(5, NOW - MINUTE), minutes);
    const state = { ...initialState(), minutes, adaptive: memory };
    const { decision } = check(state, { desired: 2, periodSeconds: 5, timeScale: 1 / 12, bootSeconds: 6 });
    expect(decision.reason).toMatchObject({ finding: { learnedSeconds: 730, aheadSeconds: 20, needs: 4 } });
  });

  it("grows by at most 4, or twice the size, at once, and never beyond the maximum", () => {
    const state = remembering({ load: 9 });
    expect(check(state, { desired: 1, max: 20 }).decision.desired).toBe(5);
    expect(check(state, { desired: 6, max: 20 }).decision.desired).toBe(10);
    expect(check(state, { desired: 7 }).decision.reason).toMatchObject({ to: 8, wanted: 10, max: 8 });
    expect(check(state, { desired: 8 }).decision.reason).toMatchObject({ kind: "at-maximum", max: 8, wanted: 10 });
  });

  it("grows also while workers boot, but shrinks only when none does", () => {
    const pending = [{ id: "i-9", state: "pending" as const }];
    expect(check(remembering({ load: 7 }), { desired: 1, workers: pending }).decision.kind).toBe("grow");
    const { decision } = check(remembering({ load: 1 }), { desired: 6, workers: pending });
    expect(decision).toMatchObject({ kind: "hold", facts: { outcome: "holding" } });
  });

  it("shrinks to what the highest forecast and load of 4 minutes fit, and remembers it", () => {
    const state = remembering({ load: 2.7 }, { changedAt: NOW - 20 * MINUTE });
    const decided = check(state, { desired: 5 });
    expect(decided.decision.reason).toMatchObject({
      kind: "adaptive-shrank",
      from: 5,
      to: 4,
      peak: 2.7,
      withinSeconds: 240,
      serviceLevelPercent: 90,
      marginPercent: expect.closeTo(22),
    });
    expect(adaptiveOf(decided)).toMatchObject({ shrunk: { at: NOW, level: 2.7 }, changedAt: NOW });
  });

  it("says what a shrink waits for", () => {
    const state = remembering({ load: 2.6 }, { changedAt: NOW - 20 * MINUTE });
    expect(check(state, { desired: 4 }).decision.reason).toMatchObject({
      kind: "adaptive-unchanged",
      peak: 2.6,
      withinSeconds: 240,
      shrinksBelow: expect.closeTo(2.106),
    });
    const soon = remembering({ load: 1 }, { changedAt: NOW - MINUTE });
    expect(check(soon, { desired: 4 }).decision.reason).toMatchObject({ kind: "cooling-down", secondsLeft: 120 });
  });

  it("looks back 7 minutes once nothing changed for an hour, and 5 before", () => {
    const recent = [3.5, ...Array.from({ length: 6 }, () => 2.5)];
    const lively = remembering({ load: 2.5, recent }, { changedAt: NOW - 60 * MINUTE });
    expect(check(lively, { desired: 5 }).decision.kind).toBe("shrink");
    const quiet = remembering({ load: 2.5, recent }, { changedAt: NOW - 61 * MINUTE });
    expect(check(quiet, { desired: 5 }).decision.reason).toMatchObject({ peak: 3.5, withinSeconds: 420 });
  });

  it.each([
    [2, "hold"],
    [3, "shrink"],
  ])("remembers what a rising load might have become for 3 minutes: %d minutes ago, %s", (age, kind) => {
    const state = remembering({ load: 1 }, { changedAt: NOW - 20 * MINUTE });
    const memory = state.adaptive ?? initialAdaptiveState(60, NOW);
    const points = memory.points.map((point) =>
      point.period === NEWEST - age ? { ...point, base: 1, forecast: 4 } : point,
    );
    expect(check({ ...state, adaptive: { ...memory, points } }, { desired: 4 }).decision.kind).toBe(kind);
  });

  it("counts a change by hand as a change", () => {
    const state = remembering({ load: 1 });
    const byHand = { ...state, change: { at: NOW - MINUTE, from: 2, to: 4 } };
    expect(check(byHand, { desired: 4 }).decision.facts.outcome).toBe("cooling down");
  });

  it.each([
    ["within an hour", 30, 9, 0.2],
    ["later at the same load", 300, 4.1, 0.2],
    ["later at another load", 300, 9, 0.1],
  ])("doubles the margin when it grows %s after a shrink: only then", (_name, minutesAgo, level, margin) => {
    const state = remembering({ load: 4 }, { shrunk: { at: NOW - minutesAgo * MINUTE, level } });
    expect(adaptiveOf(check(state, { desired: 4 }))).toMatchObject({ margin, shrunk: null });
  });

  it("never asks for more than 40 % margin, and forgets it at another load", () => {
    const regretted = { margin: 0.4, shrunk: { at: NOW - MINUTE, level: 4 }, regretLoad: 4 };
    const grown = check(remembering({ load: 4 }, regretted), { desired: 4 });
    expect(adaptiveOf(grown)).toMatchObject({ margin: 0.4, regretLoad: 4 });
    expect(grown.decision.reason).toMatchObject({ regretMarginPercent: 40 });
    expect(adaptiveOf(check(remembering({ load: 2.9 }, { margin: 0.4, regretLoad: 4 }), { desired: 4 }))).toMatchObject(
      {
        margin: 0.1,
        regretLoad: null,
      },
    );
  });

  it("counts a worker as full in the minute for which it has no point", () => {
    const state = remembering({ load: 1 });
    const minutes = state.minutes.map((minute, index, all) =>
      index === all.length - 2 ? { ...minute, reporting: 9, cpuSum: 90 } : minute,
    );
    // 1.9 instead of 1 at 90 % less 22 %.
    expect(check(state, { desired: 4 }).decision).toMatchObject({ kind: "shrink", desired: 2 });
    expect(check({ ...state, minutes }, { desired: 4 }).decision).toMatchObject({ kind: "shrink", desired: 3 });
  });

  it("corrects what came late, with everything that follows from it", () => {
    const minutes = minutesOf({ load: 1, minutes: 20, recent: [2, 1, 1] });
    const partly = minutes.map((minute, index) => (index === 17 ? { ...minute, reporting: 5, cpuSum: 50 } : minute));
    const late = measureMinutes(measureMinutes(initialAdaptiveState(60, NOW), partly), minutes);
    expect(late.points).toEqual(measureMinutes(initialAdaptiveState(60, NOW), minutes).points);
    const missing = minutes.filter((_, index) => index !== 17);
    const filled = measureMinutes(measureMinutes(initialAdaptiveState(60, NOW), missing), minutes);
    expect(filled.points).toEqual(late.points);
  });
});

describe("properties", () => {
  const model = { policy, min: 1, max: 8, minutes: 300 } as const;
  const hold = { numRuns: 15 } as const;

  it("never leaves the limits, whatever the load", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 12, noNaN: true }), { minLength: 5, maxLength: 20 }),
        fc.integer({ min: 2, max: 6 }),
        (loads, start) => {
          const load = (second: number): number => loads[Math.floor(second / 600) % loads.length] ?? 0;
          for (const step of runModel({ ...model, min: 2, max: 6, start, minutes: 200, load })) {
            expect(step.decision.desired).toBeGreaterThanOrEqual(2);
            expect(step.decision.desired).toBeLessThanOrEqual(6);
          }
        },
      ),
      hold,
    );
  }, 240_000);

  it("is silent in the last hour of five at a constant load, from any start", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 9, noNaN: true }), fc.integer({ min: 1, max: 8 }), (level, start) => {
        const steps = runModel({ ...model, start, load: () => level });
        expect(changesOf(steps).filter((step) => step.second > 240 * 60)).toEqual([]);
      }),
      hold,
    );
  }, 240_000);

  it("carries a doubled load within ten minutes, and shrinks when it is gone", () => {
    const load = (second: number): number => (second > 6_000 && second < 12_000 ? 5.4 : 1.2);
    const steps = runModel({ ...model, start: 2, minutes: 400, load });
    expect(steps.find((step) => step.second === 6_600)?.inService).toBeGreaterThanOrEqual(6);
    expect(steps.at(-1)?.inService).toBeLessThanOrEqual(3);
  });
});
