import { clamp, type Decided, type Facts, hold, resize, scaled } from "../decision.ts";
import type { BalancerPeriod, Observation } from "../observation.ts";
import type { RequestsPolicy } from "../policy.ts";
import { changeSize, type State, settledSince } from "../policy-state.ts";
import { holdingFor } from "./holding.ts";
import { MAX_AGE_PERIODS } from "./minutes.ts";
import { capital, checks, clock, duration, figure, workers } from "./words.ts";

const CONFIRM_CHECKS = 2;
const PEAK_PERIODS = 5;

/** One period of the balancer with the counts it leaves out filled in; see `BalancerPeriod`. */
interface Traffic {
  readonly at: number;
  readonly requests: number;
  readonly successes: number;
  /** Null without requests. */
  readonly responseMs: number | null;
}

/**
 * +1 when more than 200 requests succeeded in one minute, then a hold; -1 when the answers are fast and the requests of the last 5 minutes
 * stay below the grow figure, because all of them would fall on one worker less. A constant load is either above the figure, and grows to the maximum,
 * or below it, and shrinks to the minimum: it cannot do both.
 */
export function decideRequests(policy: RequestsPolicy, seen: Observation, state: State, now: number): Decided {
  const settledAt = settledSince(state, seen);
  const recent = recentTraffic(seen, now);
  const newest = recent.at(-1);
  const limit = policy.growAboveRequestsPerMinute;
  // The figure is written per minute, the data come per period.
  const perMinute = (count: number): number => (count * 60) / seen.periodSeconds;
  const facts: Omit<Facts, "outcome"> = {
    measured: newest === undefined ? null : perMinute(newest.successes),
    unit: "requests/min",
    growAbove: limit,
    responseMs: newest?.responseMs ?? null,
    ...(state.change === null ? {} : { lastChange: state.change }),
  };
  const same = (reason: string, more: Facts, next: State = startAgain(state)): Decided => ({
    decision: hold(seen, reason, { ...facts, ...more }),
    state: next,
  });

  if (settledAt === null) return same(holdingFor(seen, now), { outcome: "holding" });
  if (newest === undefined) {
    const last = seen.balancer.findLast((entry) => entry.healthyHosts !== null || entry.requests !== null);
    const since = last === undefined ? "" : ` since ${clock(last.at + seen.periodSeconds * 1000, seen.timeZone)}`;
    return same(`No data${since}. Nothing grows or shrinks until it is back.`, { outcome: "no data" });
  }
  const heldUntil = (state.grewAt ?? Number.NEGATIVE_INFINITY) + scaled(seen, policy.growHoldSeconds);
  if (now < heldUntil) {
    const reason = `Holding: ${duration(heldUntil - now)} left after growing to ${seen.desired}.`;
    return same(reason, { outcome: "holding", secondsLeft: Math.ceil((heldUntil - now) / 1000) });
  }
  if (newest.at < settledAt) {
    return same("Holding: the last full minute must lie after the last change.", { outcome: "holding" });
  }

  const successes = perMinute(newest.successes);
  if (successes > limit) {
    const why = `${figure(successes)} successful requests a minute are more than ${figure(limit)}`;
    const desired = clamp(seen.desired + 1, seen);
    if (desired <= seen.desired) {
      return same(`At the maximum of ${seen.max}; the rule wants ${seen.desired + 1}. ${capital(why)}.`, {
        outcome: "at the limit",
      });
    }
    const held = `Then nothing changes for ${duration(scaled(seen, policy.growHoldSeconds))}`;
    const decision = resize(seen, desired, `: ${why}. ${held}, maximum ${seen.max}.`, facts);
    return { decision, state: { ...changeSize(state, seen.desired, desired, now), grewAt: now } };
  }

  const fast = newest.responseMs === null || newest.responseMs < policy.shrinkBelowResponseMs;
  const speed =
    newest.responseMs === null
      ? "there were no requests"
      : `the mean response time of ${milliseconds(newest.responseMs)} is below ${milliseconds(policy.shrinkBelowResponseMs)}`;
  if (!fast) {
    const slow = `the mean response time of ${milliseconds(newest.responseMs ?? 0)} is not below ${milliseconds(policy.shrinkBelowResponseMs)}`;
    return same(
      `No change: ${figure(successes)} successful requests a minute, grows above ${figure(limit)}; ${slow}.`,
      { outcome: "no change" },
    );
  }
  if (seen.desired <= Math.max(1, seen.min)) {
    return same(`At the minimum of ${Math.max(1, seen.min)}. ${capital(speed)}.`, { outcome: "at the limit" });
  }
  const peak = perMinute(Math.max(...recent.map((period) => period.requests)));
  if (peak >= limit) {
    const reason = `Shrink refused: ${figure(peak)} requests a minute within the last 5 would fall on ${workers(seen.desired - 1)}, the limit is ${figure(limit)}.`;
    return same(reason, { outcome: "shrink refused" });
  }
  const low =
    state.low.dataUntil !== null && newest.at <= state.low.dataUntil
      ? state.low
      : { checks: state.low.checks + 1, dataUntil: newest.at };
  const counted = { have: Math.min(low.checks, CONFIRM_CHECKS), need: CONFIRM_CHECKS };
  if (counted.have < counted.need) {
    const reason = `Would shrink: ${speed}, check ${counted.have} of ${counted.need}.`;
    return same(reason, { outcome: "would shrink", checks: counted }, { ...state, low });
  }
  const why = `${speed}, ${checks(CONFIRM_CHECKS)} in a row. ${figure(peak)} requests a minute would fall on ${workers(seen.desired - 1)} (limit ${figure(limit)}).`;
  const desired = seen.desired - 1;
  return {
    decision: resize(seen, desired, `: ${why}`, { ...facts, peak: { load: peak, minutes: PEAK_PERIODS } }),
    state: changeSize(state, seen.desired, desired, now),
  };
}

/** The known periods of the last 5, none older than 4 periods at the newest; empty when the newest are missing. */
function recentTraffic(seen: Observation, now: number): readonly Traffic[] {
  const period = seen.periodSeconds * 1000;
  const traffic = seen.balancer
    .filter((entry) => entry.at + period <= now)
    .sort((a, b) => a.at - b.at)
    .flatMap((entry) => trafficOf(entry) ?? []);
  const newest = traffic.at(-1);
  if (newest === undefined || newest.at < now - MAX_AGE_PERIODS * period) return [];
  return traffic.filter((entry) => entry.at > newest.at - PEAK_PERIODS * period);
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

function startAgain(state: State): State {
  return { ...state, low: { checks: 0, dataUntil: null } };
}

function milliseconds(value: number): string {
  return `${figure(value)}\u00a0ms`;
}
