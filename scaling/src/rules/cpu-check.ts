import { type Decided, type Facts, hold } from "../decision.ts";
import type { Observation } from "../observation.ts";
import type { CpuPolicy } from "../policy.ts";
import type { State } from "../policy-state.ts";
import type { Patience } from "./back-off.ts";
import type { Load, Window } from "./minutes.ts";

/** What every rule of one check looks at. */
export interface Check {
  readonly policy: CpuPolicy;
  readonly seen: Observation;
  readonly state: State;
  readonly now: number;
  readonly window: Window | null;
  readonly settledAt: number | null;
  readonly patience: Patience;
  readonly facts: Omit<Facts, "outcome">;
}

/** No new size; without a window the next shrink is confirmed from the start. */
export function same(check: Check, reason: string, facts: Facts): Decided {
  const state = check.window === null ? { ...check.state, low: { checks: 0, dataUntil: null } } : check.state;
  return { decision: hold(check.seen, reason, { ...check.facts, ...facts }), state };
}

export function factsOf(
  policy: CpuPolicy,
  state: State,
  window: Window | null,
  settledAt: number | null,
): Omit<Facts, "outcome"> {
  return {
    measured: window === null ? null : window.meanPercent,
    unit: "%",
    ...(window === null ? {} : { window: { from: window.from, to: window.to, points: window.points, of: window.of } }),
    ...(window === null ? {} : { load: window.load.value, loadEstimated: window.load.estimated }),
    growAbove: policy.growThresholdPercent,
    shrinkBelow: policy.shrinkThresholdPercent,
    settledAt: settledAt === null || !Number.isFinite(settledAt) ? null : settledAt,
    ...(state.change === null ? {} : { lastChange: state.change }),
    backOffLevel: policy.flapBackOff ? (state.backOff?.level ?? 0) : 0,
  };
}

export function withLoad(check: Check, load: Load): Check {
  return { ...check, facts: { ...check.facts, load: load.value, loadEstimated: load.estimated } };
}
