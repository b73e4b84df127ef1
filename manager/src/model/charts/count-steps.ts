/** The worker counts from an instant on: what the worker chart draws. */
export interface CountRow {
  readonly at: number;
  readonly desired: number;
  readonly inService: number;
  readonly warming: number;
  readonly pending: number;
  readonly draining: number;
}

/** Worker counts that hold from `at` until the next step; null counts: nothing is known. */
export interface CountStep {
  readonly at: number;
  readonly counts: {
    readonly desired: number;
    readonly inService: number;
    readonly warming: number;
    readonly pending: number;
    readonly draining: number;
  } | null;
}

/**
 * The rows, oldest first, as steps within [from, to], without those that change nothing. Where rows are missing for
 * longer than `maxAgeMs` nothing is known. `now` adds the counts of this moment.
 */
export function toSteps(
  rows: readonly CountRow[],
  { from, to, maxAgeMs }: { readonly from: number; readonly to: number; readonly maxAgeMs: number },
  now?: Omit<CountRow, "at">,
): readonly CountStep[] {
  const steps: CountStep[] = [];
  const push = (at: number, counts: CountStep["counts"]): void => {
    const placed = Math.max(at, from);
    const last = steps.at(-1);
    if (last !== undefined && isEqual(last.counts, counts)) return;
    if (last?.at === placed) steps[steps.length - 1] = { at: placed, counts };
    else steps.push({ at: placed, counts });
  };
  const all = now === undefined ? rows : [...rows, { at: to, ...now }];
  let knownUntil = Number.NEGATIVE_INFINITY;
  for (const { at, ...counts } of all) {
    if (at > to) break;
    if (at > knownUntil && at > from) push(Math.max(knownUntil, from), null);
    push(at, counts);
    knownUntil = at + maxAgeMs;
  }
  if (knownUntil < to) push(Math.max(knownUntil, from), null);
  return steps;
}

export function isEqual(a: CountStep["counts"], b: CountStep["counts"]): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.desired === b.desired &&
    a.inService === b.inService &&
    a.warming === b.warming &&
    a.pending === b.pending &&
    a.draining === b.draining
  );
}
