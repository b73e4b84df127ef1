import type { CountRow } from "./count-steps.ts";

/** When a worker came into each of its states, epoch milliseconds; null: it did not, or not yet. */
export interface WorkerLife {
  readonly launchedAt: number;
  readonly warmingAt: number | null;
  readonly inServiceAt: number | null;
  readonly drainingAt: number | null;
  readonly endedAt: number | null;
}

export interface WorkerEvents {
  readonly lives: readonly WorkerLife[];
  /** From when on the lives of all workers are known; null: not yet. */
  readonly since: number | null;
  /** Every change of the desired size, oldest first. */
  readonly desired: readonly { readonly at: number; readonly desired: number }[];
}

/**
 * The counts at each instant at which one of them changed: from the workers' own events where these are known, else
 * from the checks, which come once a minute and hold what was true a moment before.
 */
export function countsOf(checks: readonly CountRow[], { lives, since, desired }: WorkerEvents): readonly CountRow[] {
  if (since === null) return checks;
  const sizes = [...checks, ...desired].toSorted((a, b) => a.at - b.at);
  const instants = new Set([
    ...sizes.map(({ at }) => at),
    ...lives.flatMap((life) => Object.values(life).filter((at) => at !== null)),
  ]);
  const rows: CountRow[] = [];
  let next = 0;
  for (const at of [...instants].filter((instant) => instant >= since).toSorted((a, b) => a - b)) {
    while ((sizes[next + 1]?.at ?? Number.POSITIVE_INFINITY) <= at) next += 1;
    const size = sizes[next];
    // Before the first check nothing says what was wanted.
    if (size !== undefined && size.at <= at) rows.push({ at, desired: size.desired, ...countAt(lives, at) });
  }
  return [...checks.filter((check) => check.at < since), ...rows];
}

function countAt(lives: readonly WorkerLife[], at: number) {
  const counts = { inService: 0, warming: 0, pending: 0, draining: 0 };
  const reached = (instant: number | null): boolean => instant !== null && instant <= at;
  for (const life of lives) {
    if (life.launchedAt > at || reached(life.endedAt)) continue;
    if (reached(life.drainingAt)) counts.draining += 1;
    else if (reached(life.inServiceAt)) counts.inService += 1;
    else if (reached(life.warmingAt)) counts.warming += 1;
    else counts.pending += 1;
  }
  return counts;
}
