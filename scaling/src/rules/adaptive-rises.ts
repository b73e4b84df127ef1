import { errorsOf, newestOf, type Track } from "./adaptive-track.ts";
import { fitQuantile, predict } from "./quantile-regression.ts";

/** Fewer say nothing about seven coefficients. */
const CASES_NEEDED = 30;
const COLUMNS = 7;
const CLOCK_COLUMN = 6;
/** Clocks start work each hour, half hour, quarter or 10 minutes, though not each time: the lag covers them all. */
const CLOCK_MINUTES = 30;

/** Loads in workers' worth. */
export interface UsualRise {
  readonly rise: number;
  /** The part of it that is expected because of the minute of the half hour. */
  readonly byClock: number;
}

interface Options {
  readonly ahead: number;
  /** A share. */
  readonly risk: number;
  readonly periods: number;
  /** Whether the clock is looked at. */
  readonly clock: boolean;
}

/**
 * How much the load may rise above its level within `ahead` periods, for all but the risk, by how it moves now: a
 * quantile regression over the known minutes on the last two changes, on the load against its level, on the rise, and
 * on what happened at the same minute of earlier half hours. Null where too little is known.
 */
export function riseByMovement(track: Track, { ahead, risk, periods, clock }: Options): UsualRise | null {
  const newest = newestOf(track);
  const errors = errorsOf(track, ahead);
  const expected = (at: number): number => (clock ? riseByClock(errors, at, ahead) : 0);
  const now = new Float64Array(COLUMNS);
  if (!movementAt(track, newest, { to: now, from: 0 })) return null;
  now[CLOCK_COLUMN] = expected(newest + ahead);
  const known = new Float64Array(periods * COLUMNS);
  const came = new Float64Array(periods);
  let count = 0;
  for (let at = Math.max(ahead, newest - periods + 1); at <= newest; at += 1) {
    const error = errors[at] ?? Number.NaN;
    if (Number.isNaN(error)) continue;
    if (!movementAt(track, at - ahead, { to: known, from: count * COLUMNS })) continue;
    known[count * COLUMNS + CLOCK_COLUMN] = expected(at);
    came[count] = error;
    count += 1;
  }
  if (count < CASES_NEEDED) return null;
  const coefficients = fitQuantile({ columns: COLUMNS, count, known, came }, 1 - risk);
  // A line goes on for ever: nothing is foreseen that was never seen.
  const most = came.subarray(0, count).reduce((highest, error) => Math.max(highest, error), 0);
  return {
    rise: Math.min(most, predict(now, 0, coefficients)),
    byClock: (coefficients[CLOCK_COLUMN] ?? 0) * now[CLOCK_COLUMN],
  };
}

/**
 * What the load rose at the same minute of earlier half hours, at least twice: the second highest, because one may be
 * chance. Only of what was known `ahead` periods before; never negative.
 */
function riseByClock(errors: Float64Array, at: number, ahead: number): number {
  let highest = 0;
  let second = 0;
  for (let past = at - CLOCK_MINUTES; past >= 0; past -= CLOCK_MINUTES) {
    const error = past > at - ahead ? 0 : (errors[past] ?? 0);
    if (error > highest) {
      second = highest;
      highest = error;
    } else if (error > second) second = error;
  }
  return second;
}

/** Writes the row of a minute, but for the clock. False where one of the last three minutes is not known. */
function movementAt(
  { loads, levels, rises }: Track,
  at: number,
  { to, from }: { readonly to: Float64Array; readonly from: number },
): boolean {
  const [load, before, earlier] = [0, 1, 2].map((back) => loads[at - back] ?? Number.NaN) as [number, number, number];
  const change = load - before;
  const changeBefore = before - earlier;
  if (Number.isNaN(change + changeBefore)) return false;
  to[from] = 1;
  to[from + 1] = Math.max(0, change);
  to[from + 2] = Math.max(0, -change);
  to[from + 3] = Math.max(0, changeBefore);
  to[from + 4] = load - (levels[at] ?? load);
  to[from + 5] = Math.max(0, rises[at] ?? 0);
  return true;
}
