import { ceil, clamp, type Decided, resize } from "../decision.ts";
import { awaitedWorkers, type Observation } from "../observation.ts";
import type { CpuPolicy } from "../policy.ts";
import { changeSize, type State, settledSince } from "../policy-state.ts";
import { afterGrow, flapPeriods, patience } from "./back-off.ts";
import { type Check, factsOf, same, withLoad } from "./cpu-check.ts";
import { decideShrink } from "./cpu-shrink.ts";
import { holdingFor, waitingForData } from "./holding.ts";
import {
  findWindow,
  isKnown,
  isSaturated,
  type Load,
  loadOf,
  MAX_AGE_PERIODS,
  newestMinute,
  provenLoad,
  type Window,
} from "./minutes.ts";
import { capital, checks, clock, duration, fine, percent, worth } from "./words.ts";

/**
 * The course's rule on mean CPU, made to converge (design.md section 4, rules 1-7). Expects a state that has taken in this observation
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
    patience: patience(state, seen, policy.flapBackOff),
    facts: factsOf(policy, state, window, settledAt),
  };

  if (window === null) return decideWithoutData(check, waitingFor);
  if (settledAt === null) return decideWhilePending(check, waitingFor);
  if (window.from < settledAt) return decideOnOneMinute(check, settledAt);
  if (window.meanPercent > policy.growThresholdPercent) return grow(check, whyAbove(check, window), null);
  if (window.meanPercent < policy.shrinkThresholdPercent) return decideShrink(check, window);
  const { growThresholdPercent: high, shrinkThresholdPercent: low } = policy;
  return same(
    check,
    `No change: mean CPU ${percent(window.meanPercent)} lies between ${percent(low)} and ${percent(high)}.`,
    { outcome: "no change" },
  );
}

/** Rule 1: at least one more, at most the ratio, within the maximum. `need` bounds the step where the load is known. */
function grow(check: Check, why: string, need: number | null): Decided {
  const { seen, policy, state, now, facts } = check;
  const byRatio = Math.max(seen.desired + 1, ceil(seen.desired * policy.growRatio));
  const wanted = need === null ? byRatio : Math.min(byRatio, Math.max(seen.desired + 1, need));
  const desired = clamp(wanted, seen);
  if (desired <= seen.desired) {
    const reason = `At the maximum of ${seen.max}; the rule wants ${wanted}. ${capital(why)}.`;
    return same(check, reason, { outcome: "at the limit", wanted });
  }
  const next = afterGrow(state, seen, now, check.patience);
  const patienceNow = patience(next, seen, policy.flapBackOff);
  const doubled =
    patienceNow.checks > check.patience.checks
      ? ` Shrinking now needs ${checks(patienceNow.checks)} in a row, because a grow followed a shrink within ${duration(flapPeriods(check.patience) * seen.periodSeconds * 1000)}.`
      : "";
  const product = seen.desired * policy.growRatio;
  const sum =
    wanted === byRatio
      ? `${seen.desired} × ${fine(policy.growRatio)} = ${fine(product)}${roundingOf(product, seen.desired)}`
      : `${need} would run below ${percent(policy.growThresholdPercent)}`;
  const reason = `: ${why}. ${sum}, maximum ${seen.max}.${doubled}`;
  return {
    decision: resize(seen, desired, reason, { ...facts, wanted }),
    state: changeSize(next, seen.desired, desired, now),
  };
}

/** Rules 2 and 3: with workers on their way, only a load that is too much for all of them grows the pool further. */
function decideWhilePending(check: Check, waitingFor: number): Decided {
  const { policy, seen, now } = check;
  const load = newestLoad(check);
  const share = load === null ? 0 : (load.value / seen.desired) * 100;
  if (load !== null && share > policy.growThresholdPercent) {
    const why = `load ${worth(load.value)} exceeds ${percent(policy.growThresholdPercent)} of ${seen.desired}`;
    const need = ceil(load.value / (policy.growThresholdPercent / 100));
    const grown = grow(withLoad(check, load), why, need);
    if (grown.decision.kind !== "grow") return grown;
    const reason = grown.decision.reason.replace(
      ": ",
      ` while ${waitingFor} ${waitingFor === 1 ? "is" : "are"} pending: `,
    );
    return { ...grown, decision: { ...grown.decision, reason } };
  }
  return same(check, holdingFor(seen, now), { outcome: "holding" });
}

/** Rule 3, last part: after a change, one fresh saturated minute is enough; any other needs the whole window. */
function decideOnOneMinute(check: Check, settledAt: number): Decided {
  const { seen, state, now } = check;
  const minute = newestMinute(state, seen, now);
  if (minute !== null && minute.at >= settledAt && isSaturated(minute)) {
    const mean = minute.cpuSum / minute.reporting;
    return grow(
      withLoad(check, loadOf(state, minute)),
      `mean CPU ${percent(mean)} in the first full minute after the change`,
      null,
    );
  }
  return same(check, waitingForData(seen, now, settledAt), { outcome: "holding" });
}

/** Rule 6: without data nothing shrinks, and only what the reporting workers prove grows the pool. */
function decideWithoutData(check: Check, waitingFor: number): Decided {
  const { policy, seen, now, settledAt } = check;
  const proven = provenLoad(seen, now);
  if (proven !== null && (proven / Math.max(1, seen.desired)) * 100 > policy.growThresholdPercent) {
    const why = `the workers that report carry ${worth(proven)}, more than ${percent(policy.growThresholdPercent)} of ${seen.desired}`;
    return grow(withLoad(check, { value: proven, hidden: false, estimated: false }), why, null);
  }
  if (waitingFor > 0) return same(check, holdingFor(seen, now), { outcome: "holding" });
  const period = seen.periodSeconds * 1000;
  const known = check.state.minutes.findLast(isKnown);
  const since = Math.max(
    known === undefined ? Number.NEGATIVE_INFINITY : known.at + period,
    settledAt ?? Number.NEGATIVE_INFINITY,
  );
  const serving = seen.workers.some((worker) => worker.state === "in service");
  if (serving && settledAt !== null && now < settledAt + MAX_AGE_PERIODS * period) {
    return same(check, waitingForData(seen, now, settledAt), { outcome: "holding" });
  }
  const sinceWords = Number.isFinite(since) ? ` since ${clock(since, seen.timeZone)}` : "";
  return same(check, `No data${sinceWords}. Nothing grows or shrinks until it is back.`, { outcome: "no data" });
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
  const proves =
    settled !== null && window.from >= settled && window.meanIfMissingAreFull < policy.shrinkThresholdPercent;
  if (!proves) return { ...state, low: { checks: 0, dataUntil: null } };
  if (state.low.dataUntil !== null && window.to <= state.low.dataUntil) return state;
  return { ...state, low: { checks: state.low.checks + 1, dataUntil: window.to } };
}

function whyAbove({ policy }: Check, window: Window): string {
  return `mean CPU ${percent(window.meanPercent)} is above ${percent(policy.growThresholdPercent)}`;
}

function roundingOf(product: number, size: number): string {
  const rounded = Math.max(size + 1, ceil(product));
  if (rounded - product < 1e-9) return "";
  return ceil(product) < rounded ? `, at least ${rounded}` : `, rounded up to ${rounded}`;
}
