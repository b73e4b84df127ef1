import { type Decided, type DecisionFacts, hold } from "../decision.ts";
import type { Observation } from "../observation.ts";
import type { CpuPolicy } from "../policy.ts";
import type { State } from "../policy-state.ts";
import type { Confirmation } from "./back-off.ts";
import type { Load, Window } from "./minutes.ts";

/** What every part of one check looks at. */
export interface Check {
  readonly policy: CpuPolicy;
  readonly seen: Observation;
  readonly state: State;
  readonly now: number;
  readonly window: Window | null;
  readonly settledAt: number | null;
  readonly confirmation: Confirmation;
  readonly facts: DecisionFacts;
}

/** No new size; without a window the next shrink is confirmed from the start. */
export function same(check: Check, reason: Parameters<typeof hold>[1], more: DecisionFacts = {}): Decided {
  const state = check.window === null ? { ...check.state, low: { checks: 0, dataUntil: null } } : check.state;
  return { decision: hold(check.seen, reason, { ...check.facts, ...more }), state };
}

export function factsOf(
  policy: CpuPolicy,
  state: State,
  window: Window | null,
  settledAt: number | null,
): DecisionFacts {
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
