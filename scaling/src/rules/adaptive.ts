import { ceil, clamp, type Decided, type Facts, hold, resize } from "../decision.ts";
import { awaitedWorkers, type Observation } from "../observation.ts";
import type { AdaptivePolicy } from "../policy.ts";
import { changeSize, type State } from "../policy-state.ts";
import { type Forecast, forecastAt, MANY_PAIRS, noteForecasts } from "./adaptive-forecast.ts";
import { measureMinutes } from "./adaptive-measure.ts";
import { type AdaptiveMemory, FIRST_MARGIN, initialMemory, LARGEST_MARGIN } from "./adaptive-state.ts";
import { holdingFor } from "./holding.ts";
import { clock, duration, fine, percent } from "./words.ts";

/** All in metric periods, which are minutes by default. */
const MAX_AGE_PERIODS = 3;
const REGRET_PERIODS = 60;
const QUIET_PERIODS = 60;
const PEAK_PERIODS = 10;
const QUIET_PEAK_PERIODS = 30;
const RISING_PEAK_PERIODS = 6;
const SHRINK_WAIT_PERIODS = 5;

const DEFAULT_BOOT_PERIODS = 1.5;
const SAME_LOAD = 0.15;
const QUIET_MARGIN = 0.12;

/**
 * Learns how much the load rises within a boot time, and keeps room for all but `riskPercent` of it. At a constant load it settles: a shrink
 * leaves the forecast a margin below the service level, and every grow that regrets a shrink doubles that margin.
 */
export function decideAdaptive(policy: AdaptivePolicy, seen: Observation, state: State, now: number): Decided {
  const before = rememberedOf(state, seen, now);
  const measured = measureMinutes(before, state.minutes);
  const newest = measured.points.at(-1);
  const keep = (memory: AdaptiveMemory): State => ({ ...state, adaptive: memory });
  if (
    newest === undefined ||
    now - (newest.period + 1) * seen.periodSeconds * 1000 > MAX_AGE_PERIODS * seen.periodSeconds * 1000
  ) {
    const since =
      newest === undefined ? "" : ` since ${clock((newest.period + 1) * seen.periodSeconds * 1000, seen.timeZone)}`;
    const reason = `No data${since}. Nothing grows or shrinks until it is back.`;
    return { decision: hold(seen, reason, { outcome: "no data", measured: null, unit: "%" }), state: keep(measured) };
  }

  const bootSeconds = measured.bootSeconds ?? DEFAULT_BOOT_PERIODS * seen.periodSeconds;
  const ahead = Math.ceil((now / 1000 + bootSeconds) / seen.periodSeconds) - newest.period;
  const risk = policy.riskPercent / 100;
  const from = before.points.at(-1)?.period ?? Number.NEGATIVE_INFINITY;
  const memory = forgetRegret(noteForecasts(measured, { from, ahead, risk }), newest.level);
  const forecast = forecastAt(memory.points, memory.points.length - 1, ahead, risk);
  if (forecast === null) throw new Error("A forecast needs at least one point.");

  const wanted = ceil(forecast.forecast / (policy.serviceLevelPercent / 100));
  const facts = factsOf(state, memory, forecast, wanted);
  if (clamp(wanted, seen) > seen.desired) return grow({ policy, seen, state, now, memory, facts }, forecast, wanted);
  if (awaitedWorkers(seen) > 0) {
    return { decision: hold(seen, holdingFor(seen, now), { outcome: "holding", ...facts }), state: keep(memory) };
  }
  return shrinkOrHold({ policy, seen, state, now, memory, facts }, forecast, wanted);
}

interface Check {
  readonly policy: AdaptivePolicy;
  readonly seen: Observation;
  readonly state: State;
  readonly now: number;
  readonly memory: AdaptiveMemory;
  readonly facts: Omit<Facts, "outcome">;
}

function grow({ policy, seen, state, now, memory, facts }: Check, forecast: Forecast, wanted: number): Decided {
  const size = seen.desired;
  const desired = Math.min(clamp(wanted, seen), Math.max(2 * size, size + 4));
  const { shrunk } = memory;
  const regrets =
    shrunk !== null &&
    (now - shrunk.at <= REGRET_PERIODS * seen.periodSeconds * 1000 ||
      Math.abs(forecast.level - shrunk.level) <= SAME_LOAD * shrunk.level);
  const margin = regrets ? Math.min(LARGEST_MARGIN, 2 * memory.margin) : memory.margin;
  const next: AdaptiveMemory = {
    ...memory,
    shrunk: null,
    changedAt: now,
    margin,
    ...(regrets ? { regretLoad: forecast.level } : {}),
  };
  const level = percent(policy.serviceLevelPercent);
  const regret = regrets ? ` The last shrink came too early: the next one leaves ${percent(margin * 100)} margin.` : "";
  const limits = desired === wanted ? "" : ` Now ${desired}, maximum ${seen.max}.`;
  const why = `: ${roomWords(policy, forecast, seen.periodSeconds * 1000)}; ${fine(forecast.forecast)} needs ${wanted} at ${level}.${limits}${regret}`;
  return {
    decision: resize(seen, desired, why, facts),
    state: changeSize({ ...state, adaptive: next }, size, desired, now),
  };
}

function shrinkOrHold(check: Check, forecast: Forecast, wanted: number): Decided {
  const { policy, seen, state, now, memory, facts } = check;
  const period = seen.periodSeconds * 1000;
  const service = policy.serviceLevelPercent / 100;
  const quiet = now - memory.changedAt > QUIET_PERIODS * period;
  const peakPeriods = quiet ? QUIET_PEAK_PERIODS : PEAK_PERIODS;
  const margin = memory.margin + (quiet ? QUIET_MARGIN : 0);
  const top = highestForecast(memory, peakPeriods);
  const room = service * (1 - margin);
  const desired = clamp(Math.max(1, ceil(top / room)), seen);
  const span = duration(peakPeriods * period);
  const at = `${percent(policy.serviceLevelPercent)} less ${percent(margin * 100)} margin`;
  const more: Omit<Facts, "outcome"> = {
    ...facts,
    peak: { load: top, minutes: (peakPeriods * seen.periodSeconds) / 60 },
  };
  const same = (reason: string, outcome: Facts["outcome"], left?: number): Decided => ({
    decision: hold(seen, reason, { ...more, outcome, ...(left === undefined ? {} : { secondsLeft: left }) }),
    state: { ...state, adaptive: memory },
  });

  const foreseen = `forecast ${fine(forecast.forecast)} (load ${fine(forecast.level)} + ${fine(forecast.risingHead)})`;
  if (desired >= seen.desired) {
    if (wanted > seen.desired)
      return same(`At the maximum of ${seen.max}; the rule wants ${wanted}: ${foreseen}.`, "at the limit");
    if (seen.desired <= Math.max(1, seen.min))
      return same(`At the minimum of ${seen.desired}: ${foreseen}.`, "at the limit");
    const limit = fine((seen.desired - 1) * room);
    return same(
      `No change at ${seen.desired}: ${foreseen}; to shrink, the ${span} peak ${fine(top)} must fall below ${limit}.`,
      "no change",
    );
  }
  const fits = `highest forecast of ${span} ${fine(top)} fits ${desired} at ${at}`;
  const left = memory.changedAt + SHRINK_WAIT_PERIODS * period - now;
  if (left > 0)
    return same(
      `Cooling down: ${fits}, ${duration(left)} left after the last change.`,
      "cooling down",
      Math.ceil(left / 1000),
    );
  if (!isComplete(state, memory, peakPeriods))
    return same(`Shrink refused: data of the last ${span} are missing.`, "no data");
  const next: AdaptiveMemory = { ...memory, shrunk: { at: now, level: forecast.level }, changedAt: now };
  return {
    decision: resize(seen, desired, `: ${fits}.`, more),
    state: changeSize({ ...state, adaptive: next }, seen.desired, desired, now),
  };
}

/** A change by hand or by the limits counts as one, too. */
function rememberedOf(state: State, seen: Observation, now: number): AdaptiveMemory {
  const stored = state.adaptive?.periodSeconds === seen.periodSeconds ? state.adaptive : undefined;
  const memory = stored ?? initialMemory(seen.periodSeconds, now);
  return {
    ...memory,
    bootSeconds: seen.bootSeconds ?? memory.bootSeconds,
    changedAt: Math.max(memory.changedAt, state.change?.at ?? Number.NEGATIVE_INFINITY),
  };
}

/** Another load is another matter. */
function forgetRegret(memory: AdaptiveMemory, level: number): AdaptiveMemory {
  const { regretLoad } = memory;
  if (regretLoad === null || Math.abs(level - regretLoad) <= Math.max(1, 0.25 * regretLoad)) return memory;
  return { ...memory, margin: FIRST_MARGIN, regretLoad: null };
}

function highestForecast(memory: AdaptiveMemory, peakPeriods: number): number {
  const newest = memory.points.at(-1)?.period ?? 0;
  return memory.points.reduce((top, point) => {
    const base = point.period > newest - peakPeriods ? (point.base ?? point.level) : 0;
    const forecast = point.period > newest - RISING_PEAK_PERIODS ? (point.forecast ?? point.level) : 0;
    return Math.max(top, base, forecast);
  }, 0);
}

/** Every worker reported in every period that a shrink looks at, since the first one known: a lost point could hide a peak. */
function isComplete(state: State, memory: AdaptiveMemory, peakPeriods: number): boolean {
  const newest = memory.points.at(-1)?.period ?? 0;
  const first = Math.max(memory.points[0]?.period ?? newest, newest - peakPeriods + 1);
  const minutes = state.minutes.filter((minute) => {
    const period = Math.round(minute.at / (memory.periodSeconds * 1000));
    return period >= first && period <= newest;
  });
  const known = memory.points.filter((point) => point.period >= first).length;
  return known === newest - first + 1 && minutes.every((minute) => minute.reporting === minute.members);
}

function roomWords(
  policy: AdaptivePolicy,
  { level, head, risingHead, rise, ahead, pairs }: Forecast,
  periodMs: number,
): string {
  const load = `load ${fine(level)}`;
  const span = duration(ahead * periodMs);
  const learned = duration(pairs * periodMs);
  if (risingHead > head) return `${load} rises by ${fine(rise)} and may rise by ${fine(risingHead)} in ${span}`;
  if (pairs < MANY_PAIRS) {
    return `${load} plus ${fine(head)} of room while the rule learns (${learned} of ${duration(MANY_PAIRS * periodMs)})`;
  }
  return `${load}, ${percent(100 - policy.riskPercent)} of the last ${learned} rose less than ${fine(head)} in ${span}`;
}

function factsOf(state: State, memory: AdaptiveMemory, forecast: Forecast, wanted: number): Omit<Facts, "outcome"> {
  const minute = state.minutes.findLast((known) => known.reporting > 0);
  return {
    measured: minute === undefined ? null : minute.cpuSum / minute.reporting,
    unit: "%",
    load: forecast.level,
    loadEstimated: memory.points.at(-1)?.blind === true,
    wanted,
    ...(state.change === null ? {} : { lastChange: state.change }),
    adaptive: {
      level: forecast.level,
      rise: forecast.rise,
      head: forecast.risingHead,
      forecast: forecast.forecast,
      ahead: forecast.ahead,
      pairs: forecast.pairs,
      margin: memory.margin,
      regretLoad: memory.regretLoad,
    },
  };
}
