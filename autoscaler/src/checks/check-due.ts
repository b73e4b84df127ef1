/** Workers write their points within half a second of a period's end. */
const POINTS_WRITTEN_MS = 1_000;

/**
 * When the check after the one at `last` is due, epoch milliseconds. With the period of the workers' own points it
 * falls right after the end of one: at any other time its newest point would be up to a period older. `pointsMs` is
 * null where the rule does not look at those; a period that does not divide the tick is left alone.
 */
export function checkDueAt(
  last: number,
  { tickMs, pointsMs }: { readonly tickMs: number; readonly pointsMs: number | null },
): number {
  const due = last + tickMs;
  if (pointsMs === null || pointsMs <= POINTS_WRITTEN_MS || tickMs % pointsMs !== 0) return due;
  return Math.floor(due / pointsMs) * pointsMs + POINTS_WRITTEN_MS;
}
