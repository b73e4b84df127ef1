import type { LoadPoint } from "./adaptive-state.ts";

/**
 * The points by period, without gaps: NaN where nothing is known. Arrays of numbers, because every check goes through
 * six hours of them.
 */
export interface Track {
  readonly loads: Float64Array;
  readonly levels: Float64Array;
  readonly rises: Float64Array;
  readonly blind: Uint8Array;
}

/** The points up to the one at `index`, at most `length` periods back. */
export function trackOf(points: readonly LoadPoint[], index: number, length: number): Track {
  const last = points[index]?.period ?? 0;
  const first = Math.max(points[0]?.period ?? last, last - length + 1);
  const size = last - first + 1;
  const loads = new Float64Array(size).fill(Number.NaN);
  const levels = new Float64Array(size).fill(Number.NaN);
  const rises = new Float64Array(size);
  const blind = new Uint8Array(size);
  for (let at = index; at >= 0; at -= 1) {
    const point = points[at];
    if (point === undefined || point.period < first) break;
    const slot = point.period - first;
    loads[slot] = point.load;
    levels[slot] = point.level;
    rises[slot] = point.rise;
    blind[slot] = point.blind === true ? 1 : 0;
  }
  return { loads, levels, rises, blind };
}

export function newestOf({ loads }: Track): number {
  return loads.length - 1;
}

/** What each load was above the level `ahead` periods before; NaN where one is not known, or the level was a guess. */
export function errorsOf({ loads, levels, blind }: Track, ahead: number): Float64Array {
  return loads.map((load, at) =>
    at < ahead || blind[at - ahead] === 1 ? Number.NaN : load - (levels[at - ahead] ?? Number.NaN),
  );
}

/** Nearest rank of sorted values: the smallest that at least this share of them does not exceed. */
export function rankOf(sorted: Float64Array, share: number): number | null {
  const rank = Math.max(1, Math.ceil(share * sorted.length - 1e-9));
  return sorted[rank - 1] ?? null;
}
