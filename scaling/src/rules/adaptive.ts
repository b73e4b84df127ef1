import { type Decided, type DecisionFacts, hold, resize } from "../decision.ts";
import { ceil, clamp } from "../numbers.ts";
import { awaitedWorkers, lasting, type Observation } from "../observation.ts";
import type { AdaptivePolicy } from "../policy.ts";
import { changeSize, type State } from "../policy-state.ts";
import type { Finding } from "../reasons/reason.ts";
import { FORECAST_PEAK_MINUTES, type Forecast, forecastAt, MANY_PAIRS, noteForecasts } from "./adaptive-forecast.ts";
import { type FreshLoad, freshLoad } from "./adaptive-fresh.ts";
import { measureMinutes } from "./adaptive-measure.ts";
import { type AdaptiveState, FIRST_MARGIN, initialAdaptiveState, LARGEST_MARGIN } from "./adaptive-state.ts";
import { awaitWorkers } from "./holding.ts";
import { freshMs, MAX_AGE_MINUTES } from "./minutes.ts";

export const REGRET_MINUTES = 60;
const QUIET_MINUTES = 60;
const PEAK_MINUTES = 4;
/** Hours that repeat foretell what comes back. */
const SEASON_PEAK_MINUTES = 5;
const QUIET_PEAK_MINUTES = 7;
const SHRINK_WAIT_MINUTES = 3;

const DEFAULT_BOOT_MINUTES = 1.5;
const SAME_LOAD = 0.15;
/**
 * So much more of the service level is left free of the load itself: with it the pool carries a step that nothing
 * foretold.
 */
const LOAD_MARGIN = 0.12;

/**
 * Learns how much the load rises within a boot time, and keeps room for all but `riskPercent` of it. At a constant load
 * it settles: a shrink leaves the forecast a margin below the service level, and every grow that regrets a shrink
 * doubles that margin.
 */
export function decideAdaptive(policy: AdaptivePolicy, seen: Observation, state: State, now: number): Decided {
  const before = adaptiveStateOf(state, seen, now);
  const measured = measureMinutes(before, state.minutes);
  const newest = measured.points.at(-1);
  const keep = (adaptive: AdaptiveState): State => ({ ...state, adaptive });
  const minute = lasting(seen, 60);
  const endOfData = newest === undefined ? null : (newest.period + 1) * minute;
  const noData = (adaptive: AdaptiveState): Decided => ({
    decision: hold(seen, { kind: "no-data", since: endOfData }, { measured: null, unit: "%" }),
    state: keep(adaptive),
  });
  if (newest === undefined || endOfData === null) return noData(measured);
  if (now - endOfData > lasting(seen, MAX_AGE_MINUTES * 60)) return noData(measured);

  const bootMs = measured.bootSeconds === null ? DEFAULT_BOOT_MINUTES * minute : measured.bootSeconds * 1000;
  const ahead = Math.ceil((now + bootMs) / minute) - newest.period;
  const risk = policy.riskPercent / 100;
  const from = before.points.at(-1)?.period ?? Number.NEGATIVE_INFINITY;
  // Points of some seconds show a burst in time: room for those that a clock may start would cost more than it saves.
  const clock = seen.periodSeconds * 1000 >= minute;
  const { adaptive: noted, forecast: byMinutes } = noteForecasts(measured, { from, ahead, risk, clock });
  if (byMinutes === null) throw new Error("A forecast needs at least one point.");
  const adaptive = forgetRegret(noted, newest.level);
  const fresh = freshLoad(adaptive, seen, now);
  const forecast = fresh === null ? byMinutes : freshened(byMinutes, fresh, adaptive, { now, bootMs, minute, risk });

  const wanted = ceil(forecast.forecast / (policy.serviceLevelPercent / 100));
  const facts = factsOf(state, adaptive, forecast, wanted);
  const check: Check = { policy, seen, state, now, adaptive, facts };
  if (clamp(wanted, seen) > seen.desired) return grow(check, forecast, wanted);
  // Old data may grow the pool, but never shrink it.
  if (now - endOfData > freshMs(state, seen)) return noData(adaptive);
  if (awaitedWorkers(seen) > 0) {
    return { decision: hold(seen, awaitWorkers(seen, now), facts), state: keep(adaptive) };
  }
  return shrinkOrHold(check, forecast, wanted);
}

/**
 * With the load of the newest seconds where that asks for more: it is nearer to the time foreseen, so that less room is
 * kept.
 */
function freshened(
  byMinutes: Forecast,
  fresh: FreshLoad,
  { points }: AdaptiveState,
  {
    now,
    bootMs,
    minute,
    risk,
  }: { readonly now: number; readonly bootMs: number; readonly minute: number; readonly risk: number },
): Forecast {
  if (fresh.load <= byMinutes.level) return byMinutes;
  const ahead = Math.max(1, Math.ceil((now + bootMs - fresh.until) / minute));
  const nearer = forecastAt(points, points.length - 1, { ahead, risk, clock: false });
  // Hours that repeat may foresee a fall, but not of a load that they did not foresee.
  const head = Math.max(0, nearer?.head ?? 0);
  if (nearer === null || fresh.load + head <= byMinutes.forecast) return byMinutes;
  return { ...nearer, level: fresh.load, risingHead: head, forecast: fresh.load + head };
}

interface Check {
  readonly policy: AdaptivePolicy;
  readonly seen: Observation;
  readonly state: State;
  readonly now: number;
  readonly adaptive: AdaptiveState;
  readonly facts: DecisionFacts;
}

function grow({ policy, seen, state, now, adaptive, facts }: Check, forecast: Forecast, wanted: number): Decided {
  const { pool, desired: size, max } = seen;
  const desired = Math.min(clamp(wanted, seen), Math.max(2 * size, size + 4));
  const { shrunk } = adaptive;
  // What comes each hour was foreseen when the pool shrank.
  const regrets =
    !forecast.bySeason &&
    shrunk !== null &&
    (now - shrunk.at <= lasting(seen, REGRET_MINUTES * 60) ||
      Math.abs(forecast.level - shrunk.level) <= SAME_LOAD * shrunk.level);
  const margin = regrets ? Math.min(LARGEST_MARGIN, 2 * adaptive.margin) : adaptive.margin;
  const next: AdaptiveState = {
    ...adaptive,
    shrunk: null,
    changedAt: now,
    margin,
    ...(regrets ? { regretLoad: forecast.level } : {}),
  };
  const decision = resize(
    {
      kind: "adaptive-grew",
      pool,
      from: size,
      to: desired,
      finding: findingOf(policy, seen, forecast, wanted),
      max,
      wanted,
      regretMarginPercent: regrets ? margin * 100 : null,
    },
    facts,
  );
  return { decision, state: changeSize({ ...state, adaptive: next }, size, desired, now) };
}

function shrinkOrHold(check: Check, forecast: Forecast, wanted: number): Decided {
  const { policy, seen, state, now, adaptive, facts } = check;
  const minute = lasting(seen, 60);
  const service = policy.serviceLevelPercent / 100;
  const quiet = now - adaptive.changedAt > QUIET_MINUTES * minute;
  const peakMinutes = forecast.bySeason ? SEASON_PEAK_MINUTES : quiet ? QUIET_PEAK_MINUTES : PEAK_MINUTES;
  const { peak, margin } = bindingPeak(adaptive, peakMinutes, forecast.bySeason);
  const room = service * (1 - margin);
  const { pool, desired: from, min, max } = seen;
  const to = clamp(Math.max(1, ceil(peak / room)), seen);
  const withinSeconds = (peakMinutes * minute) / 1000;
  const more: DecisionFacts = { ...facts, peak: { load: peak, minutes: peakMinutes } };
  const same = (reason: Parameters<typeof hold>[1]): Decided => ({
    decision: hold(seen, reason, more),
    state: { ...state, adaptive },
  });

  const finding = findingOf(policy, seen, forecast, wanted);
  if (to >= from) {
    if (wanted > from) return same({ kind: "at-maximum", max, wanted, finding });
    if (from <= Math.max(1, min)) return same({ kind: "at-minimum", min: from, finding });
    const shrinksBelow = (from - 1) * room;
    return same({ kind: "adaptive-unchanged", desired: from, finding, peak, withinSeconds, shrinksBelow });
  }
  const left = adaptive.changedAt + SHRINK_WAIT_MINUTES * minute - now;
  if (left > 0) return same({ kind: "cooling-down", secondsLeft: Math.ceil(left / 1000), change: null });
  if (!isComplete(adaptive, peakMinutes)) return same({ kind: "data-missing", withinSeconds });
  const next: AdaptiveState = { ...adaptive, shrunk: { at: now, level: forecast.level }, changedAt: now };
  const { serviceLevelPercent } = policy;
  const marginPercent = margin * 100;
  return {
    decision: resize(
      { kind: "adaptive-shrank", pool, from, to, peak, withinSeconds, serviceLevelPercent, marginPercent },
      more,
    ),
    state: changeSize({ ...state, adaptive: next }, from, to, now),
  };
}

/** A change by hand or by the limits counts as one, too. */
function adaptiveStateOf(state: State, seen: Observation, now: number): AdaptiveState {
  const minuteSeconds = lasting(seen, 60) / 1000;
  const stored = state.adaptive?.periodSeconds === minuteSeconds ? state.adaptive : undefined;
  const adaptive = stored ?? initialAdaptiveState(minuteSeconds, now);
  return {
    ...adaptive,
    bootSeconds: seen.bootSeconds ?? adaptive.bootSeconds,
    changedAt: Math.max(adaptive.changedAt, state.change?.at ?? Number.NEGATIVE_INFINITY),
  };
}

/** Another load is another matter. */
function forgetRegret(adaptive: AdaptiveState, level: number): AdaptiveState {
  const { regretLoad } = adaptive;
  if (regretLoad === null || Math.abs(level - regretLoad) <= Math.max(1, 0.25 * regretLoad)) return adaptive;
  return { ...adaptive, margin: FIRST_MARGIN, regretLoad: null };
}

/**
 * What decides about a shrink: the highest forecast of the lookback window, or its highest load, which leaves more
 * margin.
 */
function bindingPeak(
  adaptive: AdaptiveState,
  peakMinutes: number,
  bySeason: boolean,
): { readonly peak: number; readonly margin: number } {
  const newest = adaptive.points.at(-1)?.period ?? 0;
  let forecast = 0;
  let load = 0;
  for (const point of adaptive.points) {
    // The level lasts for minutes by itself: of the minutes before, the loads count.
    if (point.period > newest - FORECAST_PEAK_MINUTES)
      forecast = Math.max(forecast, point.base ?? point.level, point.forecast ?? point.level);
    // A lost point counts as a full worker in its own minute.
    if (point.period > newest - peakMinutes) load = Math.max(load, point.load + (point.lost ?? 0));
  }
  const { margin } = adaptive;
  // Hours that repeat foretell the steps.
  const loadMargin = margin + (bySeason ? 0 : LOAD_MARGIN);
  return load / (1 - loadMargin) > forecast / (1 - margin)
    ? { peak: load, margin: loadMargin }
    : { peak: forecast, margin };
}

/** Every period that a shrink looks at is known, since the first one: one without data could hide a peak. */
function isComplete(adaptive: AdaptiveState, peakMinutes: number): boolean {
  const newest = adaptive.points.at(-1)?.period ?? 0;
  const first = Math.max(adaptive.points[0]?.period ?? newest, newest - peakMinutes + 1);
  return adaptive.points.filter((point) => point.period >= first).length === newest - first + 1;
}

function findingOf(policy: AdaptivePolicy, seen: Observation, forecast: Forecast, needs: number): Finding {
  const { level, rise, head, risingHead, ahead, pairs, bySeason, byClock } = forecast;
  const minuteSeconds = lasting(seen, 60) / 1000;
  return {
    kind: "forecast",
    level,
    rise,
    head,
    risingHead,
    forecast: forecast.forecast,
    aheadSeconds: ahead * minuteSeconds,
    learnedSeconds: pairs * minuteSeconds,
    learnsForSeconds: MANY_PAIRS * minuteSeconds,
    riskPercent: policy.riskPercent,
    serviceLevelPercent: policy.serviceLevelPercent,
    needs,
    ...(bySeason ? { bySeason } : {}),
    ...(byClock ? { byClock } : {}),
  };
}

function factsOf(state: State, adaptive: AdaptiveState, forecast: Forecast, wanted: number): DecisionFacts {
  const minute = state.minutes.findLast((known) => known.reporting > 0);
  return {
    measured: minute === undefined ? null : minute.cpuSum / minute.reporting,
    unit: "%",
    load: forecast.level,
    loadEstimated: adaptive.points.at(-1)?.blind === true,
    wanted,
    ...(state.change === null ? {} : { lastChange: state.change }),
    adaptive: {
      level: forecast.level,
      rise: forecast.rise,
      head: forecast.risingHead,
      forecast: forecast.forecast,
      ahead: forecast.ahead,
      pairs: forecast.pairs,
      margin: adaptive.margin,
      regretLoad: adaptive.regretLoad,
    },
  };
}
