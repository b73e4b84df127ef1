import { type BalancerPeriod, lasting, type Observation, type SeenWorker } from "../observation.ts";
import type { Minute, State } from "../policy-state.ts";

/** A mean of at least this many percent says only that the workers are full: the load above it is hidden. */
const SATURATED_PERCENT = 95;
/** No decision at all on data whose end is older. */
export const MAX_AGE_MINUTES = 10;
/** Data are fresh while they are not older than the metrics usually are, and two minutes. */
const FRESH_MINUTES = 2;
const MAX_DELAY_MINUTES = 7;
/** The largest of the latest delays counts. */
const KEPT_DELAYS = 5;
/** A lost point is taken from its neighbours when they are so near. */
const GAP_MINUTES = 3;
/** The members of so many minutes are noted before their metrics come. */
const MEMBERS_MINUTES = 4;
/** Minutes whose mean decides. */
export const WINDOW_MINUTES = 2;
/** Longest peak window (30) and some room for late data. */
const KEPT_MINUTES = 40;
export const LEARN_FROM_PERCENT = 20;
export const LEARN_TO_PERCENT = 90;
const LEARNED_RATIOS = 31;
const RATIOS_NEEDED = 3;
const NO_POINTS: ReadonlyMap<number, number> = new Map();

/** The last two complete periods with data from at least half of the workers that were in service. */
export interface Window {
  readonly from: number;
  readonly to: number;
  readonly meanPercent: number;
  /** Not older than the metrics usually are; only then it may shrink the pool. */
  readonly isFresh: boolean;
  /** The mean with every missing point of a living worker counted as a full worker: what a shrink must be judged by. */
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

/**
 * Takes the points of this observation into the state: later data of a minute replaces earlier, a worker that left is
 * not lost. A point that is missing between two others of its worker counts as the higher of them; any other missing
 * point of a living worker may hide a full one (`silent`).
 */
export function recordMinutes(state: State, seen: Observation, now: number): State {
  const minute = lasting(seen, 60);
  const newest = Math.floor(now / minute) * minute - minute;
  const serving = seen.workers.filter((worker) => worker.state === "in service" && worker.inServiceAt !== null);
  const draining = seen.workers.filter((worker) => worker.state === "draining" && worker.inServiceAt !== null);
  const pointsById = new Map([...serving, ...draining].map((worker) => [worker.id, minutesOfPoints(worker, seen)]));
  const requests = requestsByMinute(seen);
  const minutes = new Map(state.minutes.map((known) => [known.at, known]));

  for (const at of instantsToRecord(pointsById.values(), newest, minute)) {
    const served = (worker: SeenWorker): boolean => (worker.inServiceAt ?? Number.POSITIVE_INFINITY) <= at;
    const pointOf = ({ id }: SeenWorker): number | undefined => {
      const points = pointsById.get(id) ?? NO_POINTS;
      return points.get(at) ?? betweenPoints(points, at, minute);
    };
    const members = serving.filter(served);
    const points = members.flatMap((worker) => pointOf(worker) ?? []);
    const before = minutes.get(at);
    const left = Math.max(0, (before?.members ?? 0) - members.length);
    // Metrics come late, and the last minutes before a shrink must not be lost. Which of the draining served then is
    // not known: the busiest come first.
    const leavers = draining.filter(served).flatMap((worker) => pointOf(worker) ?? []);
    points.push(...leavers.sort((a, b) => b - a).slice(0, left));
    const requestsNow = requests.get(at) ?? before?.requests ?? null;
    const silent = Math.max(0, members.length - points.length);
    // A worker that left takes its points along: then what was recorded while it was there is the better measure.
    if (
      before !== undefined &&
      (before.reporting > points.length || (left > 0 && before.reporting === points.length))
    ) {
      const missing = before.members - before.reporting;
      minutes.set(at, { ...before, requests: requestsNow, silent: Math.min(silent, missing) });
    } else if (members.length + left > 0) {
      const cpuSum = points.reduce((sum, percent) => sum + percent, 0);
      const reporting = points.length;
      minutes.set(at, { at, members: members.length + left, reporting, cpuSum, requests: requestsNow, silent });
    }
  }
  const kept = [...minutes.values()]
    .filter((known) => known.at > newest - KEPT_MINUTES * minute && known.at <= newest)
    .sort((a, b) => a.at - b.at);
  return noteDelay({ ...state, minutes: kept }, now, minute);
}

/** Measures how late the metrics come: the age of the end of the newest minute when it is first seen. */
function noteDelay(state: State, now: number, minute: number): State {
  const newest = state.minutes.findLast((known) => known.reporting > 0);
  if (newest === undefined || newest.at + minute <= (state.data?.until ?? Number.NEGATIVE_INFINITY)) return state;
  const until = newest.at + minute;
  const delaysMs = [...(state.data?.delaysMs ?? []), Math.min(now - until, MAX_DELAY_MINUTES * minute)];
  return { ...state, data: { until, delaysMs: delaysMs.slice(-KEPT_DELAYS) } };
}

/** Data whose end is older than this are old: they may grow the pool, but never shrink it. */
export function freshMs(state: State, seen: Observation): number {
  return Math.max(0, ...(state.data?.delaysMs ?? [])) + lasting(seen, FRESH_MINUTES * 60);
}

/** The higher of the nearest points before and after, where both are near. */
function betweenPoints(points: ReadonlyMap<number, number>, at: number, minute: number): number | undefined {
  const nearest = (step: number): number | undefined => {
    for (let distance = 1; distance <= GAP_MINUTES; distance += 1) {
      const point = points.get(at + step * distance * minute);
      if (point !== undefined) return point;
    }
    return undefined;
  };
  const [before, after] = [nearest(-1), nearest(1)];
  return before === undefined || after === undefined ? undefined : Math.max(before, after);
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

/** The newest window, or null when no two minutes in a row are known whose end is at most 10 minutes old. */
export function findWindow(state: State, seen: Observation, now: number): Window | null {
  const minute = lasting(seen, 60);
  for (let index = state.minutes.length - 1; index > 0; index -= 1) {
    const second = state.minutes[index];
    const first = state.minutes[index - 1];
    if (first === undefined || second === undefined || isTooOld(second, seen, now)) return null;
    if (second.at - first.at === minute && isKnown(first) && isKnown(second)) {
      const isFresh = now - (second.at + minute) <= freshMs(state, seen);
      return { ...windowOf(state, first, second, minute), isFresh };
    }
  }
  return null;
}

/** The newest minute that is known and not too old. */
export function newestMinute(state: State, seen: Observation, now: number): Minute | null {
  return state.minutes.findLast((known) => isKnown(known) && !isTooOld(known, seen, now)) ?? null;
}

function isTooOld({ at }: { readonly at: number }, seen: Observation, now: number): boolean {
  return now - (at + lasting(seen, 60)) > lasting(seen, MAX_AGE_MINUTES * 60);
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

/** The most that the load of a known minute can have been: living workers whose point is missing count as full. */
export function highestLoadOf(state: State, minute: Minute): Load {
  const load = loadOf(state, minute);
  const mean = meanOf(minute) / 100;
  // A worker that died or left carries what the others did.
  const gone = minute.members - minute.reporting - silentOf(minute);
  return { ...load, value: Math.max(load.value, minute.cpuSum / 100 + silentOf(minute) + gone * mean) };
}

/** Living members of a minute without a point. */
export function silentOf(minute: Minute): number {
  return minute.silent ?? minute.members - minute.reporting;
}

/**
 * The load that the reporting workers alone prove: missing points count as 0, and so do those of a worker's boot, which
 * is no load. Taken from the newest two minutes with any point; null when there is none.
 */
export function provenLoad(seen: Observation, now: number): number | null {
  const minute = lasting(seen, 60);
  const newest = Math.floor(now / minute) * minute - minute;
  const sums = new Map<number, number>();
  for (const worker of seen.workers) {
    if (worker.state !== "in service" && worker.state !== "unhealthy") continue;
    for (const [at, percent] of minutesOfPoints(worker, seen)) {
      if (at > newest || isTooOld({ at }, seen, now)) continue;
      if (worker.inServiceAt === null || at < worker.inServiceAt) continue;
      sums.set(at, (sums.get(at) ?? 0) + percent / 100);
    }
  }
  const [second, first] = [...sums.keys()].sort((a, b) => b - a);
  if (first === undefined || second === undefined || second - first !== minute) return null;
  return ((sums.get(first) ?? 0) + (sums.get(second) ?? 0)) / 2;
}

function windowOf(state: State, first: Minute, second: Minute, period: number): Omit<Window, "isFresh"> {
  const points = first.reporting + second.reporting;
  const of = first.members + second.members;
  const sum = first.cpuSum + second.cpuSum;
  const silent = silentOf(first) + silentOf(second);
  const loads = [loadOf(state, first), loadOf(state, second)];
  return {
    from: first.at,
    to: second.at + period,
    meanPercent: sum / points,
    meanIfMissingAreFull: (sum + silent * 100) / (points + silent),
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

/** Requests of each minute; of a minute that is known in part as many as in the known part. */
function requestsByMinute(seen: Observation): ReadonlyMap<number, number> {
  const known = seen.balancer.flatMap((entry) => {
    const requests = requestsOf(entry);
    return requests === null ? [] : [{ at: entry.at, value: requests }];
  });
  const parts = partsOfMinute(seen);
  return new Map([...meansByMinute(known, ({ value }) => value, seen)].map(([at, mean]) => [at, mean * parts]));
}

/** Mean CPU of each minute of which at least half is known. */
function minutesOfPoints(worker: SeenWorker, seen: Observation): ReadonlyMap<number, number> {
  return meansByMinute(worker.cpu, ({ percent }) => percent, seen);
}

function meansByMinute<Point extends { readonly at: number }>(
  points: readonly Point[],
  measure: (point: Point) => number,
  seen: Observation,
): ReadonlyMap<number, number> {
  const minute = lasting(seen, 60);
  // Made for each worker at each check: no object for a point.
  const means = new Map<number, number>();
  const counts = new Map<number, number>();
  for (const point of points) {
    const begin = Math.floor(point.at / minute) * minute;
    means.set(begin, (means.get(begin) ?? 0) + measure(point));
    counts.set(begin, (counts.get(begin) ?? 0) + 1);
  }
  const parts = partsOfMinute(seen);
  for (const [at, count] of counts) {
    if (count * 2 >= parts) means.set(at, (means.get(at) ?? 0) / count);
    else means.delete(at);
  }
  return means;
}

/** Metric periods in a minute. */
function partsOfMinute(seen: Observation): number {
  return Math.max(1, Math.round(lasting(seen, 60) / (seen.periodSeconds * 1000)));
}

function instantsToRecord(
  points: Iterable<ReadonlyMap<number, number>>,
  newest: number,
  minute: number,
): ReadonlySet<number> {
  const instants = new Set<number>();
  for (let age = 0; age <= MEMBERS_MINUTES; age += 1) instants.add(newest - age * minute);
  for (const known of points) for (const at of known.keys()) if (at <= newest) instants.add(at);
  return instants;
}
