import type { Minute } from "../policy-state.ts";
import type { AdaptiveState, LoadPoint } from "./adaptive-state.ts";
import { isKnown } from "./minutes.ts";

/** The longest lookback window (360 periods) and the longest way ahead. */
const KEPT_POINTS = 380;
/** A shrink looks back 30 periods at most. */
const KEPT_FORECASTS = 30;
const KEPT_RATIOS = 31;
const RATIOS_NEEDED = 5;
/** Below this the CPU shows the load; from `FULL` on it shows nothing but that the workers are full. */
const BUSY = 0.9;
const FULL = 0.97;
const IDLE = 0.1;
/** Requests and CPU must agree this well before the requests are the better measure: they have less noise. */
const AGREEMENT = 0.2;
const NOT_MORE_THAN_FULL = 1.05;
const BLIND_GUESS = 1.3;

/** Takes every period that is known and newer than the newest point into the state. */
export function measureMinutes(memory: AdaptiveState, minutes: readonly Minute[]): AdaptiveState {
  const periodMs = memory.periodSeconds * 1000;
  const newest = memory.points.at(-1)?.period ?? Number.NEGATIVE_INFINITY;
  return minutes
    .filter((minute) => isKnown(minute) && Math.round(minute.at / periodMs) > newest)
    .reduce((taken, minute) => measure(taken, minute, Math.round(minute.at / periodMs)), memory);
}

export function median(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}

function measure(memory: AdaptiveState, minute: Minute, period: number): AdaptiveState {
  const cpu = minute.cpuSum / minute.reporting / 100;
  const used = cpu * minute.members;
  const ratio = median(memory.ratios);
  const byRequests = ratio === null || minute.requests === null ? 0 : minute.requests / ratio;
  const isHidden = cpu >= FULL && byRequests < NOT_MORE_THAN_FULL * minute.members;
  const hidden = isHidden ? memory.hidden + 1 : 0;
  const blind = hidden >= (ratio === null ? 1 : 2);
  const teaches = cpu < BUSY && cpu > IDLE && minute.requests !== null && minute.requests > 0;
  const ratios = teaches ? [...memory.ratios, (minute.requests ?? 0) / used].slice(-KEPT_RATIOS) : memory.ratios;
  const agrees = memory.ratios.length >= RATIOS_NEEDED && Math.abs(byRequests - used) <= AGREEMENT * used;

  let load = agrees ? byRequests : used;
  if (cpu >= BUSY) load = Math.max(byRequests, cpu >= FULL ? minute.members : used);
  if (blind) load = Math.max(byRequests, BLIND_GUESS * minute.members);
  return { ...memory, ratios, hidden, points: withPoint(memory.points, period, rounded(load), blind) };
}

function withPoint(
  before: readonly LoadPoint[],
  period: number,
  load: number,
  blind: boolean,
): AdaptiveState["points"] {
  const loads = new Map(before.slice(-6).map((point) => [point.period, point.load]));
  loads.set(period, load);
  const mean = (from: number, to: number): number | null => {
    const known = [...loads].flatMap(([at, value]) => (at >= from && at <= to ? [value] : []));
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  const lastTwo = mean(period - 1, period) ?? load;
  const earlier = mean(period - 5, period - 3) ?? lastTwo;
  const point: LoadPoint = {
    period,
    load,
    level: rounded(Math.max(lastTwo, mean(period - 4, period) ?? load)),
    rise: rounded(lastTwo - earlier),
    ...(blind ? { blind } : {}),
  };
  return [...before, point]
    .slice(-KEPT_POINTS)
    .map((kept) => (kept.period > period - KEPT_FORECASTS ? kept : bare(kept)));
}

function bare(point: LoadPoint): LoadPoint {
  if (point.forecast === undefined) return point;
  const { base: _base, forecast: _forecast, ...rest } = point;
  return rest;
}

/** Four decimals are finer than any metric, and a third of the JSON. */
export function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
