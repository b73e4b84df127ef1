/** `ceil` that does not see 5 × 1.4 = 7.000000000000001 as more than 7. */
export function ceil(value: number): number {
  // Without the sum the ceiling of 0 would be -0.
  return Math.ceil(value - 1e-9) + 0;
}

export function clamp(size: number, limits: { readonly min: number; readonly max: number }): number {
  return Math.min(limits.max, Math.max(limits.min, size));
}

/** The middle value, the upper one of two; null of nothing. */
export function median(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}
