import { ceil, type Decided, resize, scaled } from "../decision.ts";
import { settleShare } from "../hysteresis-margin.ts";
import { changeSize } from "../policy-state.ts";
import { afterShrink, lookBack } from "./back-off.ts";
import { type Check, same } from "./cpu-check.ts";
import { highestLoadOf, isKnown, type Window } from "./minutes.ts";
import { capital, checks, duration, joined, percent, workers } from "./words.ts";

/** The highest load of the longer look back must leave this part of the settle margin: the smaller pool would hardly have had to grow. */
const LOOK_BACK_PART = 0.5;

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

/** What a smaller pool would run at, or would have run at within a longer time. */
interface Forecast {
  readonly workers: number;
  readonly percent: number;
  readonly limit: number;
  /** The longer time, in periods; null when `percent` is of the usual one. */
  readonly within: number | null;
}

function shrinkTo(check: Check, window: Window, why: string): Decided {
  const { policy, seen, state, now, facts, patience } = check;
  const peak = peakLoad(check, window, patience.peakPeriods);
  if (peak.kind === "unknown") return same(check, `Shrink refused: ${peak.why}.`, { outcome: "shrink refused" });

  const smallest = Math.max(seen.min, 1, Math.min(seen.desired - 1, ceil(seen.desired * policy.shrinkRatio)));
  const tried: Forecast[] = [];
  for (let size = smallest; size < seen.desired; size += 1) {
    const forecast = forecastOf(check, window, peak.load, size);
    if (forecast.kind === "unknown") {
      if (size < seen.desired - 1) continue;
      return same(check, `Shrink refused: ${forecast.why}.`, { outcome: "shrink refused" });
    }
    tried.push(forecast);
    if (forecast.percent < forecast.limit) break;
  }
  const last = tried.at(-1);
  const limit = settleShare(policy.settleMarginPercent) * policy.growThresholdPercent;
  const numbers = {
    peak: { load: peak.load, minutes: patience.peakPeriods },
    forecast: tried.map(({ workers: size, percent: share }) => ({ workers: size, percent: share })),
    forecastLimit: limit,
    wanted: smallest,
  };
  const words = tried.map((entry, index) => forecastWords(entry, index === 0, seen.periodSeconds * 1000));
  const longer = tried.find((entry) => entry.within !== null);
  const limits = `${percent(limit)}${longer === undefined ? "" : `, ${percent(longer.limit)} for a longer time`}`;
  if (last === undefined || last.percent >= last.limit) {
    const reason = `Shrink refused: ${joined(words)}, the limit is ${limits}.`;
    return same(check, reason, { outcome: "shrink refused", ...numbers });
  }
  const reason = `: ${why}. ${capital(words.join(", "))} (limit ${limits}).`;
  const decision = resize(seen, last.workers, reason, { ...facts, ...numbers });
  return { decision, state: changeSize(afterShrink(state, now), seen.desired, last.workers, now) };
}

function forecastOf(
  check: Check,
  window: Window,
  peak: number,
  size: number,
): ({ readonly kind: "known" } & Forecast) | (Peak & { readonly kind: "unknown" }) {
  const { policy, seen, patience } = check;
  const near = (peak / size) * 100;
  const limit = settleShare(policy.settleMarginPercent) * policy.growThresholdPercent;
  if (near >= limit) return { kind: "known", workers: size, percent: near, limit, within: null };
  const periods = lookBack(patience, seen.desired, size);
  const far = peakLoad(check, window, periods);
  if (far.kind === "unknown") return far;
  const share = (far.load / size) * 100;
  const farLimit = settleShare(policy.settleMarginPercent * LOOK_BACK_PART) * policy.growThresholdPercent;
  if (share >= farLimit) return { kind: "known", workers: size, percent: share, limit: farLimit, within: periods };
  return { kind: "known", workers: size, percent: near, limit, within: null };
}

function forecastWords({ workers: size, percent: share, within }: Forecast, isFirst: boolean, period: number): string {
  const who = isFirst ? `${workers(size)} would run` : String(size);
  return `${who} at ${percent(share)}${within === null ? "" : ` by the peak of ${duration(within * period)}`}`;
}

type Peak = { readonly kind: "known"; readonly load: number } | { readonly kind: "unknown"; readonly why: string };

/** The highest load of so many periods up to the window's end; unknown when one of them is missing or its load is hidden. */
function peakLoad({ seen, state }: Check, window: Window, periods: number): Peak {
  const from = window.to - periods * seen.periodSeconds * 1000;
  const minutes = state.minutes.filter((minute) => minute.at >= from && minute.at < window.to);
  const span = duration(periods * seen.periodSeconds * 1000);
  const missing = minutes.filter((minute) => !isKnown(minute)).length;
  if (missing > 0)
    return { kind: "unknown", why: `data are missing within the last ${span}, so the peak is not known` };
  const loads = minutes.map((minute) => highestLoadOf(state, minute));
  if (loads.some((load) => load.hidden && !load.estimated)) {
    return { kind: "unknown", why: `the workers were full within the last ${span}, so the load then is not known` };
  }
  return { kind: "known", load: Math.max(window.load.value, ...loads.map((load) => load.value)) };
}
