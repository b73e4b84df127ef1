import { type Decided, resize } from "../decision.ts";
import { ceil, clamp } from "../numbers.ts";
import { awaitedWorkers, lasting, type Observation } from "../observation.ts";
import type { CpuPolicy } from "../policy.ts";
import { changeSize, type State, settledSince, withoutLowChecks } from "../policy-state.ts";
import type { Finding } from "../reasons/reason.ts";
import { afterGrow, confirmationOf, flapMinutes } from "./back-off.ts";
import { type Check, factsOf, same, withLoad } from "./cpu-check.ts";
import { decideShrink } from "./cpu-shrink.ts";
import { awaitData, awaitWorkers } from "./holding.ts";
import {
  findWindow,
  freshMs,
  isKnown,
  isSaturated,
  type Load,
  loadOf,
  newestMinute,
  provenLoad,
  WINDOW_MINUTES,
  type Window,
} from "./minutes.ts";

/**
 * The course's rule on mean CPU, made to converge (docs/scaling.md). Expects a state that has taken in this observation
 * (`recordMinutes`), and a desired capacity within the limits.
 */
export function decideCpu(policy: CpuPolicy, seen: Observation, before: State, now: number): Decided {
  const waitingFor = awaitedWorkers(seen);
  const settledAt = settledSince(before, seen);
  const window = findWindow(before, seen, now);
  const state = window === null ? before : countLowCheck(policy, before, window, seen);
  const check: Check = {
    policy,
    seen,
    state,
    now,
    window,
    settledAt,
    confirmation: confirmationOf(state, seen, policy.flapBackOff),
    facts: factsOf(policy, state, window, settledAt),
  };

  const isOld = window !== null && !window.isFresh && window.meanPercent <= policy.growThresholdPercent;
  if (window === null || isOld) return decideWithoutData(check, waitingFor);
  if (settledAt === null) return decideWhilePending(check, waitingFor);
  if (window.from < settledAt) return decideOnOneMinute(check, settledAt);
  const { growThresholdPercent: high, shrinkThresholdPercent: low } = policy;
  const { meanPercent } = window;
  if (meanPercent > high) {
    const { value, hidden, estimated } = window.load;
    const need = policy.growOnlyToNeed && (!hidden || estimated) ? ceil(value / (high / 100)) : undefined;
    return grow(check, { kind: "cpu-above", meanPercent, limitPercent: high }, { need });
  }
  if (meanPercent < low) return decideShrink(check, window);
  return same(check, { kind: "cpu-between", meanPercent, lowPercent: low, highPercent: high });
}

interface GrowOptions {
  /** Bounds the step where the load is known. */
  readonly need?: number | undefined;
  readonly awaited?: number;
}

/** At least one more, at most the ratio, within the maximum. */
function grow(check: Check, finding: Finding, { need, awaited = 0 }: GrowOptions = {}): Decided {
  const { seen, policy, state, now, facts } = check;
  const byRatio = Math.max(seen.desired + 1, ceil(seen.desired * policy.growRatio));
  const wanted = need === undefined ? byRatio : Math.min(byRatio, Math.max(seen.desired + 1, need));
  const desired = clamp(wanted, seen);
  if (desired <= seen.desired) return same(check, { kind: "at-maximum", max: seen.max, wanted, finding });
  const next = afterGrow(state, seen, now, check.confirmation);
  const { checks } = confirmationOf(next, seen, policy.flapBackOff);
  const withinSeconds = lasting(seen, flapMinutes(check.confirmation) * 60) / 1000;
  const decision = resize(
    {
      kind: "cpu-grew",
      pool: seen.pool,
      from: seen.desired,
      to: desired,
      finding,
      max: seen.max,
      ratio: policy.growRatio,
      growAbovePercent: policy.growThresholdPercent,
      need: wanted === byRatio ? null : wanted,
      awaited,
      flap: checks > check.confirmation.checks ? { checks, withinSeconds } : null,
    },
    { ...facts, wanted },
  );
  return { decision, state: changeSize(next, seen.desired, desired, now) };
}

/** With workers on their way, only a load that is too much for all of them grows the pool further. */
function decideWhilePending(check: Check, awaited: number): Decided {
  const { policy, seen, now } = check;
  const load = newestLoad(check);
  const share = load === null ? 0 : (load.value / seen.desired) * 100;
  if (load === null || share <= policy.growThresholdPercent) return same(check, awaitWorkers(seen, now));
  const limitPercent = policy.growThresholdPercent;
  const need = ceil(load.value / (limitPercent / 100));
  const finding: Finding = { kind: "load-above", load: load.value, limitPercent, workers: seen.desired };
  return grow(withLoad(check, load), finding, { need, awaited });
}

/** After a change, one fresh saturated minute is enough; any other needs the whole window. */
function decideOnOneMinute(check: Check, settledAt: number): Decided {
  const { seen, state, now } = check;
  const minute = newestMinute(state, seen, now);
  if (minute === null || minute.at < settledAt || !isSaturated(minute)) {
    return same(check, awaitData(seen, now, settledAt));
  }
  const meanPercent = minute.cpuSum / minute.reporting;
  return grow(withLoad(check, loadOf(state, minute)), { kind: "first-minute-full", meanPercent });
}

/** Without data nothing shrinks, and only what the reporting workers prove grows the pool. */
function decideWithoutData(check: Check, waitingFor: number): Decided {
  const { policy, seen, now, settledAt } = check;
  const limitPercent = policy.growThresholdPercent;
  const proven = provenLoad(seen, now);
  if (proven !== null && (proven / Math.max(1, seen.desired)) * 100 > limitPercent) {
    const finding: Finding = { kind: "reported-load-above", load: proven, limitPercent, workers: seen.desired };
    return grow(withLoad(check, { value: proven, hidden: false, estimated: false }), finding);
  }
  if (waitingFor > 0) return same(check, awaitWorkers(seen, now));
  const minute = lasting(seen, 60);
  const serving = seen.workers.some((worker) => worker.state === "in service");
  if (serving && settledAt !== null && now < settledAt + WINDOW_MINUTES * minute + freshMs(check.state, seen)) {
    return same(check, awaitData(seen, now, settledAt));
  }
  const known = check.state.minutes.findLast(isKnown);
  const since = Math.max(
    known === undefined ? Number.NEGATIVE_INFINITY : known.at + minute,
    settledAt ?? Number.NEGATIVE_INFINITY,
  );
  return same(check, { kind: "no-data", since: Number.isFinite(since) ? since : null });
}

/** The newest load that counts while workers are pending: one saturated minute, else the mean of the window. */
function newestLoad({ state, seen, now, window }: Check): Load | null {
  const minute = newestMinute(state, seen, now);
  if (minute !== null && isSaturated(minute)) return loadOf(state, minute);
  return window === null ? null : window.load;
}

/** Counts a check whose mean is below the shrink threshold, once per new data; any other check starts again. */
function countLowCheck(policy: CpuPolicy, state: State, window: Window, seen: Observation): State {
  const settled = settledSince(state, seen);
  const isLow =
    settled !== null && window.from >= settled && window.isFresh && window.meanPercent < policy.shrinkThresholdPercent;
  if (!isLow) return withoutLowChecks(state);
  // A lost point proves nothing: such a check neither counts nor starts again.
  if (window.meanIfMissingAreFull >= policy.shrinkThresholdPercent) return state;
  if (state.low.dataUntil !== null && window.to <= state.low.dataUntil) return state;
  return { ...state, low: { checks: state.low.checks + 1, dataUntil: window.to } };
}
