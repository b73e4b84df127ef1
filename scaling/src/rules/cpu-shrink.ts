import { type Decided, resize } from "../decision.ts";
import { hysteresisShare } from "../hysteresis-margin.ts";
import { ceil } from "../numbers.ts";
import { lasting } from "../observation.ts";
import { changeSize } from "../policy-state.ts";
import type { Finding, SizeForecast } from "../reasons/reason.ts";
import { afterShrink, lookbackMinutes } from "./back-off.ts";
import { type Check, same } from "./cpu-check.ts";
import { highestLoadOf, isKnown, type Window } from "./minutes.ts";

/**
 * The highest load of the longer window must leave this part of the margin: the smaller pool would hardly have had to
 * grow.
 */
const LOOKBACK_PART = 0.5;

/** Shrinks only what the recent peak allows, confirmed by several checks (docs/scaling.md, "Shrinking"). */
export function decideShrink(check: Check, window: Window): Decided {
  const { policy, seen, state, now, confirmation } = check;
  const finding: Finding = {
    kind: "cpu-below",
    meanPercent: window.meanPercent,
    limitPercent: policy.shrinkThresholdPercent,
  };
  if (seen.desired <= Math.max(1, seen.min)) {
    return same(check, { kind: "at-minimum", min: Math.max(1, seen.min), finding });
  }
  if (window.meanIfMissingAreFull >= policy.shrinkThresholdPercent) {
    const { of, points, meanIfMissingAreFull: ifFullPercent } = window;
    return same(check, { kind: "points-missing", finding, missing: of - points, of, ifFullPercent });
  }
  const cooldownEndsAt = (state.change?.at ?? Number.NEGATIVE_INFINITY) + lasting(seen, policy.cooldownSeconds);
  if (now < cooldownEndsAt && state.change !== null) {
    const { from, to } = state.change;
    const secondsLeft = Math.ceil((cooldownEndsAt - now) / 1000);
    return same(check, { kind: "cooling-down", secondsLeft, change: { from, to } });
  }
  const have = Math.min(state.low.checks, confirmation.checks);
  if (have < confirmation.checks)
    return same(check, { kind: "would-shrink", finding, have, need: confirmation.checks });
  return shrinkTo(check, window, finding);
}

function shrinkTo(check: Check, window: Window, finding: Finding): Decided {
  const { policy, seen, state, now, facts, confirmation } = check;
  const peak = peakLoad(check, window, confirmation.peakMinutes);
  if (peak.kind === "unknown") return same(check, unknownPeak(peak));

  const smallest = Math.max(seen.min, 1, Math.min(seen.desired - 1, ceil(seen.desired * policy.shrinkRatio)));
  const tried: Forecast[] = [];
  for (let size = smallest; size < seen.desired; size += 1) {
    const forecast = forecastOf(check, window, peak.load, size);
    if (forecast.kind === "unknown") {
      if (size < seen.desired - 1) continue;
      return same(check, unknownPeak(forecast));
    }
    tried.push(forecast);
    if (forecast.percent < forecast.limit) break;
  }
  const last = tried.at(-1);
  const limitPercent = hysteresisShare(policy.hysteresisMarginPercent) * policy.growThresholdPercent;
  const sizes = tried.map(({ workers, percent, withinSeconds }): SizeForecast => ({ workers, percent, withinSeconds }));
  const numbers = {
    peak: { load: peak.load, minutes: confirmation.peakMinutes },
    forecast: sizes.map(({ workers, percent }) => ({ workers, percent })),
    forecastLimit: limitPercent,
    wanted: smallest,
  };
  const longerLimitPercent = tried.find((entry) => entry.withinSeconds !== null)?.limit ?? null;
  if (last === undefined || last.percent >= last.limit) {
    return same(check, { kind: "cpu-too-much", sizes, limitPercent, longerLimitPercent }, numbers);
  }
  const decision = resize(
    {
      kind: "cpu-shrank",
      pool: seen.pool,
      from: seen.desired,
      to: last.workers,
      finding,
      checks: confirmation.checks,
      sizes,
      limitPercent,
      longerLimitPercent,
    },
    { ...facts, ...numbers },
  );
  return { decision, state: changeSize(afterShrink(state, now), seen.desired, last.workers, now) };
}

/** What a smaller pool would run at, or would have run at within a longer time. */
interface Forecast extends SizeForecast {
  readonly limit: number;
}

function forecastOf(
  check: Check,
  window: Window,
  peak: number,
  size: number,
): ({ readonly kind: "known" } & Forecast) | UnknownPeak {
  const { policy, seen, confirmation } = check;
  const near = (peak / size) * 100;
  const limit = hysteresisShare(policy.hysteresisMarginPercent) * policy.growThresholdPercent;
  if (near >= limit) return { kind: "known", workers: size, percent: near, limit, withinSeconds: null };
  const minutes = lookbackMinutes(confirmation, seen.desired, size);
  const far = peakLoad(check, window, minutes);
  if (far.kind === "unknown") return far;
  const share = (far.load / size) * 100;
  const farLimit = hysteresisShare(policy.hysteresisMarginPercent * LOOKBACK_PART) * policy.growThresholdPercent;
  const withinSeconds = lasting(seen, minutes * 60) / 1000;
  if (share >= farLimit) return { kind: "known", workers: size, percent: share, limit: farLimit, withinSeconds };
  return { kind: "known", workers: size, percent: near, limit, withinSeconds: null };
}

interface UnknownPeak {
  readonly kind: "unknown";
  readonly cause: "missing" | "full";
  readonly withinSeconds: number;
}

/**
 * The highest load of so many minutes up to the window's end; unknown when one of them is missing or its load is
 * hidden.
 */
function peakLoad(
  { seen, state }: Check,
  window: Window,
  minutes: number,
): { readonly kind: "known"; readonly load: number } | UnknownPeak {
  const from = window.to - lasting(seen, minutes * 60);
  const recorded = state.minutes.filter((minute) => minute.at >= from && minute.at < window.to);
  const unknown = (cause: UnknownPeak["cause"]): UnknownPeak => ({
    kind: "unknown",
    cause,
    withinSeconds: lasting(seen, minutes * 60) / 1000,
  });
  if (recorded.some((minute) => !isKnown(minute))) return unknown("missing");
  const loads = recorded.map((minute) => highestLoadOf(state, minute));
  if (loads.some((load) => load.hidden && !load.estimated)) return unknown("full");
  return { kind: "known", load: Math.max(window.load.value, ...loads.map((load) => load.value)) };
}

function unknownPeak({ cause, withinSeconds }: UnknownPeak) {
  return { kind: "peak-unknown", cause, withinSeconds } as const;
}
