import { median } from "../numbers.ts";
import type { Minute } from "../policy-state.ts";
import type { AdaptiveState, LoadPoint } from "./adaptive-state.ts";
import { isKnown, silentOf } from "./minutes.ts";

/** The longest lookback window (360 periods) and the longest way ahead. */
const KEPT_POINTS = 380;
/** A shrink looks back 30 periods at most. */
const KEPT_FORECASTS = 30;
const KEPT_RATIOS = 31;
/** Points so new may still be corrected. */
const CORRECTED_PERIODS = 6;
const RATIOS_NEEDED = 5;
/** Below this the CPU shows the load; from `FULL` on it shows nothing but that the workers are full. */
const BUSY = 0.9;
const FULL = 0.97;
const IDLE = 0.1;
/** Requests and CPU must agree this well before the requests are the better measure: they have less noise. */
const AGREEMENT = 0.2;
const NOT_MORE_THAN_FULL = 1.05;
const BLIND_GUESS = 1.3;

/**
 * Takes every period that is known and newer than the newest point into the state, and corrects the last few points:
 * what was missing from them may have come since.
 */
export function measureMinutes(adaptive: AdaptiveState, minutes: readonly Minute[]): AdaptiveState {
  const periodMs = adaptive.periodSeconds * 1000;
  const periodOf = (minute: Minute): number => Math.round(minute.at / periodMs);
  const newest = adaptive.points.at(-1)?.period ?? Number.NEGATIVE_INFINITY;
  const known = minutes.filter(isKnown);
  const corrected = known
    .filter((minute) => periodOf(minute) <= newest && periodOf(minute) > newest - CORRECTED_PERIODS)
    .reduce((taken, minute) => correct(taken, minute, periodOf(minute)), adaptive);
  return known
    .filter((minute) => periodOf(minute) > newest)
    .reduce((taken, minute) => measure(taken, minute, periodOf(minute)), corrected);
}

function measure(adaptive: AdaptiveState, minute: Minute, period: number): AdaptiveState {
  const { cpu, byRequests } = sourcesOf(adaptive, minute);
  const ratio = median(adaptive.ratios);
  const isHidden = cpu >= FULL && byRequests < NOT_MORE_THAN_FULL * minute.members;
  const hidden = isHidden ? adaptive.hidden + 1 : 0;
  const blind = hidden >= (ratio === null ? 1 : 2);
  const teaches = cpu < BUSY && cpu > IDLE && minute.requests !== null && minute.requests > 0;
  const ratios = teaches
    ? [...adaptive.ratios, (minute.requests ?? 0) / (cpu * minute.members)].slice(-KEPT_RATIOS)
    : adaptive.ratios;
  const load = loadOfMinute(adaptive, minute, blind);
  const points = [...adaptive.points, pointAt(adaptive.points, minute, { period, load, blind })];
  return { ...adaptive, ratios, hidden, points: forgetOld(points, period) };
}

/** The same period with points that came late, or between two that came. */
function correct(adaptive: AdaptiveState, minute: Minute, period: number): AdaptiveState {
  const index = adaptive.points.findIndex((point) => point.period >= period);
  const before = adaptive.points[index];
  const known = before?.period === period ? before : undefined;
  const blind = known?.blind === true;
  const load = loadOfMinute(adaptive, minute, blind);
  if (known !== undefined && known.load === rounded(load) && (known.lost ?? 0) === lostOf(minute)) return adaptive;
  const earlier = adaptive.points.slice(0, index);
  const later = adaptive.points.slice(known === undefined ? index : index + 1);
  const points = [...earlier, pointAt(earlier, minute, { period, load, blind })];
  // What follows changes with it: its level, its rise and its forecast.
  for (const { base: _base, forecast: _forecast, ...point } of later) {
    points.push({ ...point, ...levelOf(points, point.period, point.load) });
  }
  return { ...adaptive, points };
}

interface Sources {
  readonly cpu: number;
  readonly used: number;
  readonly byRequests: number;
}

function sourcesOf(adaptive: AdaptiveState, minute: Minute): Sources {
  const cpu = minute.cpuSum / minute.reporting / 100;
  const ratio = median(adaptive.ratios);
  const byRequests = ratio === null || minute.requests === null ? 0 : minute.requests / ratio;
  return { cpu, used: cpu * minute.members, byRequests };
}

function loadOfMinute(adaptive: AdaptiveState, minute: Minute, blind: boolean): number {
  const { cpu, used, byRequests } = sourcesOf(adaptive, minute);
  if (blind) return Math.max(byRequests, BLIND_GUESS * minute.members);
  if (cpu >= BUSY) return Math.max(byRequests, cpu >= FULL ? minute.members : used);
  const agrees = adaptive.ratios.length >= RATIOS_NEEDED && Math.abs(byRequests - used) <= AGREEMENT * used;
  return agrees ? byRequests : used;
}

/** Every silent worker may have been full. */
function lostOf(minute: Minute): number {
  const mean = minute.cpuSum / minute.reporting / 100;
  return rounded(silentOf(minute) * Math.max(0, 1 - mean));
}

function pointAt(
  earlier: readonly LoadPoint[],
  minute: Minute,
  { period, load, blind }: { readonly period: number; readonly load: number; readonly blind: boolean },
): LoadPoint {
  const lost = lostOf(minute);
  return {
    period,
    load: rounded(load),
    ...levelOf(earlier, period, load),
    ...(lost > 0 ? { lost } : {}),
    ...(blind ? { blind } : {}),
  };
}

function levelOf(earlier: readonly LoadPoint[], period: number, load: number): Pick<LoadPoint, "level" | "rise"> {
  const loads = new Map(earlier.slice(-6).map((point) => [point.period, point.load]));
  loads.set(period, load);
  const mean = (from: number, to: number): number | null => {
    const known = [...loads].flatMap(([at, value]) => (at >= from && at <= to ? [value] : []));
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  const lastTwo = mean(period - 1, period) ?? load;
  const before = mean(period - 5, period - 3) ?? lastTwo;
  return { level: rounded(Math.max(lastTwo, mean(period - 4, period) ?? load)), rise: rounded(lastTwo - before) };
}

function forgetOld(points: readonly LoadPoint[], period: number): LoadPoint[] {
  return points.slice(-KEPT_POINTS).map((kept) => (kept.period > period - KEPT_FORECASTS ? kept : bare(kept)));
}

function bare(point: LoadPoint): LoadPoint {
  if (point.forecast === undefined && point.lost === undefined) return point;
  const { base: _base, forecast: _forecast, lost: _lost, ...rest } = point;
  return rest;
}

/** Four decimals are finer than any metric, and a third of the JSON. */
export function rounded(value: number): number {
  // Without the sum a small negative value would become -0, which JSON does not keep.
  return Math.round(value * 10_000) / 10_000 + 0;
}
