import { rounded } from "./adaptive-measure.ts";
import { riseByMovement } from "./adaptive-rises.ts";
import { seasonForecast } from "./adaptive-season.ts";
import type { AdaptiveState, LoadPoint } from "./adaptive-state.ts";
import { errorsOf, newestOf, rankOf, type Track, trackOf } from "./adaptive-track.ts";

export const LEARNED_PERIODS = 360;
/** With fewer pairs nothing is known of the source; with more, what was learned counts alone. */
const FEW_PAIRS = 20;
export const MANY_PAIRS = 120;
/** Until something is learned, the pool is kept at this share of its workers. */
const UNLEARNED_SHARE = 0.6;
const RISING_SHARE = 0.1;
const LIKE_RISE = 0.35;
const RISES_NEEDED = 10;
/** A shrink looks at the forecasts of so many of the newest minutes; older ones are not made. */
export const FORECAST_PEAK_MINUTES = 3;

/** Loads in workers' worth. */
export interface Forecast {
  readonly level: number;
  readonly rise: number;
  /** Room for what the load usually rises within `ahead` periods. */
  readonly head: number;
  /** Room by how the load moves now: less than `head` where it rests, more where it rises. */
  readonly risingHead: number;
  readonly base: number;
  readonly forecast: number;
  readonly ahead: number;
  /** Pairs of a forecast's origin and what came `ahead` periods later. */
  readonly pairs: number;
  /** Foreseen by the same minutes of the last hours, because the hours repeat. */
  readonly bySeason: boolean;
  /** Most of the room is kept because of the minute of the half hour. */
  readonly byClock: boolean;
}

export interface ForecastOptions {
  readonly ahead: number;
  /** A share. */
  readonly risk: number;
  /** Whether room is kept because of the minute of the half hour. */
  readonly clock: boolean;
}

/** Foresees the load `ahead` periods after the point at `index`, from the points up to it. */
export function forecastAt(
  points: readonly LoadPoint[],
  index: number,
  { ahead, risk, clock }: ForecastOptions,
): Forecast | null {
  const point = points[index];
  if (point === undefined) return null;
  const track = trackOf(points, index, LEARNED_PERIODS + ahead);
  const { errors, rises } = learnedOf(track, ahead);
  const { level, rise } = point;
  const unlearned = level / UNLEARNED_SHARE - level;
  const weight = Math.min(1, Math.max(0, (errors.length - FEW_PAIRS) / (MANY_PAIRS - FEW_PAIRS)));
  const learned = Math.max(0, quantile(errors, 1 - risk) ?? 0);
  const head = weight * learned + (1 - weight) * unlearned;
  const known = { level, rise, ahead, pairs: errors.length } as const;

  const season = seasonForecast(track, ahead, risk);
  if (season !== null) {
    const room = season.load - level;
    return {
      ...known,
      head: room,
      risingHead: room,
      base: rounded(season.beyond),
      forecast: rounded(season.load),
      bySeason: true,
      byClock: false,
    };
  }
  const usual = riseByMovement(track, { ahead, risk, periods: LEARNED_PERIODS, clock });
  const expected = usual === null ? head : Math.max(0, weight * usual.rise + (1 - weight) * unlearned);
  const unusual = unusualRise({ level, rise, ahead, rises });
  const risingHead = Math.max(expected, unusual);
  return {
    ...known,
    head,
    risingHead,
    base: rounded(level + head),
    forecast: rounded(level + risingHead),
    bySeason: false,
    byClock: usual !== null && expected > unusual && weight * usual.byClock > expected / 2,
  };
}

/** Room for a rise of a kind that the last hours do not know: it may go on as it began. */
function unusualRise({
  level,
  rise,
  ahead,
  rises,
}: {
  readonly level: number;
  readonly rise: number;
  readonly ahead: number;
  readonly rises: readonly number[];
}): number {
  const isRising = rise > RISING_SHARE * level;
  const alike = rises.filter((each) => each >= LIKE_RISE * rise).length;
  return isRising && alike < RISES_NEEDED ? Math.min(level, (rise * ahead) / 4) : 0;
}

/**
 * Notes the forecasts that a shrink looks at: of the points since `from` or corrected since, and of the newest, whose
 * way ahead may have grown. That one is given as well; null without points.
 */
export function noteForecasts(
  memory: AdaptiveState,
  { from, ...options }: { readonly from: number } & ForecastOptions,
): { readonly adaptive: AdaptiveState; readonly forecast: Forecast | null } {
  const newest = memory.points.length - 1;
  let forecast: Forecast | null = null;
  const points = memory.points.map((point, index) => {
    const isNoted = point.period <= from && point.forecast !== undefined;
    if (newest - index >= FORECAST_PEAK_MINUTES || (isNoted && index < newest)) return point;
    const made = forecastAt(memory.points, index, options);
    if (index === newest) forecast = made;
    return made === null ? point : { ...point, base: made.base, forecast: made.forecast };
  });
  return { adaptive: { ...memory, points }, forecast };
}

export function quantile(values: readonly number[], share: number): number | null {
  return rankOf(Float64Array.from(values).sort(), share);
}

/** The known errors of the learned periods, and the rise when each was foreseen. */
function learnedOf(
  track: Track,
  ahead: number,
): { readonly errors: readonly number[]; readonly rises: readonly number[] } {
  const all = errorsOf(track, ahead);
  const errors: number[] = [];
  const rises: number[] = [];
  for (let at = Math.max(ahead, newestOf(track) - LEARNED_PERIODS + 1); at < all.length; at += 1) {
    const error = all[at] ?? Number.NaN;
    if (Number.isNaN(error)) continue;
    errors.push(error);
    rises.push(track.rises[at - ahead] ?? 0);
  }
  return { errors, rises };
}
