import { newestOf, type Track } from "./adaptive-track.ts";
import { predictQuantile } from "./quantile-regression.ts";

/** Fewer say nothing about six coefficients. */
const CASES_NEEDED = 30;
const COLUMNS = 6;

/**
 * How much the load may rise above its level within `ahead` periods, for all but the risk, by how it moves now: a
 * quantile regression over the known minutes on the last two changes, on the load against its level and on the rise.
 * Null where too little is known. `risk` is a share.
 */
export function riseByMovement(
  track: Track,
  { ahead, risk, periods }: { readonly ahead: number; readonly risk: number; readonly periods: number },
): number | null {
  const { loads, levels, blind } = track;
  const newest = newestOf(track);
  const now = new Float64Array(COLUMNS);
  if (!movementAt(track, newest, { to: now, from: 0 })) return null;
  const known = new Float64Array(periods * COLUMNS);
  const came = new Float64Array(periods);
  let count = 0;
  for (let at = Math.max(ahead, newest - periods + 1); at <= newest; at += 1) {
    const origin = at - ahead;
    const error = (loads[at] ?? Number.NaN) - (levels[origin] ?? Number.NaN);
    if (Number.isNaN(error) || blind[origin] === 1) continue;
    if (!movementAt(track, origin, { to: known, from: count * COLUMNS })) continue;
    came[count] = error;
    count += 1;
  }
  if (count < CASES_NEEDED) return null;
  const predicted = predictQuantile({ columns: COLUMNS, count, known, came }, now, 1 - risk);
  // A line goes on for ever: nothing is foreseen that was never seen.
  return Math.min(
    predicted,
    came.subarray(0, count).reduce((most, error) => Math.max(most, error), 0),
  );
}

/** Writes one row. False where one of the last three minutes is not known. */
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
