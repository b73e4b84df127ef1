import type { WorkerState } from "@elastic-gas/scaling/worker-state";
import type { PoolName } from "@elastic-gas/shared/resources";
import type { WorkerSnapshot } from "./worker-snapshot.ts";

export const SORTS = {
  state: "Problems first, then newest",
  newest: "Newest first",
  oldest: "Oldest first",
  cpu: "CPU, highest first",
  work: "Requests or jobs, most first",
  zone: "Zone",
} as const;
export type Sort = keyof typeof SORTS;

/** More rows than this start compact. */
export const COMPACT_FROM = 13;

export interface WorkerChoice {
  readonly pool: PoolName;
  readonly filter: string;
  readonly sort: Sort;
}

/** Problems first, those that still come or go next, then those in service. */
const STATE_ORDER: readonly WorkerState[] = [
  "unhealthy",
  "draining",
  "terminating",
  "pending",
  "warming",
  "in service",
  "terminated",
];

/** The workers that the page lists, in its order; ended ones are left out. */
export function listWorkers(
  workers: readonly WorkerSnapshot[],
  { pool, filter, sort }: WorkerChoice,
): readonly WorkerSnapshot[] {
  const words = filter.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return workers
    .filter((worker) => worker.pool === pool && worker.state !== "terminated")
    .filter((worker) => {
      const text = `${worker.id} ${worker.address ?? ""} ${worker.state} ${worker.zone} ${worker.type} ${
        worker.protected ? "protected" : ""
      }`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .toSorted((a, b) => compare(a, b, sort) || (a.id < b.id ? -1 : 1));
}

function compare(a: WorkerSnapshot, b: WorkerSnapshot, sort: Sort): number {
  switch (sort) {
    case "state":
      return STATE_ORDER.indexOf(a.state) - STATE_ORDER.indexOf(b.state) || b.launchedAt - a.launchedAt;
    case "newest":
      return b.launchedAt - a.launchedAt;
    case "oldest":
      return a.launchedAt - b.launchedAt;
    case "cpu":
      return descending(a.load?.cpuPercent, b.load?.cpuPercent);
    case "work":
      return descending(a.load?.work, b.load?.work);
    case "zone":
      return a.zone.localeCompare(b.zone) || b.launchedAt - a.launchedAt;
  }
}

/** Workers without a value come last. */
function descending(a: number | null | undefined, b: number | null | undefined): number {
  return (b ?? -1) - (a ?? -1);
}

export function isSort(text: unknown): text is Sort {
  return typeof text === "string" && Object.hasOwn(SORTS, text);
}
