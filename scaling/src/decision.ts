import type { Observation } from "./observation.ts";
import type { State } from "./policy-state.ts";

/** Why a check ended as it did; the pages choose glyph and filter by it. */
export type Outcome =
  | "grew"
  | "shrank"
  | "no change"
  | "holding"
  | "cooling down"
  | "would shrink"
  | "shrink refused"
  | "at the limit"
  | "no data"
  | "paused"
  | "manual";

/** The numbers behind a decision, for its row on the Decisions page. Instants are epoch milliseconds, CPU is 0-100. */
export interface Facts {
  readonly outcome: Outcome;
  /** What the rule measures: mean CPU in percent, successful responses a minute, messages sent in the window. Null without data. */
  readonly measured?: number | null;
  readonly unit?: string;
  readonly window?: { readonly from: number; readonly to: number; readonly points: number; readonly of: number };
  /** In workers' worth: 1 = one worker at 100 % CPU. */
  readonly load?: number;
  /** True when the load was estimated from the requests, because CPU cannot show more than 100 %. */
  readonly loadEstimated?: boolean;
  readonly peak?: { readonly load: number; readonly minutes: number };
  readonly growAbove?: number;
  readonly shrinkBelow?: number;
  /** What each smaller size would run at, and what it must stay below. */
  readonly forecast?: readonly { readonly workers: number; readonly percent: number }[];
  readonly forecastLimit?: number;
  /** The size that the rule asks for before the limits. */
  readonly wanted?: number;
  readonly checks?: { readonly have: number; readonly need: number };
  readonly settledAt?: number | null;
  readonly lastChange?: { readonly at: number; readonly from: number; readonly to: number };
  readonly secondsLeft?: number;
  readonly backOffLevel?: number;
  readonly responseMs?: number | null;
  readonly waiting?: number;
  readonly backlogPerWorker?: number;
  readonly idle?: number;
  /** Numbers of the adaptive rule. */
  readonly adaptive?: Readonly<Record<string, number | null>>;
}

export interface Decision {
  readonly kind: "grow" | "shrink" | "hold";
  readonly desired: number;
  /** The sentence that page, log and test show. */
  readonly reason: string;
  readonly facts: Facts;
}

export interface Decided {
  readonly decision: Decision;
  readonly state: State;
}

/** No new size; every rule says why. */
export function hold(seen: Observation, reason: string, facts: Facts): Decision {
  return { kind: "hold", desired: seen.desired, reason, facts };
}

/** `web grew 5 → 7: <why>`; the why is a sentence without its capital. */
export function resize(seen: Observation, desired: number, why: string, facts: Omit<Facts, "outcome">): Decision {
  const grows = desired > seen.desired;
  return {
    kind: grows ? "grow" : "shrink",
    desired,
    reason: `${seen.pool} ${grows ? "grew" : "shrank"} ${seen.desired} → ${desired}${why}`,
    facts: { outcome: grows ? "grew" : "shrank", ...facts },
  };
}

export function clamp(size: number, limits: { readonly min: number; readonly max: number }): number {
  return Math.min(limits.max, Math.max(limits.min, size));
}

/** `ceil` that does not see 5 × 1.4 = 7.000000000000001 as more than 7. */
export function ceil(value: number): number {
  return Math.ceil(value - 1e-9);
}

/** Milliseconds of a policy's duration: they are written for a metric period of 60 s and shrink with it. */
export function scaled(seen: Observation, seconds: number): number {
  return ((seconds * seen.periodSeconds) / 60) * 1000;
}
