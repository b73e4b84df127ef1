import { type BalancerPeriod, lasting, type Observation, type SeenWorker } from "../observation.ts";
import type { Minute, State } from "../policy-state.ts";

/** A mean of at least this many percent says only that the workers are full: the load above it is hidden. */
export const SATURATED_PERCENT = 95;
/** No decision on data that is older than this many periods. */
export const MAX_AGE_PERIODS = 4;
/** Minutes whose mean decides. */
export const WINDOW_MINUTES = 2;
/** Longest peak window (30) and some room for late data. */
const KEPT_PERIODS = 40;
export const LEARN_FROM_PERCENT = 20;
export const LEARN_TO_PERCENT = 90;
const LEARNED_RATIOS = 31;
const RATIOS_NEEDED = 3;

/** The last two complete periods with data from at least half of the workers that were in service. */
export interface Window {
  readonly from: number;
  readonly to: number;
  readonly meanPercent: number;
  /** The mean with every missing point counted as a full worker: what a shrink must be judged by. */
  readonly meanIfMissingAreFull: number;
  readonly points: number;
  readonly of: number;
  readonly load: Load;
}

/** In workers' worth: 1 = one worker at 100 % CPU. */
export interface Load {
  readonly value: number;
  /** The CPU was saturated: `value` comes from the requests, or is only the least that it can be. */
  readonly hidden: boolean;
  readonly estimated: boolean;
}

/** Takes the points of this observation into the state: later data of a period replaces earlier, a worker that left is not lost. */
export function recordMinutes(state: State, seen: Observation, now: number): State {
  const period = lasting(seen, 60);
  const newest = Math.floor(now / period) * period - period;
  const serving = seen.workers.filter((worker) => worker.state === "in service" && worker.inServiceAt !== null);
  const pointsByWorker = new Map(serving.map((worker) => [worker.id, pointsOf(worker, period)]));
  const requests = new Map(seen.balancer.map((entry) => [entry.at, requestsOf(entry)]));
  const minutes = new Map(state.minutes.map((minute) => [minute.at, minute]));

  for (const at of instantsToRecord(seen, newest, period)) {
    const members = serving.filter((worker) => (worker.inServiceAt ?? Number.POSITIVE_INFINITY) <= at);
    const points = members.flatMap((worker) => pointsByWorker.get(worker.id)?.get(at) ?? []);
    const before = minutes.get(at);
    const requestsNow = requests.get(at) ?? before?.requests ?? null;
    if (before !== undefined && before.members > members.length) {
      points.push(...pointsOfLeavers(seen, at, period).slice(0, before.members - members.length));
    }
    if (before !== undefined && before.members > members.length && points.length > before.reporting) {
      const cpuSum = points.reduce((sum, percent) => sum + percent, 0);
      minutes.set(at, { ...before, reporting: points.length, cpuSum, requests: requestsNow });
      continue;
    }
    // A worker that left takes its points along: then what was recorded while it was there is the better measure.
    if (before !== undefined && (before.reporting > points.length || before.members > members.length)) {
      minutes.set(at, { ...before, requests: requestsNow });
    } else if (members.length > 0) {
      const cpuSum = points.reduce((sum, percent) => sum + percent, 0);
      minutes.set(at, { at, members: members.length, reporting: points.length, cpuSum, requests: requestsNow });
    }
  }
  const kept = [...minutes.values()]
    .filter((minute) => minute.at > newest - KEPT_PERIODS * period && minute.at <= newest)
    .sort((a, b) => a.at - b.at);
  return { ...state, minutes: kept };
}

/**
 * Points of workers that served in a period and drain now: metrics come late, and the last minutes before a shrink must not be lost. Which of them
 * served then is not known, so the busiest come first.
 */
function pointsOfLeavers(seen: Observation, at: number, period: number): readonly number[] {
  return seen.workers
    .filter((worker) => worker.state === "draining" && worker.inServiceAt !== null && worker.inServiceAt <= at)
    .flatMap((worker) => pointsOf(worker, period).get(at) ?? [])
    .sort((a, b) => b - a);
}

/** Learns how many requests fill one worker from periods in which nothing changed and everybody reported. */
export function learnRequests(state: State, seen: Observation, settledAt: number | null): State {
  if (settledAt === null) return state;
  const lessons = state.minutes.filter(
    (minute) =>
      minute.at >= settledAt &&
      minute.at > (state.learnedUntil ?? Number.NEGATIVE_INFINITY) &&
      minute.reporting === minute.members &&
      minute.requests !== null &&
      minute.requests > 0 &&
      meanOf(minute) >= LEARN_FROM_PERCENT &&
      meanOf(minute) <= LEARN_TO_PERCENT,
  );
  const last = lessons.at(-1);
  if (last === undefined || seen.workers.length === 0) return state;
  const ratios = lessons.map((minute) => (minute.requests ?? 0) / cpuLoad(minute));
  return {
    ...state,
    requestsPerCpu: [...state.requestsPerCpu, ...ratios].slice(-LEARNED_RATIOS),
    learnedUntil: last.at,
  };
}

/** The newest window, or null when no two periods in a row are known that are at most 4 periods old. */
export function findWindow(state: State, seen: Observation, now: number): Window | null {
  const period = lasting(seen, 60);
  for (let index = state.minutes.length - 1; index > 0; index -= 1) {
    const second = state.minutes[index];
    const first = state.minutes[index - 1];
    if (first === undefined || second === undefined || first.at < now - MAX_AGE_PERIODS * period) return null;
    if (second.at - first.at === period && isKnown(first) && isKnown(second))
      return windowOf(state, first, second, period);
  }
  return null;
}

/** The newest period that is known and at most 4 periods old. */
export function newestMinute(state: State, seen: Observation, now: number): Minute | null {
  const oldest = now - MAX_AGE_PERIODS * lasting(seen, 60);
  return state.minutes.findLast((minute) => isKnown(minute) && minute.at >= oldest) ?? null;
}

/** At least half of the workers in service reported. */
export function isKnown(minute: Minute): boolean {
  return minute.members > 0 && minute.reporting * 2 >= minute.members;
}

export function isSaturated(minute: Minute): boolean {
  return meanOf(minute) >= SATURATED_PERCENT;
}

/** Load of one known period; at saturation from the requests and the learned requests per CPU, where there are any. */
export function loadOf(state: State, minute: Minute): Load {
  const value = (meanOf(minute) / 100) * minute.members;
  if (!isSaturated(minute)) return { value, hidden: false, estimated: false };
  const ratio = learnedRatio(state);
  if (ratio === null || minute.requests === null) return { value, hidden: true, estimated: false };
  return { value: Math.max(value, minute.requests / ratio), hidden: true, estimated: true };
}

/** The most that the load of a known period can have been: workers whose point is missing count as full. */
export function highestLoadOf(state: State, minute: Minute): Load {
  const load = loadOf(state, minute);
  const ifMissingAreFull = minute.cpuSum / 100 + (minute.members - minute.reporting);
  return { ...load, value: Math.max(load.value, ifMissingAreFull) };
}

/**
 * The load that the reporting workers alone prove: missing points count as 0, and so do those of a worker's boot, which is no load. Taken from the newest two
 * periods with any point; null when there is none.
 */
export function provenLoad(seen: Observation, now: number): number | null {
  const period = lasting(seen, 60);
  const newest = Math.floor(now / period) * period - period;
  const sums = new Map<number, number>();
  for (const worker of seen.workers) {
    if (worker.state !== "in service" && worker.state !== "unhealthy") continue;
    for (const point of worker.cpu) {
      if (point.at > newest || point.at < now - MAX_AGE_PERIODS * period) continue;
      if (worker.inServiceAt === null || point.at < worker.inServiceAt) continue;
      sums.set(point.at, (sums.get(point.at) ?? 0) + point.percent / 100);
    }
  }
  const [second, first] = [...sums.keys()].sort((a, b) => b - a);
  if (first === undefined || second === undefined || second - first !== period) return null;
  return ((sums.get(first) ?? 0) + (sums.get(second) ?? 0)) / 2;
}

function windowOf(state: State, first: Minute, second: Minute, period: number): Window {
  const points = first.reporting + second.reporting;
  const of = first.members + second.members;
  const sum = first.cpuSum + second.cpuSum;
  const loads = [loadOf(state, first), loadOf(state, second)];
  return {
    from: first.at,
    to: second.at + period,
    meanPercent: sum / points,
    meanIfMissingAreFull: (sum + (of - points) * 100) / of,
    points,
    of,
    load: {
      value: loads.reduce((total, load) => total + load.value, 0) / 2,
      hidden: loads.some((load) => load.hidden),
      estimated: loads.some((load) => load.estimated),
    },
  };
}

function meanOf(minute: Minute): number {
  return minute.reporting === 0 ? 0 : minute.cpuSum / minute.reporting;
}

function cpuLoad(minute: Minute): number {
  return (meanOf(minute) / 100) * minute.members;
}

/** Requests a minute that load one worker to 100 %, as learned lately; null before a few minutes taught it. */
export function learnedRatio(state: State): number | null {
  if (state.requestsPerCpu.length < RATIOS_NEEDED) return null;
  const sorted = [...state.requestsPerCpu].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

function requestsOf(entry: BalancerPeriod): number | null {
  return entry.requests ?? (entry.healthyHosts === null ? null : 0);
}

function pointsOf(worker: SeenWorker, period: number): Map<number, number> {
  return new Map(worker.cpu.map((point) => [Math.floor(point.at / period) * period, point.percent]));
}

function instantsToRecord(seen: Observation, newest: number, period: number): ReadonlySet<number> {
  const instants = new Set<number>();
  for (let age = 0; age <= MAX_AGE_PERIODS; age += 1) instants.add(newest - age * period);
  for (const worker of seen.workers) {
    for (const point of worker.cpu) {
      const at = Math.floor(point.at / period) * period;
      if (at <= newest) instants.add(at);
    }
  }
  return instants;
}
