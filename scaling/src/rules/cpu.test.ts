import { changesOf, runModel } from "@elastic-gas/testing/scaling/pool-model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Decided } from "../decision.ts";
import { Observation, type ObservationInput, type SeenWorker } from "../observation.ts";
import { CpuPolicy, type Policy } from "../policy.ts";
import { initialState, type State } from "../policy-state.ts";
import { decide } from "./decide.ts";

const NOW = Date.UTC(2026, 0, 5, 14, 0, 20);
const MINUTE = 60_000;
const LAST_MINUTE = Math.floor(NOW / MINUTE) * MINUTE - MINUTE;

const policy = (changes: Partial<CpuPolicy> = {}): CpuPolicy => CpuPolicy.parse({ kind: "cpu", ...changes });

/** Workers in service for an hour, with the same CPU in each of the last 6 minutes. */
function serving(cpuPercents: readonly (number | null)[], at = NOW): readonly SeenWorker[] {
  const last = Math.floor(at / MINUTE) * MINUTE - MINUTE;
  return cpuPercents.map((percent, index) => ({
    id: `i-${index}`,
    state: "in service" as const,
    launchedAt: at - 62 * MINUTE,
    inServiceAt: at - 60 * MINUTE,
    busy: null,
    cpu: percent === null ? [] : [5, 4, 3, 2, 1, 0].map((age) => ({ at: last - age * MINUTE, percent })),
  }));
}

function seen(input: Partial<ObservationInput> & { cpu?: readonly (number | null)[] }): Observation {
  const { cpu = [50], ...rest } = input;
  return Observation.parse({ pool: "web", desired: cpu.length, min: 1, max: 8, workers: [...serving(cpu)], ...rest });
}

function check(
  observation: Observation,
  changes: Partial<CpuPolicy> = {},
  state: State = initialState(),
  now = NOW,
): Decided {
  return decide(
    policy(changes),
    observation,
    { ...state, desired: state.desired ?? observation.desired },
    new Date(now),
  );
}

/** The same pool on two checks, a minute apart: what a shrink needs. */
function checkTwice(
  cpu: readonly (number | null)[],
  changes: Partial<CpuPolicy> = {},
  limits: { min?: number; max?: number } = {},
): Decided {
  const first = check(seen({ cpu, ...limits }), changes);
  expect(first.decision.kind).toBe("hold");
  const later = NOW + MINUTE;
  return check(seen({ cpu, ...limits, workers: [...serving(cpu, later)] }), changes, first.state, later);
}

/** No smaller pool is allowed; the first one tried would run at `percent`. */
function tooMuch(workers: number, percent: number, limitPercent = 63): object {
  return {
    kind: "cpu-too-much",
    sizes: [{ workers, percent: expect.closeTo(percent), withinSeconds: null }],
    limitPercent: expect.closeTo(limitPercent),
    longerLimitPercent: null,
  };
}

describe("growing", () => {
  it.each([
    { size: 5, ratio: 2, max: 8, to: 8 },
    { size: 1, ratio: 1.25, max: 8, to: 2 },
    { size: 5, ratio: 1.4, max: 8, to: 7 },
    { size: 3, ratio: 1.4, max: 8, to: 5 },
    // 10 × 1.1 is 11.000000000000002 in floating point.
    { size: 10, ratio: 1.1, max: 20, to: 11 },
    { size: 2, ratio: 2, max: 8, to: 4 },
    { size: 7, ratio: 1.01, max: 20, to: 8 },
    { size: 7, ratio: 1, max: 20, to: 8 },
    // Rounding forgives what is less than a billionth; a grow is still one worker at least.
    { size: 7, ratio: 1.000_000_000_01, max: 20, to: 8 },
  ])("grows $size x $ratio to $to with a maximum of $max", ({ size, ratio, max, to }) => {
    const { decision } = check(seen({ cpu: Array<number>(size).fill(78.2), max }), { growRatio: ratio });
    expect(decision).toMatchObject({ kind: "grow", desired: to });
  });

  it("decides on the mean of all workers over two minutes and says so", () => {
    const { decision } = check(seen({ cpu: [60, 80, 95, 78, 78] }), { growRatio: 1.4 });
    expect(decision.reason).toMatchObject({
      kind: "cpu-grew",
      from: 5,
      to: 7,
      finding: { kind: "cpu-above", meanPercent: 78.2, limitPercent: 70 },
      ratio: 1.4,
      need: null,
      awaited: 0,
      flap: null,
    });
    expect(decision.facts).toMatchObject({
      measured: 78.2,
      window: { from: LAST_MINUTE - MINUTE, to: LAST_MINUTE + MINUTE, points: 10, of: 10 },
    });
  });

  it("takes both minutes into the mean: neither the newer nor the older alone decides", () => {
    const withMinutes = (older: number, newer: number): Observation => {
      const workers = serving([50]).map((worker) => ({
        ...worker,
        cpu: [
          { at: LAST_MINUTE - MINUTE, percent: older },
          { at: LAST_MINUTE, percent: newer },
        ],
      }));
      return seen({ cpu: [50], workers });
    };
    expect(check(withMinutes(40, 90)).decision).toMatchObject({ kind: "hold", facts: { measured: 65 } });
    expect(check(withMinutes(90, 40)).decision).toMatchObject({ kind: "hold", facts: { measured: 65 } });
    expect(check(withMinutes(52, 90)).decision.kind).toBe("grow");
  });

  it("does nothing at the threshold itself", () => {
    expect(check(seen({ cpu: [70] })).decision.reason).toEqual({
      kind: "cpu-between",
      meanPercent: 70,
      lowPercent: 30,
      highPercent: 70,
    });
  });

  it("stops at what the load needs, where the policy says so and the load is known", () => {
    const sawtooth = seen({ cpu: [76, 76, 76, 76] });
    expect(check(sawtooth).decision.desired).toBe(8);
    expect(check(sawtooth, { growOnlyToNeed: true }).decision).toMatchObject({ desired: 5, reason: { need: 5 } });
    expect(check(seen({ cpu: [99, 99] }), { growOnlyToNeed: true }).decision.desired).toBe(4);
    expect(check(seen({ cpu: [99, 99] }), { growOnlyToNeed: true, growRatio: 1 }).decision.desired).toBe(3);
  });

  it("says what the rule wants when the pool is at its maximum", () => {
    const { decision } = check(seen({ cpu: Array<number>(8).fill(90) }), { growRatio: 1.25 });
    expect(decision).toMatchObject({ kind: "hold", desired: 8, facts: { outcome: "at the limit", wanted: 10 } });
    expect(decision.reason).toMatchObject({ kind: "at-maximum", max: 8, wanted: 10, finding: { kind: "cpu-above" } });
  });
});

describe("shrinking", () => {
  it("does nothing at the threshold itself", () => {
    expect(check(seen({ cpu: [30, 30] })).decision.facts.outcome).toBe("no change");
    expect(check(seen({ cpu: [29.9, 29.9] })).decision.facts.outcome).toBe("would shrink");
  });

  it.each([
    { size: 4, ratio: 0.5, to: 2 },
    { size: 3, ratio: 0.5, to: 2 },
    { size: 8, ratio: 0.5, to: 4 },
    { size: 2, ratio: 0.9, to: 1 },
    { size: 4, ratio: 1, to: 3 },
  ])("keeps $to of $size idle workers at a ratio of $ratio", ({ size, ratio, to }) => {
    const { decision } = checkTwice(Array<number>(size).fill(1), { shrinkRatio: ratio });
    expect(decision).toMatchObject({ kind: "shrink", desired: to });
  });

  it("goes to the minimum and no further, and says that it is there", () => {
    expect(checkTwice(Array<number>(4).fill(1), {}, { min: 3 }).decision).toMatchObject({ kind: "shrink", desired: 3 });
    const { decision } = check(seen({ cpu: [5, 5], min: 2 }));
    expect(decision.reason).toMatchObject({ kind: "at-minimum", min: 2, finding: { kind: "cpu-below" } });
    expect(decision.facts.outcome).toBe("at the limit");
  });

  it("counts a worker as full in a minute of the peak for which it has no point", () => {
    const [one, other] = serving([10, 10]);
    if (one === undefined || other === undefined) throw new Error("Two workers were asked for.");
    const silent = { ...other, cpu: other.cpu.filter((point) => point.at > LAST_MINUTE - 2 * MINUTE) };
    const state: State = { ...initialState(), low: { checks: 1, dataUntil: LAST_MINUTE } };
    expect(check(seen({ cpu: [10, 10], workers: [one, silent] }), {}, state).decision.reason).toEqual(tooMuch(1, 110));
    expect(check(seen({ cpu: [10, 10] }), {}, state).decision.kind).toBe("shrink");
  });

  it("takes a point that is missing between two others from the higher of them", () => {
    const workers = serving([10, 10]).map((worker, index) => ({
      ...worker,
      cpu: worker.cpu.flatMap((point) => {
        if (index === 0 || point.at !== LAST_MINUTE - 3 * MINUTE) return [point];
        return [];
      }),
    }));
    const { state } = check(seen({ cpu: [10, 10], workers }));
    expect(state.minutes.find(({ at }) => at === LAST_MINUTE - 3 * MINUTE)).toMatchObject({ cpuSum: 20, silent: 0 });
  });

  it("neither counts a check nor starts again when a point is missing", () => {
    const low = { checks: 1, dataUntil: LAST_MINUTE };
    const state: State = { ...initialState(), low };
    const [one, other] = serving([10, 10]);
    if (one === undefined || other === undefined) throw new Error("Two workers were asked for.");
    const silent = { ...other, cpu: other.cpu.slice(0, -1) };
    const checked = check(seen({ cpu: [10, 10], workers: [one, silent] }), {}, state);
    expect(checked.decision.reason).toMatchObject({ kind: "points-missing", missing: 1, of: 4 });
    expect(checked.state.low).toEqual(low);
  });

  it("waits for a second check in a row", () => {
    const { decision } = check(seen({ cpu: [27, 27, 27] }));
    expect(decision).toMatchObject({ kind: "hold", facts: { outcome: "would shrink", checks: { have: 1, need: 2 } } });
    expect(decision.reason).toEqual({
      kind: "would-shrink",
      finding: { kind: "cpu-below", meanPercent: 27, limitPercent: 30 },
      have: 1,
      need: 2,
    });
  });

  it("counts a check once while the data stay the same", () => {
    const first = check(seen({ cpu: [5, 5] }));
    const again = check(seen({ cpu: [5, 5] }), {}, first.state, NOW + 10_000);
    expect(again.decision.facts).toMatchObject({ outcome: "would shrink", checks: { have: 1, need: 2 } });
  });

  it("starts to count again after a check in between", () => {
    const low = check(seen({ cpu: [5, 5] })).state;
    const second = seen({ cpu: [50, 50], workers: [...serving([50, 50], NOW + 8 * MINUTE)] });
    const middle = check(second, {}, low, NOW + 8 * MINUTE).state;
    const last = check(
      seen({ cpu: [5, 5], workers: [...serving([5, 5], NOW + 16 * MINUTE)] }),
      {},
      middle,
      NOW + 16 * MINUTE,
    );
    expect(last.decision.facts).toMatchObject({ checks: { have: 1 } });
  });

  it("takes the smallest size that stays below 90 % of the grow threshold", () => {
    const { decision } = checkTwice(Array<number>(6).fill(49), {
      growThresholdPercent: 70,
      shrinkThresholdPercent: 50,
    });
    expect(decision).toMatchObject({ kind: "shrink", desired: 5 });
    expect(decision.reason).toMatchObject({
      kind: "cpu-shrank",
      checks: 2,
      sizes: [
        { workers: 3, percent: expect.closeTo(98), withinSeconds: null },
        { workers: 4, percent: expect.closeTo(73.5), withinSeconds: null },
        { workers: 5, percent: expect.closeTo(58.8), withinSeconds: null },
      ],
      limitPercent: expect.closeTo(63),
      longerLimitPercent: null,
    });
  });

  it.each([
    { pair: "50/40", grow: 50, low: 40, cpu: [30, 30], runs: 60, limit: 45 },
    { pair: "60/35", grow: 60, low: 35, cpu: [30, 30], runs: 60, limit: 54 },
    { pair: "50/40 just above the limit", grow: 50, low: 40, cpu: [22.6, 22.6], runs: 45.2, limit: 45 },
  ])("refuses at $pair when one worker would run at $runs %", ({ grow, low, cpu, runs, limit }) => {
    const { decision } = checkTwice(cpu, { growThresholdPercent: grow, shrinkThresholdPercent: low });
    expect(decision.reason).toEqual(tooMuch(1, runs, limit));
  });

  it("shrinks at 50/40 when one worker stays below the limit", () => {
    expect(checkTwice([22.4, 22.4], { growThresholdPercent: 50, shrinkThresholdPercent: 40 }).decision).toMatchObject({
      kind: "shrink",
      desired: 1,
    });
  });

  it("forecasts from the peak of the last 5 minutes, not from the window", () => {
    const cpu = [20, 20];
    const peak = serving(cpu).map((worker) => ({
      ...worker,
      cpu: worker.cpu.map((point) => (point.at === LAST_MINUTE - 3 * MINUTE ? { ...point, percent: 65 } : point)),
    }));
    const state: State = { ...initialState(), low: { checks: 1, dataUntil: LAST_MINUTE } };
    const { decision } = check(seen({ cpu, workers: peak }), {}, state);
    expect(decision.reason).toEqual(tooMuch(1, 130));
  });

  describe("the deeper the cut, the longer the lookback window", () => {
    /** `size` workers at 20 %, after 15 minutes of which one, `age` minutes old, had another CPU. */
    const afterPeak = (size: number, age: number, percent: number, changes: Partial<CpuPolicy> = {}): Decided => {
      const workers = serving(Array<number>(size).fill(20)).map((worker) => ({
        ...worker,
        cpu: Array.from({ length: 15 }, (_, index) => ({
          at: LAST_MINUTE - index * MINUTE,
          percent: index === age ? percent : 20,
        })),
      }));
      const state: State = { ...initialState(), low: { checks: 1, dataUntil: LAST_MINUTE } };
      return check(seen({ cpu: Array<number>(size).fill(20), workers }), changes, state);
    };

    it.each([
      { age: 4, percent: 31, runs: 62, to: 1 },
      { age: 4, percent: 32, runs: 64, to: 2 },
      { age: 11, percent: 33, runs: 40, to: 1 },
      { age: 11, percent: 34, runs: 68, to: 2 },
      { age: 12, percent: 34, runs: 40, to: 1 },
    ])("keeps $to of 2 when one would have run at $runs % at most, $age minutes ago", ({ age, percent, to, runs }) => {
      const { decision } = afterPeak(2, age, percent);
      expect(decision.desired).toBe(to);
      expect(decision.reason).toMatchObject({ sizes: [{ workers: 1, percent: expect.closeTo(runs) }] });
    });

    it("cuts less when the peak is too old for a small cut and too young for a deep one", () => {
      expect(afterPeak(4, 7, 60).decision).toMatchObject({ kind: "shrink", desired: 3 });
      expect(afterPeak(4, 4, 60).decision.kind).toBe("hold");
    });

    it.each([
      { margin: 10, age: 4, percent: 32, to: 2 },
      { margin: 8, age: 4, percent: 32, to: 1 },
      { margin: 20, age: 4, percent: 27.9, to: 1 },
      { margin: 20, age: 4, percent: 28.1, to: 2 },
      { margin: 20, age: 11, percent: 31.4, to: 1 },
      { margin: 20, age: 11, percent: 31.6, to: 2 },
    ])("keeps $to of 2 with a hysteresis margin of $margin % and $percent % $age minutes ago", (row) => {
      expect(afterPeak(2, row.age, row.percent, { hysteresisMarginPercent: row.margin }).decision.desired).toBe(row.to);
    });

    it("says how old the peak is and which limit it breaks", () => {
      expect(afterPeak(2, 11, 34).decision.reason).toEqual({
        kind: "cpu-too-much",
        sizes: [{ workers: 1, percent: expect.closeTo(68), withinSeconds: 720 }],
        limitPercent: expect.closeTo(63),
        longerLimitPercent: expect.closeTo(66.5),
      });
    });

    it("does not cut deep when a minute of the longer time is not known, and cuts less instead", () => {
      const lost = (size: number): Decided => {
        const minutes = Array.from({ length: 15 }, (_, age) => ({
          at: LAST_MINUTE - age * MINUTE,
          members: size,
          reporting: age === 7 ? 0 : size,
          cpuSum: age === 7 ? 0 : size * 10,
          requests: null,
        })).reverse();
        const state: State = { ...initialState(), minutes, low: { checks: 1, dataUntil: LAST_MINUTE } };
        return check(seen({ cpu: Array<number>(size).fill(10) }), {}, state);
      };
      expect(lost(2).decision.reason).toEqual({ kind: "peak-unknown", cause: "missing", withinSeconds: 720 });
      expect(lost(4).decision).toMatchObject({ kind: "shrink", desired: 3 });
    });
  });

  it("counts the last minute of workers that drain: their metrics come late", () => {
    const before = [3, 2, 1, 0].map((age) => ({
      at: LAST_MINUTE - age * MINUTE,
      members: 4,
      reporting: age === 0 ? 0 : 4,
      cpuSum: age === 0 ? 0 : 40,
      requests: null,
    }));
    const workers = serving([10, 10, 10, 30]).map((worker, index) =>
      index < 2 ? worker : { ...worker, state: "draining" as const },
    );
    const state: State = { ...initialState(), minutes: before };
    const minutes = check(seen({ cpu: [10, 10], workers }), {}, state).state.minutes;
    expect(minutes.at(-1)).toMatchObject({ members: 4, reporting: 4, cpuSum: 60 });
    const gone = check(seen({ cpu: [10, 10], workers: workers.slice(0, 2) }), {}, state).state.minutes;
    expect(gone.at(-1)).toMatchObject({ members: 4, reporting: 2, cpuSum: 20 });
  });

  it("refuses while a saturated minute without an estimate lies in the last 5", () => {
    const cpu = [20, 20];
    const full = serving(cpu).map((worker) => ({
      ...worker,
      cpu: worker.cpu.map((point) => (point.at === LAST_MINUTE - 3 * MINUTE ? { ...point, percent: 99 } : point)),
    }));
    const state: State = { ...initialState(), low: { checks: 1, dataUntil: LAST_MINUTE } };
    const { decision } = check(seen({ cpu, workers: full }), {}, state);
    expect(decision).toMatchObject({ kind: "hold", facts: { outcome: "shrink refused" } });
    expect(decision.reason).toEqual({ kind: "peak-unknown", cause: "full", withinSeconds: 300 });
  });

  it("waits for the cooldown, which blocks nothing but the shrink", () => {
    const state: State = { ...initialState(), change: { at: NOW - 5 * MINUTE, from: 3, to: 5 } };
    const cool = check(seen({ cpu: Array<number>(5).fill(10) }), { cooldownSeconds: 374 }, state);
    expect(cool.decision.reason).toEqual({ kind: "cooling-down", secondsLeft: 74, change: { from: 3, to: 5 } });
    expect(check(seen({ cpu: Array<number>(5).fill(90) }), { cooldownSeconds: 374 }, state).decision.kind).toBe("grow");
  });
});

describe("holding (rules 2 and 3)", () => {
  const booting = (count: number): ObservationInput["workers"] =>
    Array.from({ length: count }, (_, index) => ({
      id: `p-${index}`,
      state: index < 2 ? ("warming" as const) : ("pending" as const),
      launchedAt: NOW - 50_000,
    }));
  const withBooting = (cpu: readonly number[], count: number): ObservationInput["workers"] => [
    ...(serving(cpu) ?? []),
    ...(booting(count) ?? []),
  ];

  it("holds while workers boot, however high the CPU of the others", () => {
    const observation = seen({ cpu: [90, 90], desired: 4, workers: withBooting([90, 90], 2), bootSeconds: 90 });
    expect(check(observation).decision).toMatchObject({
      kind: "hold",
      reason: { kind: "workers-awaited", warming: 2, pending: 0, secondsLeft: 40 },
    });
  });

  it("holds when workers are wanted that nobody has launched yet", () => {
    expect(check(seen({ cpu: [90, 90], desired: 4 })).decision.reason).toEqual({
      kind: "workers-awaited",
      warming: 0,
      pending: 2,
      secondsLeft: null,
    });
  });

  it("does not wait for workers that cannot be launched", () => {
    expect(check(seen({ cpu: [90, 90], desired: 4, launchFailing: true })).decision).toMatchObject({
      kind: "grow",
      desired: 8,
    });
  });

  it("does not judge a window that begins before the last change was in service", () => {
    const workers = serving([90, 90]).map((worker, index) =>
      index === 1 ? { ...worker, inServiceAt: NOW - 90_000, cpu: worker.cpu.slice(-1) } : worker,
    );
    const { decision } = check(seen({ cpu: [90, 90], workers }));
    expect(decision).toMatchObject({ kind: "hold", facts: { outcome: "holding" } });
  });

  it("takes one fresh saturated minute after a change as enough", () => {
    const workers = serving([99, 99]).map((worker) => ({
      ...worker,
      inServiceAt: LAST_MINUTE - 10_000,
      cpu: worker.cpu.slice(-1),
    }));
    const older = serving([40]).map((worker) => ({ ...worker, id: "i-old", state: "draining" as const }));
    expect(check(seen({ cpu: [99, 99], workers: [...workers, ...older] })).decision.kind).toBe("hold");
    const state: State = {
      ...initialState(),
      minutes: [{ at: LAST_MINUTE - MINUTE, members: 1, reporting: 1, cpuSum: 99, requests: null }],
    };
    expect(check(seen({ cpu: [99, 99], workers }), {}, state).decision).toMatchObject({ kind: "grow", desired: 4 });
  });

  it("grows further while workers are pending when the load is too much for all of them, to what the load needs", () => {
    const observation = seen({
      cpu: Array<number>(6).fill(85),
      desired: 7,
      workers: withBooting(Array<number>(6).fill(85), 1),
      max: 20,
    });
    const { decision } = check(observation);
    expect(decision).toMatchObject({ kind: "grow", desired: 8 });
    expect(decision.reason).toMatchObject({
      kind: "cpu-grew",
      from: 7,
      to: 8,
      finding: { kind: "load-above", load: expect.closeTo(5.1), limitPercent: 70, workers: 7 },
      need: 8,
      awaited: 1,
    });
  });

  it("holds while pending when the pending ones are enough for the load", () => {
    expect(check(seen({ cpu: [90], desired: 2, workers: withBooting([90], 1) })).decision.kind).toBe("hold");
  });

  it("estimates a hidden load from the requests and what one worker was seen to serve", () => {
    const balancer = [3, 2, 1, 0].map((age) => ({ at: LAST_MINUTE - age * MINUTE, requests: 3_000, healthyHosts: 1 }));
    const observation = seen({ cpu: [100], desired: 2, workers: withBooting([100], 1), balancer });
    expect(check(observation).decision.kind).toBe("hold");
    const state: State = { ...initialState(), requestsPerCpu: [590, 600, 610] };
    const { decision } = check(observation, {}, state);
    expect(decision).toMatchObject({ kind: "grow", desired: 4, facts: { load: 5, loadEstimated: true } });
  });

  it("learns what one worker serves between 20 % and 90 % CPU, and nowhere else", () => {
    const percents = [19, 20, 50, 90, 91];
    const workers = serving([50]).map((worker) => ({
      ...worker,
      cpu: percents.map((percent, age) => ({ at: LAST_MINUTE - age * MINUTE, percent })),
    }));
    const balancer = percents.map((percent, age) => ({
      at: LAST_MINUTE - age * MINUTE,
      requests: percent * (10 + age),
      healthyHosts: 1,
    }));
    const { requestsPerCpu } = check(seen({ cpu: [50], workers, balancer })).state;
    expect(requestsPerCpu.map(Math.round)).toEqual([1_300, 1_200, 1_100]);
  });

  it("does not wait for a worker that boots while launches fail", () => {
    const observation = seen({ cpu: [90, 90], desired: 3, workers: withBooting([90, 90], 1) });
    expect(check(observation).decision.kind).toBe("hold");
    expect(check({ ...observation, launchFailing: true }).decision).toMatchObject({ kind: "grow", desired: 6 });
  });

  it("grows on fresh data while others drain", () => {
    const draining = { id: "i-d", state: "draining" as const };
    expect(
      check(seen({ cpu: [90, 90], desired: 2, workers: [...serving([90, 90]), draining] })).decision,
    ).toMatchObject({ kind: "grow", desired: 4 });
  });
});

describe("missing data", () => {
  it("never reads a worker without data as idle", () => {
    expect(check(seen({ cpu: [60, 60, null] })).decision.reason).toMatchObject({ meanPercent: 60 });
  });

  it("needs data from at least half of the workers", () => {
    const { decision } = check(seen({ cpu: [5, null, null] }));
    expect(decision).toMatchObject({ kind: "hold", facts: { outcome: "no data", measured: null } });
  });

  it("says since when", () => {
    const workers = serving([50]).map((worker) => ({ ...worker, cpu: worker.cpu.slice(0, 2) }));
    const data = { until: LAST_MINUTE - 3 * MINUTE, delaysMs: [60_000] };
    expect(check(seen({ workers }), {}, { ...initialState(), data }).decision.reason).toEqual({
      kind: "no-data",
      since: Date.UTC(2026, 0, 5, 13, 56),
    });
  });

  it("takes the CPU of a boot for no load: points from before a worker was in service prove nothing", () => {
    const [worker] = serving([100]);
    if (worker === undefined) throw new Error("no worker");
    const booted = { ...worker, launchedAt: NOW - 4 * MINUTE, inServiceAt: NOW - 10_000 };
    const { decision } = check(seen({ cpu: [100], workers: [booted] }));
    expect(decision).toMatchObject({ kind: "hold", facts: { outcome: "holding" } });
  });

  it("grows when the workers that report prove the need alone", () => {
    const { decision } = check(seen({ cpu: [100, null, null] }), {
      growThresholdPercent: 30,
      shrinkThresholdPercent: 10,
    });
    expect(decision).toMatchObject({ kind: "grow", desired: 6 });
    expect(check(seen({ cpu: [100, null, null] })).decision.kind).toBe("hold");
  });

  it("grows on the CPU of unhealthy workers when no other is left", () => {
    const workers = serving([100, 100]).map((worker) => ({ ...worker, state: "unhealthy" as const }));
    expect(check(seen({ cpu: [100, 100], workers })).decision).toMatchObject({ kind: "grow", desired: 4 });
  });

  it("does not shrink on a mean that a silent worker might raise above the threshold", () => {
    const { decision } = checkTwice([20, 20, 20, null]);
    expect(decision.reason).toMatchObject({ kind: "points-missing", missing: 2, of: 8, ifFullPercent: 40 });
  });
});

describe("limits, pause and manual changes", () => {
  it.each([
    { desired: 1, min: 2, max: 4, to: 2, kind: "grow" },
    { desired: 6, min: 2, max: 4, to: 4, kind: "shrink" },
  ])("restores the limits even while paused ($desired in $min..$max)", ({ desired, min, max, to, kind }) => {
    const observation = seen({ cpu: Array<number>(desired).fill(50), min, max, paused: { by: "anna", at: NOW } });
    expect(check(observation).decision).toMatchObject({
      kind,
      desired: to,
      reason: { kind: "outside-limits", from: desired, to, min, max },
    });
  });

  it("shrinks at the maximum and grows at the minimum", () => {
    expect(checkTwice(Array<number>(8).fill(2)).decision).toMatchObject({ kind: "shrink", desired: 4 });
    expect(check(seen({ cpu: [95] })).decision).toMatchObject({ kind: "grow", desired: 2 });
  });

  it("does nothing while paused or protected by a manual change", () => {
    const paused = seen({ cpu: [95], paused: { by: "admin", at: NOW - 40 * MINUTE } });
    expect(check(paused).decision.reason).toEqual({ kind: "paused", by: "admin", at: NOW - 40 * MINUTE });
    expect(check(seen({ cpu: [95], manualUntil: NOW + 90_000 })).decision.reason).toEqual({
      kind: "set-by-hand",
      desired: 1,
      secondsLeft: 90,
    });
    expect(check(seen({ cpu: [95], manualUntil: NOW - 1 })).decision.kind).toBe("grow");
  });

  it("takes a change by hand as a change: older data prove nothing", () => {
    const before = { ...initialState(), desired: 3 };
    expect(check(seen({ cpu: [95, 95] }), {}, before).decision.kind).toBe("hold");
  });
});

describe("the flap back-off", () => {
  const shrunk: State = { ...initialState(), shrunkAt: NOW - 20 * MINUTE };

  it("doubles the confirmation when a grow follows a shrink within 30 minutes, once for each shrink", () => {
    const grown = check(seen({ cpu: [90, 90] }), {}, shrunk);
    expect(grown.state.backOff).toEqual({ level: 1, at: NOW });
    expect(grown.decision.reason).toMatchObject({ flap: { checks: 4, withinSeconds: 1_800 } });
    expect(grown.state.shrunkAt).toBeNull();
  });

  it("needs the doubled number of checks, and says so", () => {
    const state: State = {
      ...initialState(),
      backOff: { level: 1, at: NOW },
      low: { checks: 2, dataUntil: LAST_MINUTE },
    };
    expect(check(seen({ cpu: [5, 5] }), {}, state).decision.reason).toMatchObject({
      kind: "would-shrink",
      have: 3,
      need: 4,
    });
    expect(check(seen({ cpu: [5, 5] }), { flapBackOff: false }, state).decision.kind).toBe("shrink");
  });

  it("is halved after two quiet hours", () => {
    const state: State = { ...initialState(), backOff: { level: 2, at: NOW - 121 * MINUTE } };
    expect(check(seen({ cpu: [50] }), {}, state).state.backOff).toEqual({ level: 1, at: NOW });
  });

  it.each([
    { level: 0, within: 30 },
    { level: 1, within: 30 },
    { level: 2, within: 60 },
    { level: 4, within: 90 },
  ])("at level $level a grow within $within minutes of a shrink is a flap, a later one is not", ({ level, within }) => {
    const grown = (minutes: number): State["backOff"] => {
      const backOff = level === 0 ? null : { level, at: NOW - 100 * MINUTE };
      const state: State = { ...initialState(), shrunkAt: NOW - minutes * MINUTE, backOff };
      return check(seen({ cpu: [90, 90] }), {}, state).state.backOff;
    };
    expect(grown(within)).toEqual({ level: Math.min(4, level + 1), at: NOW });
    expect(grown(within + 1)?.at).not.toBe(NOW);
  });

  it("looks back longer before a shrink, but at most 30 minutes", () => {
    const peakAt = (age: number): Decided["decision"] => {
      const minutes = Array.from({ length: 35 }, (_, index) => ({
        at: LAST_MINUTE - index * MINUTE,
        members: 2,
        reporting: 2,
        cpuSum: index === age ? 80 : 10,
        requests: null,
      })).reverse();
      const backOff = { level: 2, at: NOW };
      const state: State = { ...initialState(), minutes, backOff, low: { checks: 7, dataUntil: LAST_MINUTE } };
      return check(seen({ cpu: [5, 5], workers: [...serving([5, 5])] }), {}, state).decision;
    };
    expect(peakAt(19).reason).toMatchObject({ kind: "cpu-too-much", sizes: [{ workers: 1, percent: 80 }] });
    expect(peakAt(29).reason).toMatchObject({ kind: "cpu-too-much", sizes: [{ workers: 1, withinSeconds: 1_800 }] });
    expect(peakAt(30).kind).toBe("shrink");
  });
});

describe("the pool as a whole", () => {
  const pairs = [
    [5, 0],
    [50, 40],
    [60, 35],
    [60, 55],
    [70, 30],
    [90, 60],
    [90, 85],
    [95, 90],
  ] as const;
  const somePolicy: fc.Arbitrary<Policy> = fc
    .record({
      pair: fc.oneof(
        fc.constantFrom(...pairs),
        fc
          .tuple(fc.integer({ min: 6, max: 95 }), fc.integer({ min: 0, max: 90 }))
          .filter(([high, low]) => high - low >= 5),
      ),
      growRatio: fc.constantFrom(1, 1.01, 1.25, 1.4, 2, 3),
      shrinkRatio: fc.constantFrom(0.1, 0.5, 0.75, 0.99, 1),
      flapBackOff: fc.boolean(),
      growOnlyToNeed: fc.boolean(),
      hysteresisMarginPercent: fc.constantFrom(1, 5, 10, 30, 50),
    })
    .map(({ pair: [high, low], ...rest }) =>
      policy({ growThresholdPercent: high, shrinkThresholdPercent: low, ...rest }),
    );
  const someLoad = fc.oneof(
    fc.constantFrom(0, 0.3, 0.6, 0.69, 0.7, 1.2, 2.8, 5.6, 9),
    fc.double({ min: 0, max: 9, noNaN: true }),
  );

  it("falls silent at every constant load, whatever the thresholds and ratios", () => {
    fc.assert(
      fc.property(
        somePolicy,
        someLoad,
        fc.integer({ min: 1, max: 8 }),
        fc.boolean(),
        (rule, load, start, reportsRequests) => {
          const steps = runModel({
            policy: rule,
            min: 1,
            max: 8,
            start,
            minutes: 240,
            load: () => load,
            reportsRequests,
          });
          const directions = changesOf(steps).map((step) => step.decision.kind);
          expect(changesOf(steps.slice(120))).toEqual([]);
          // grow*, shrink*: at most one reversal, and never a grow after a shrink.
          expect(directions.join(" ")).not.toMatch(/shrink.*grow/);
        },
      ),
      { numRuns: 250 },
    );
  }, 240_000);

  it("leaves nobody above the minimum at zero load", () => {
    fc.assert(
      fc.property(
        somePolicy.filter((rule) => rule.kind === "cpu" && rule.shrinkThresholdPercent > 0),
        fc.integer({ min: 1, max: 8 }),
        (rule, start) => {
          const steps = runModel({ policy: rule, min: 1, max: 8, start, minutes: 120, load: () => 0 });
          expect(steps.at(-1)?.before).toBe(1);
        },
      ),
      { numRuns: 60 },
    );
  }, 300_000);

  it("never leaves the limits, and never grows twice for one load that the pending workers can carry", () => {
    fc.assert(
      fc.property(
        somePolicy,
        fc.array(fc.double({ min: 0, max: 12, noNaN: true }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 3 }),
        (rule, loads, min) => {
          const load = (second: number): number => loads[Math.floor(second / 900) % loads.length] ?? 0;
          for (const step of runModel({ policy: rule, min, max: min + 4, start: min, minutes: 90, load })) {
            expect(step.decision.desired).toBeGreaterThanOrEqual(min);
            expect(step.decision.desired).toBeLessThanOrEqual(min + 4);
          }
        },
      ),
      { numRuns: 80 },
    );
  }, 300_000);

  it("never shrinks because data go missing: a check that holds with all data does not shrink without some", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 8 }),
        fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        somePolicy,
        (cpu, lost, rule) => {
          const state: State = { ...initialState(), desired: cpu.length, low: { checks: 1, dataUntil: LAST_MINUTE } };
          const all = decide(rule, seen({ cpu }), state, new Date(NOW)).decision;
          const some = decide(
            rule,
            seen({ cpu: cpu.map((percent, index) => (lost[index] ? null : percent)) }),
            state,
            new Date(NOW),
          ).decision;
          if (some.kind === "shrink") expect(all.kind).toBe("shrink");
        },
      ),
      { numRuns: 500 },
    );
  });

  it("reaches a load of 6.0 from 0.4 within 7 minutes, because it grows on while workers boot", () => {
    const steps = runModel({
      policy: policy(),
      min: 1,
      max: 8,
      start: 1,
      minutes: 60,
      load: (second) => (second < 1_800 ? 0.4 : 6),
    });
    const served = steps.find((step) => step.inService >= 8);
    expect((served?.second ?? Number.POSITIVE_INFINITY) - 1_800).toBeLessThanOrEqual(7 * 60);
  });
});
