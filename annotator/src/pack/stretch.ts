/** Positions from first to last, both included. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Longer than any chromosome. */
export const WHOLE: Stretch = { from: 1, to: 2_147_483_647 };

export function within(a: Stretch, b: Stretch): Stretch {
  return { from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) };
}

/** Index of the first element that is greater than `value`; elements are sorted. */
export function firstAbove(sorted: Int32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
