import { type Decided, type DecisionFacts, hold, resize } from "../decision.ts";
import { clamp } from "../numbers.ts";
import { type BalancerPeriod, lasting, type Observation } from "../observation.ts";
import type { RequestsPolicy } from "../policy.ts";
import { changeSize, type State, settledSince, withoutLowChecks } from "../policy-state.ts";
import type { Finding } from "../reasons/reason.ts";
import { awaitWorkers } from "./holding.ts";

export const CONFIRM_CHECKS = 2;
export const PEAK_MINUTES = 5;
const MAX_AGE_MINUTES = 4;
/**
 * Where periods are seconds, the newest of them say sooner than a minute that the pool must grow, and so many are not
 * one odd period.
 */
const NEWEST_SECONDS = 20;

/** One period of the balancer with the counts it leaves out filled in; see `BalancerPeriod`. */
interface Traffic {
  readonly at: number;
  readonly requests: number;
  readonly successes: number;
  /** Null without requests. */
  readonly responseMs: number | null;
}

/**
 * +1 when more than 200 requests succeeded in one minute, then a hold; -1 when the answers are fast and the requests of
 * the last 5 minutes stay below the grow figure, because all of them would fall on one worker less. A constant load is
 * either above the figure, and grows to the maximum, or below it, and shrinks to the minimum: it cannot do both.
 */
export function decideRequests(policy: RequestsPolicy, seen: Observation, state: State, now: number): Decided {
  const settledAt = settledSince(state, seen);
  const recent = recentTraffic(seen, now);
  const newest = meanOf(recent, seen, NEWEST_SECONDS);
  const limit = policy.growAboveRequestsPerMinute;
  // The figure is written per minute, the data come per period.
  const perMinute = (count: number): number => (count * lasting(seen, 60)) / (seen.periodSeconds * 1000);
  const facts: DecisionFacts = {
    measured: newest === undefined ? null : perMinute(newest.successes),
    unit: "requests/min",
    growAbove: limit,
    responseMs: newest?.responseMs ?? null,
    ...(state.change === null ? {} : { lastChange: state.change }),
  };
  const same = (reason: Parameters<typeof hold>[1], next: State = withoutLowChecks(state)): Decided => ({
    decision: hold(seen, reason, facts),
    state: next,
  });

  if (settledAt === null) return same(awaitWorkers(seen, now));
  if (newest === undefined) {
    const last = seen.balancer.findLast((entry) => entry.healthyHosts !== null || entry.requests !== null);
    return same({ kind: "no-data", since: last === undefined ? null : last.at + seen.periodSeconds * 1000 });
  }
  const heldUntil = (state.grewAt ?? Number.NEGATIVE_INFINITY) + lasting(seen, policy.growHoldSeconds);
  if (now < heldUntil) {
    const secondsLeft = Math.ceil((heldUntil - now) / 1000);
    return same({ kind: "held-after-grow", desired: seen.desired, secondsLeft });
  }
  if (newest.at < settledAt) return same({ kind: "data-awaited", minutes: 1, secondsLeft: null });

  const { pool, desired: from, max } = seen;
  const newestMinute = meanOf(recent, seen, 60) ?? newest;
  const successes = perMinute(newest.successes);
  if (successes > limit) {
    const finding: Finding = { kind: "requests-above", perMinute: successes, limit };
    const to = clamp(from + 1, seen);
    if (to <= from) return same({ kind: "at-maximum", max, wanted: from + 1, finding });
    const holdSeconds = lasting(seen, policy.growHoldSeconds) / 1000;
    return {
      decision: resize({ kind: "requests-grew", pool, from, to, finding, holdSeconds, max }, facts),
      state: { ...changeSize(state, from, to, now), grewAt: now },
    };
  }

  const { responseMs } = newestMinute;
  const limitMs = policy.shrinkBelowResponseMs;
  if (responseMs !== null && responseMs >= limitMs) {
    return same({ kind: "requests-slow", perMinute: successes, limit, responseMs, limitMs });
  }
  const finding: Finding = { kind: "fast-answers", responseMs, limitMs };
  const least = Math.max(1, seen.min);
  if (from <= least) return same({ kind: "at-minimum", min: least, finding });
  const to = from - 1;
  const peakPerMinute = highestMinute(recent, seen);
  if (peakPerMinute >= limit) {
    const withinSeconds = lasting(seen, PEAK_MINUTES * 60) / 1000;
    return same({ kind: "requests-too-many", peakPerMinute, withinSeconds, workers: to, limit });
  }
  // However often the pool is checked, confirmation takes minutes.
  const low =
    state.low.dataUntil !== null && newest.at < state.low.dataUntil + lasting(seen, 60)
      ? state.low
      : { checks: state.low.checks + 1, dataUntil: newest.at };
  if (low.checks < CONFIRM_CHECKS) {
    return same({ kind: "would-shrink", finding, have: low.checks, need: CONFIRM_CHECKS }, { ...state, low });
  }
  return {
    decision: resize(
      { kind: "requests-shrank", pool, from, to, finding, checks: CONFIRM_CHECKS, peakPerMinute, limit },
      { ...facts, peak: { load: peakPerMinute, minutes: PEAK_MINUTES } },
    ),
    state: changeSize(state, from, to, now),
  };
}

/** The known periods of the last 5 minutes, empty when the newest is older than 4 minutes. */
function recentTraffic(seen: Observation, now: number): readonly Traffic[] {
  const period = seen.periodSeconds * 1000;
  const traffic = seen.balancer
    .filter((entry) => entry.at + period <= now)
    .sort((a, b) => a.at - b.at)
    .flatMap((entry) => trafficOf(entry) ?? []);
  const newest = traffic.at(-1);
  if (newest === undefined || now - (newest.at + period) > lasting(seen, MAX_AGE_MINUTES * 60)) return [];
  return traffic.filter((entry) => entry.at > newest.at - lasting(seen, PEAK_MINUTES * 60));
}

/**
 * The mean of the periods of so long up to the newest; where a period is as long, the newest itself. Its instant is the
 * first one's.
 */
function meanOf(recent: readonly Traffic[], seen: Observation, seconds: number): Traffic | undefined {
  const newest = recent.at(-1);
  const period = seen.periodSeconds * 1000;
  if (newest === undefined || lasting(seen, seconds) <= period) return newest;
  const own = recent.filter(({ at }) => at >= newest.at + period - lasting(seen, seconds));
  const mean = (of: (traffic: Traffic) => number): number => own.reduce((sum, each) => sum + of(each), 0) / own.length;
  const answered = own.filter(({ responseMs }) => responseMs !== null);
  const requests = answered.reduce((sum, each) => sum + each.requests, 0);
  const totalMs = answered.reduce((sum, each) => sum + (each.responseMs ?? 0) * each.requests, 0);
  return {
    at: own[0]?.at ?? newest.at,
    requests: mean((each) => each.requests),
    successes: mean((each) => each.successes),
    responseMs: requests === 0 ? null : totalMs / requests,
  };
}

/** The most requests in a minute, of minutes or of the parts that are known. */
function highestMinute(recent: readonly Traffic[], seen: Observation): number {
  const minute = lasting(seen, 60);
  const byMinute = new Map<number, number[]>();
  for (const { at, requests } of recent) {
    const begin = Math.floor(at / minute) * minute;
    byMinute.set(begin, [...(byMinute.get(begin) ?? []), requests]);
  }
  const perPeriod = [...byMinute.values()].map(
    (counts) => counts.reduce((sum, count) => sum + count, 0) / counts.length,
  );
  return (Math.max(...perPeriod) * minute) / (seen.periodSeconds * 1000);
}

function trafficOf(entry: BalancerPeriod): Traffic | undefined {
  const known = entry.requests !== null || entry.healthyHosts !== null;
  if (!known) return undefined;
  return {
    at: entry.at,
    requests: entry.requests ?? 0,
    successes: entry.successes ?? 0,
    responseMs: entry.responseSeconds === null ? null : entry.responseSeconds * 1000,
  };
}
