import { lasting, type Observation } from "../observation.ts";
import type { State } from "../policy-state.ts";

export const FLAP_MINUTES = 30;
/** A pool that waits longer is late in everything: a grow within three of its peak windows is still a flap. */
const FLAP_PEAKS = 3;
export const QUIET_HOURS = 2;
const LONGEST_MINUTES = 30;
const PEAK_MINUTES = 5;
const CONFIRM_CHECKS = 2;
/** 2 checks and 5 minutes, doubled four times, are at their longest. */
export const MAX_LEVEL = 4;
/** The deeper the cut, the longer the lookback window: 12 minutes for half of the workers. */
const DEEP_MINUTES = 3;

/** What a shrink must have behind it; the flap back-off doubles it. */
export interface Confirmation {
  /** Checks in a row that must ask for a shrink. */
  readonly checks: number;
  /** Minutes whose highest load a smaller pool must carry with room to spare. */
  readonly peakMinutes: number;
  readonly factor: number;
}

/** The confirmation at a level of back-off; level 0 without. */
export function confirmationAt(
  level: number,
  seen: Pick<Observation, "tickSeconds" | "timeScale"> = { tickSeconds: 60, timeScale: 1 },
): Confirmation {
  const factor = 2 ** level;
  const ticks = Math.floor(lasting(seen, LONGEST_MINUTES * 60) / (seen.tickSeconds * 1000));
  return {
    checks: Math.min(CONFIRM_CHECKS * factor, Math.max(CONFIRM_CHECKS, ticks)),
    peakMinutes: Math.min(PEAK_MINUTES * factor, LONGEST_MINUTES),
    factor,
  };
}

/** How slowly the pool shrinks now. */
export function confirmationOf(state: Pick<State, "backOff">, seen: Observation, enabled: boolean): Confirmation {
  return confirmationAt(enabled ? (state.backOff?.level ?? 0) : 0, seen);
}

/** Minutes in which a pool of `to` workers must not have had to grow, if it has `from` now. */
export function lookbackMinutes({ peakMinutes, factor }: Confirmation, from: number, to: number): number {
  const deep = Math.round(DEEP_MINUTES * factor * (from / to) ** 2);
  return Math.min(Math.max(peakMinutes, deep), LONGEST_MINUTES);
}

/** Minutes after a shrink in which a grow is a flap. */
export function flapMinutes({ peakMinutes }: Pick<Confirmation, "peakMinutes">): number {
  return Math.max(FLAP_MINUTES, FLAP_PEAKS * peakMinutes);
}

/** A grow soon after a shrink doubles the confirmation of the next one. Each shrink counts once. */
export function afterGrow(state: State, seen: Observation, now: number, before: Confirmation): State {
  const flapped = state.shrunkAt !== null && now - state.shrunkAt <= lasting(seen, flapMinutes(before) * 60);
  const backOff = flapped ? { level: Math.min(MAX_LEVEL, (state.backOff?.level ?? 0) + 1), at: now } : state.backOff;
  return { ...state, grewAt: now, shrunkAt: null, backOff };
}

export function afterShrink(state: State, now: number): State {
  return { ...state, shrunkAt: now };
}

/** Two quiet hours, without another flap, halve the confirmation. */
export function relaxBackOff(state: State, seen: Observation, now: number): State {
  if (state.backOff === null || now - state.backOff.at < lasting(seen, QUIET_HOURS * 3_600)) return state;
  const level = state.backOff.level - 1;
  return { ...state, backOff: level <= 0 ? null : { level, at: now } };
}
