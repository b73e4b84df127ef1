import { errorsOf, newestOf, rankOf, type Track } from "./adaptive-track.ts";

/**
 * Minutes of the hour repeat where clocks start the work: bursts each 10, 15, 20, 30 or 60 minutes all come again after
 * an hour.
 */
const LAGS = [60, 120, 180] as const;
/** So many minutes judge whether the hours repeat, and so many of them must be known. */
const JUDGED_PERIODS = 180;
const PAIRS_NEEDED = 45;
/** The hours repeat when they foresee the load so much better than its level does. */
const GAIN = 0.7;
/**
 * More than they foresaw, by so many times their usual error and by so much of the load: what happens now is something
 * else.
 */
const SURPRISE = 2;
const SURPRISE_SHARE = 0.1;
const SMALLEST_SURPRISE = 0.1;
/** A shrink looks so many minutes beyond the time ahead: what comes again so soon keeps its workers. */
const FAR_PERIODS = 3;

/** Loads that the last hours foresee, with room for all but the risk. */
export interface SeasonForecast {
  readonly load: number;
  /** The highest of the minutes beyond. */
  readonly beyond: number;
}

/** What the same minutes of the last hours foresee; null where the hours do not repeat. `risk` is a share. */
export function seasonForecast(track: Track, ahead: number, risk: number): SeasonForecast | null {
  const plainErrors = errorsOf(track, ahead);
  const newest = newestOf(track);
  const own: number[] = [];
  const plain: number[] = [];
  for (let at = Math.max(ahead, newest - JUDGED_PERIODS + 1); at <= newest; at += 1) {
    const error = plainErrors[at] ?? Number.NaN;
    const expected = riseOfHours(track, at - ahead, ahead);
    if (Number.isNaN(error) || Number.isNaN(expected)) continue;
    own.push(error - expected);
    plain.push(error);
  }
  if (own.length < PAIRS_NEEDED) return null;
  const latest = own.at(-1) ?? 0;
  const share = 1 - risk;
  const errors = Float64Array.from(own).sort();
  if (quantileLoss(errors, share) >= GAIN * quantileLoss(Float64Array.from(plain).sort(), share)) return null;
  const head = Math.max(0, rankOf(errors, share) ?? 0);
  const level = track.levels[newest] ?? 0;
  if (latest > Math.max(SURPRISE * head, SURPRISE_SHARE * level, SMALLEST_SURPRISE)) return null;
  const foreseen = Array.from({ length: FAR_PERIODS + 1 }, (_, more) => riseOfHours(track, newest, ahead + more)).map(
    (rise) => level + rise + head,
  );
  const [load = Number.NaN] = foreseen;
  const known = foreseen.filter((value) => !Number.isNaN(value));
  return Number.isNaN(load) ? null : { load, beyond: Math.max(...known) };
}

/**
 * How much the load rose above its level at the same minute of the last hours, on average; NaN where nothing is known.
 */
function riseOfHours({ loads, levels }: Track, origin: number, ahead: number): number {
  let sum = 0;
  let count = 0;
  for (const lag of LAGS) {
    const rise = (loads[origin + ahead - lag] ?? Number.NaN) - (levels[origin - lag] ?? Number.NaN);
    if (Number.isNaN(rise)) continue;
    sum += rise;
    count += 1;
  }
  return count === 0 ? Number.NaN : sum / count;
}

/**
 * The mean cost of room for `share` of the errors: what is above it counts by that share, what is below by the rest.
 */
function quantileLoss(sorted: Float64Array, share: number): number {
  const room = rankOf(sorted, share) ?? 0;
  let sum = 0;
  for (const error of sorted) sum += error > room ? share * (error - room) : (1 - share) * (room - error);
  return sum / Math.max(1, sorted.length);
}
