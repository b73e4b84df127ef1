import { afterShrink } from "./back-off.ts";
import { type Check, same } from "./cpu-check.ts";
import { ceil, type Decided, resize, scaled } from "./decision.ts";
import { highestLoadOf, isKnown, type Window } from "./minutes.ts";
import { changeSize } from "./state.ts";
import { capital, checks, duration, joined, percent, workers } from "./words.ts";

/** A smaller pool must stay this far below the grow threshold, so that no grow can follow a shrink at the same load. */
export const SETTLE_SHARE = 0.9;

/** Rule 4. */
export function decideShrink(check: Check, window: Window): Decided {
  const { policy, seen, state, now, patience: need } = check;
  const low = percent(policy.shrinkThresholdPercent);
  const mean = `mean CPU ${percent(window.meanPercent)} is below ${low}`;
  if (seen.desired <= Math.max(1, seen.min)) {
    return same(check, `At the minimum of ${Math.max(1, seen.min)}. ${capital(mean)}.`, { outcome: "at the limit" });
  }
  if (window.meanIfMissingAreFull >= policy.shrinkThresholdPercent) {
    const missing = window.of - window.points;
    const full = percent(window.meanIfMissingAreFull);
    const reason = `Shrink refused: ${mean}, but ${missing} of ${window.of} points are missing; counted as full workers the mean is ${full}.`;
    return same(check, reason, { outcome: "shrink refused" });
  }
  const cooldownEndsAt = (state.change?.at ?? Number.NEGATIVE_INFINITY) + scaled(seen, policy.cooldownSeconds);
  if (now < cooldownEndsAt && state.change !== null) {
    const { from, to } = state.change;
    const verb = to > from ? "growing" : "shrinking";
    const reason = `Cooling down: ${duration(cooldownEndsAt - now)} left after ${verb} ${from} → ${to}.`;
    return same(check, reason, { outcome: "cooling down", secondsLeft: Math.ceil((cooldownEndsAt - now) / 1000) });
  }
  const counted = { have: Math.min(state.low.checks, need.checks), need: need.checks };
  if (counted.have < counted.need) {
    const reason = `Would shrink: ${mean}, check ${counted.have} of ${counted.need}.`;
    return same(check, reason, { outcome: "would shrink", checks: counted });
  }
  return shrinkTo(check, window, `${mean}, ${checks(need.checks)} in a row`);
}

function shrinkTo(check: Check, window: Window, why: string): Decided {
  const { policy, seen, state, now, facts } = check;
  const peak = peakLoad(check, window);
  if (peak.kind === "unknown") return same(check, `Shrink refused: ${peak.why}.`, { outcome: "shrink refused" });

  const limit = SETTLE_SHARE * policy.growThresholdPercent;
  const smallest = Math.max(seen.min, 1, Math.min(seen.desired - 1, ceil(seen.desired * policy.shrinkRatio)));
  const tried: { workers: number; percent: number }[] = [];
  for (let size = smallest; size < seen.desired; size += 1) {
    const share = (peak.load / size) * 100;
    tried.push({ workers: size, percent: share });
    if (share < limit) break;
  }
  const last = tried.at(-1);
  const numbers = {
    peak: { load: peak.load, minutes: check.patience.peakPeriods },
    forecast: tried,
    forecastLimit: limit,
    wanted: smallest,
  };
  const words = tried.map(
    (entry, index) =>
      `${index === 0 ? workers(entry.workers) : entry.workers}${index === 0 ? " would run" : ""} at ${percent(entry.percent)}`,
  );
  if (last === undefined || last.percent >= limit) {
    const reason = `Shrink refused: ${joined(words)}, the limit is ${percent(limit)}.`;
    return same(check, reason, { outcome: "shrink refused", ...numbers });
  }
  const reason = `: ${why}. ${capital(words.join(", "))} (limit ${percent(limit)}).`;
  const decision = resize(seen, last.workers, reason, { ...facts, ...numbers });
  return { decision, state: changeSize(afterShrink(state, now), seen.desired, last.workers, now) };
}

type Peak = { readonly kind: "known"; readonly load: number } | { readonly kind: "unknown"; readonly why: string };

/** The highest load of the last 5 minutes up to the window; unknown when a minute of them is missing or its load is hidden. */
function peakLoad(check: Check, window: Window): Peak {
  const { seen, state, patience: need } = check;
  const from = window.to - need.peakPeriods * seen.periodSeconds * 1000;
  const minutes = state.minutes.filter((minute) => minute.at >= from && minute.at < window.to);
  const span = duration(need.peakPeriods * seen.periodSeconds * 1000);
  const missing = minutes.filter((minute) => !isKnown(minute)).length;
  if (missing > 0)
    return { kind: "unknown", why: `data are missing within the last ${span}, so the peak is not known` };
  const loads = minutes.map((minute) => highestLoadOf(state, minute));
  if (loads.some((load) => load.hidden && !load.estimated)) {
    return { kind: "unknown", why: `the workers were full within the last ${span}, so the load then is not known` };
  }
  return { kind: "known", load: Math.max(window.load.value, ...loads.map((load) => load.value)) };
}
