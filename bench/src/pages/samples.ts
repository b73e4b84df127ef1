/** The same keys with one figure for the samples of each. */
export function within<Key extends string>(
  samples: Readonly<Record<Key, readonly number[]>>,
  figure: (values: readonly number[]) => number,
): Record<Key, number> {
  const entries = Object.entries<readonly number[]>(samples).map(([key, values]) => [key, figure(values)]);
  return Object.fromEntries(entries) as Record<Key, number>; // the keys of the samples
}
