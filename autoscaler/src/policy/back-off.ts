import type { Observation } from "./observation.ts";
import type { State } from "./state.ts";

/** All in metric periods, which are minutes by default. */
const FLAP_PERIODS = 30;
const QUIET_PERIODS = 120;
const LONGEST_PERIODS = 30;
const PEAK_PERIODS = 5;
const CONFIRM_CHECKS = 2;
/** 2 checks and 5 minutes, doubled four times, are at their longest. */
const MAX_LEVEL = 4;

export interface Patience {
  /** Checks in a row that must ask for a shrink. */
  readonly checks: number;
  /** Periods whose highest load a smaller pool must carry. */
  readonly peakPeriods: number;
}

/** How slowly the pool shrinks now (rule 5). */
export function patience(state: State, seen: Observation, enabled: boolean): Patience {
  const factor = 2 ** (enabled ? (state.backOff?.level ?? 0) : 0);
  const mostChecks = Math.max(CONFIRM_CHECKS, Math.floor((LONGEST_PERIODS * seen.periodSeconds) / seen.tickSeconds));
  return {
    checks: Math.min(CONFIRM_CHECKS * factor, mostChecks),
    peakPeriods: Math.min(PEAK_PERIODS * factor, LONGEST_PERIODS),
  };
}

/** A grow within 30 minutes of a shrink makes the next shrink twice as patient. Each shrink counts once. */
export function afterGrow(state: State, seen: Observation, now: number): State {
  const flapped = state.shrunkAt !== null && now - state.shrunkAt <= FLAP_PERIODS * seen.periodSeconds * 1000;
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
