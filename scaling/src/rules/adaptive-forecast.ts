import { CORRECTED_PERIODS, rounded } from "./adaptive-measure.ts";
import type { AdaptiveState, LoadPoint } from "./adaptive-state.ts";

export const LEARNED_PERIODS = 360;
/** With fewer pairs nothing is known of the source; with more, what was learned counts alone. */
const FEW_PAIRS = 20;
export const MANY_PAIRS = 120;
/** Until something is learned, the pool is kept at this share of its workers. */
const UNLEARNED_SHARE = 0.6;
const RISING_SHARE = 0.1;
const LIKE_RISE = 0.35;
const RISES_NEEDED = 10;

/** Loads in workers' worth. */
export interface Forecast {
  readonly level: number;
  readonly rise: number;
  /** Room for what the load usually rises within `ahead` periods. */
  readonly head: number;
  /** Room for a load that is rising now; `head` when it is not. */
  readonly risingHead: number;
  readonly base: number;
  readonly forecast: number;
  readonly ahead: number;
  /** Pairs of a forecast's origin and what came `ahead` periods later. */
  readonly pairs: number;
}

/** Foresees the load `ahead` periods after the point at `index`, from the points up to it. `risk` is a share. */
export function forecastAt(points: readonly LoadPoint[], index: number, ahead: number, risk: number): Forecast | null {
  const point = points[index];
  if (point === undefined) return null;
  const errors = pairsUpTo(points, index, ahead);
  const all = errors.map((pair) => pair.error);
  const { level, rise } = point;
  const unlearned = level / UNLEARNED_SHARE - level;
  const weight = Math.min(1, Math.max(0, (all.length - FEW_PAIRS) / (MANY_PAIRS - FEW_PAIRS)));
  const learned = Math.max(0, quantile(all, 1 - risk) ?? 0);
  const head = weight * learned + (1 - weight) * unlearned;

  let risingHead = head;
  if (rise > RISING_SHARE * level) {
    const alike = errors.filter((pair) => pair.rise >= LIKE_RISE * rise).map((pair) => pair.error);
    const more = alike.length >= RISES_NEEDED ? (quantile(alike, 1 - risk) ?? 0) : Math.min(level, (rise * ahead) / 4);
    risingHead = Math.max(head, more);
  }
  return {
    level,
    rise,
    head,
    risingHead,
    base: rounded(level + head),
    forecast: rounded(level + risingHead),
    ahead,
    pairs: all.length,
  };
}

/** Notes the forecast of every point since `from` or corrected since, and of the newest, whose way ahead may have grown. */
export function noteForecasts(
  memory: AdaptiveState,
  { from, ahead, risk }: { readonly from: number; readonly ahead: number; readonly risk: number },
): AdaptiveState {
  const newest = memory.points.length - 1;
  const points = memory.points.map((point, index) => {
    const isNoted = point.period <= from && (point.forecast !== undefined || newest - index >= CORRECTED_PERIODS);
    if (isNoted && index < newest) return point;
    const made = forecastAt(memory.points, index, ahead, risk);
    return made === null ? point : { ...point, base: made.base, forecast: made.forecast };
  });
  return { ...memory, points };
}

/** Nearest rank: the smallest value that at least this share of the values does not exceed. */
export function quantile(values: readonly number[], share: number): number | null {
  const rank = Math.max(1, Math.ceil(share * values.length - 1e-9));
  return values.toSorted((a, b) => a - b)[rank - 1] ?? null;
}

function pairsUpTo(
  points: readonly LoadPoint[],
  index: number,
  ahead: number,
): readonly { readonly error: number; readonly rise: number }[] {
  const newest = points[index]?.period ?? 0;
  const origins = new Map(points.map((point) => [point.period, point]));
  return points.slice(0, index + 1).flatMap((point) => {
    const origin = origins.get(point.period - ahead);
    if (origin === undefined || origin.blind === true || point.period <= newest - LEARNED_PERIODS) return [];
    return [{ error: point.load - origin.level, rise: origin.rise }];
  });
}
