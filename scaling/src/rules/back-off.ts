import type { Observation } from "../observation.ts";
import type { State } from "../policy-state.ts";

/** All in metric periods, which are minutes by default. */
const FLAP_PERIODS = 30;
/** A patient pool is late in everything: a grow within three of its peak windows is still a flap. */
const FLAP_PEAKS = 3;
const QUIET_PERIODS = 120;
const LONGEST_PERIODS = 30;
const PEAK_PERIODS = 5;
const CONFIRM_CHECKS = 2;
/** 2 checks and 5 minutes, doubled four times, are at their longest. */
const MAX_LEVEL = 4;
/** The deeper the cut, the longer the look back: 12 minutes for half of the workers. */
const DEEP_PERIODS = 3;

export interface Patience {
  /** Checks in a row that must ask for a shrink. */
  readonly checks: number;
  /** Periods whose highest load a smaller pool must carry with room to spare. */
  readonly peakPeriods: number;
  readonly factor: number;
}

/** How slowly the pool shrinks now (rule 5). */
export function patience(state: State, seen: Observation, enabled: boolean): Patience {
  const factor = 2 ** (enabled ? (state.backOff?.level ?? 0) : 0);
  const mostChecks = Math.max(CONFIRM_CHECKS, Math.floor((LONGEST_PERIODS * seen.periodSeconds) / seen.tickSeconds));
  return {
    checks: Math.min(CONFIRM_CHECKS * factor, mostChecks),
    peakPeriods: Math.min(PEAK_PERIODS * factor, LONGEST_PERIODS),
    factor,
  };
}

/** Periods in which a pool of `to` workers must not have had to grow, if it has `from` now. */
export function lookBack({ peakPeriods, factor }: Patience, from: number, to: number): number {
  const deep = Math.round(DEEP_PERIODS * factor * (from / to) ** 2);
  return Math.min(Math.max(peakPeriods, deep), LONGEST_PERIODS);
}

/** Periods after a shrink in which a grow is a flap. */
export function flapPeriods({ peakPeriods }: Patience): number {
  return Math.max(FLAP_PERIODS, FLAP_PEAKS * peakPeriods);
}

/** A grow soon after a shrink makes the next shrink twice as patient. Each shrink counts once. */
export function afterGrow(state: State, seen: Observation, now: number, before: Patience): State {
  const flapped = state.shrunkAt !== null && now - state.shrunkAt <= flapPeriods(before) * seen.periodSeconds * 1000;
  const backOff = flapped ? { level: Math.min(MAX_LEVEL, (state.backOff?.level ?? 0) + 1), at: now } : state.backOff;
  return { ...state, grewAt: now, shrunkAt: null, backOff };
}

export function afterShrink(state: State, now: number): State {
  return { ...state, shrunkAt: now };
}

/** Two quiet hours, without another flap, halve the patience. */
export function relaxBackOff(state: State, seen: Observation, now: number): State {
  if (state.backOff === null || now - state.backOff.at < QUIET_PERIODS * seen.periodSeconds * 1000) return state;
  const level = state.backOff.level - 1;
  return { ...state, backOff: level <= 0 ? null : { level, at: now } };
}
