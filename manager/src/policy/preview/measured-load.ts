import type { Database } from "@elastic-gas/shared/database/connect";
import type { PoolName } from "@elastic-gas/shared/resources";
import { listDecisions } from "../../decisions/queries.ts";

const MINUTE_MS = 60_000;
const MAX_CHECKS = 20_000;

/** A load of a day or less; `at` is the start of its first minute, null for an invented one. */
export interface Load {
  readonly words: string;
  readonly from: number | null;
  /** In workers' worth, one value per minute. */
  readonly minutes: readonly number[];
}

/** The load of the past hours as the checks measured it; minutes without a check repeat the one before. Undefined without any. */
export async function measuredLoad(
  db: Database,
  pool: PoolName,
  now: number,
  hours: number,
): Promise<Load | undefined> {
  const from = Math.floor((now - hours * 3_600_000) / MINUTE_MS) * MINUTE_MS;
  const rows = await listDecisions(db, { pool, from, to: now }, MAX_CHECKS);
  const byMinute = new Map<number, number>();
  for (const row of rows) {
    // Only the rules on CPU measure in percent.
    const ofCpu = row.facts.unit === "%" && row.measured !== null ? (row.measured / 100) * row.inService : undefined;
    const load = row.facts.load ?? ofCpu;
    if (load !== undefined) byMinute.set(Math.floor(row.at / MINUTE_MS), load);
  }
  const first = [...byMinute.keys()].sort((a, b) => a - b)[0];
  if (first === undefined) return undefined;
  const minutes: number[] = [];
  for (let minute = first; minute * MINUTE_MS < now; minute += 1)
    minutes.push(byMinute.get(minute) ?? minutes.at(-1) ?? 0);
  return { words: `Last ${hours} h, as measured`, from: first * MINUTE_MS, minutes };
}

/** Invented loads, for a pool without a past; in workers' worth of a pool of `max`. */
export function inventedLoad(shape: "day" | "steps", max: number): Load {
  const length = shape === "day" ? 1_440 : 360;
  const minutes = Array.from({ length }, (_, minute) => {
    if (shape === "day") return max * 0.7 * (0.08 + 0.92 * Math.sin((Math.PI * minute) / length) ** 4);
    return max * ([0.1, 0.5, 0.3, 0.7, 0.1, 0.1][Math.floor(minute / 60)] ?? 0.1);
  });
  return { words: shape === "day" ? "One day, rising and falling" : "Steps of one hour", from: null, minutes };
}

export const LOADS = {
  "24h": "Last 24 h, as measured",
  "3h": "Last 3 h, as measured",
  day: "One day, rising and falling",
  steps: "Steps of one hour",
} as const;
export type LoadName = keyof typeof LOADS;

export async function readLoad(
  db: Database,
  pool: PoolName,
  name: LoadName,
  { now, max }: { readonly now: number; readonly max: number },
): Promise<Load> {
  if (name === "day" || name === "steps") return inventedLoad(name, max);
  return (await measuredLoad(db, pool, now, name === "24h" ? 24 : 3)) ?? inventedLoad("day", max);
}
