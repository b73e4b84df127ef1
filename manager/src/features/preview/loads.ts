import { POOLS } from "@elastic-gas/scaling/pools";
import type { ReplayQuestion } from "@elastic-gas/scaling/simulator/replay";
import type { Database } from "@elastic-gas/shared/database/connect";
import { formatDuration } from "@elastic-gas/shared/format/durations";
import type { PoolName } from "@elastic-gas/shared/resources";
import { listDecisions } from "../../read/decisions.ts";
import { measureJobs } from "../../read/measured-jobs.ts";

const MINUTE_MS = 60_000;
const MAX_CHECKS = 20_000;

/** Loads to choose from: what was measured, and the simulator's shapes. */
export const MEASURED_LOADS = { "30m": "Last 30\u00a0min, as measured", "24h": "Last 24\u00a0h, as measured" } as const;
export const SHAPES = {
  step: "Step: up and stays",
  ramp: "Ramp: up in 30\u00a0min, down again",
  sine: "Sine: a wave of 2\u00a0h",
  spike: "Spike: 10\u00a0min every 2\u00a0h",
  sawtooth: "Sawtooth: rises for 2\u00a0h, drops",
  square: "Square: an hour low, an hour high",
  noise: "Noise: wanders around the middle",
} as const;
export type LoadName = keyof typeof MEASURED_LOADS | keyof typeof SHAPES;

const MINUTES: Readonly<Record<keyof typeof MEASURED_LOADS, number>> = { "30m": 30, "24h": 1_440 };
const SHAPE_MINUTES = 360;
/** The highest point of a shape, in the share of what the pool may grow to. */
const PEAK_SHARE = 0.7;

export interface Load {
  readonly words: string;
  /** Start of its first minute, epoch milliseconds; null for a shape. */
  readonly from: number | null;
  readonly question: ReplayQuestion["load"];
}

export interface LoadOptions {
  readonly pool: PoolName;
  readonly name: LoadName;
  readonly now: number;
  /** What the pool in force may grow to. */
  readonly max: number;
  /** Requests, or jobs, a minute that fill one worker; null when not known. */
  readonly perWorker: number | null;
}

export function isLoadName(text: string | undefined): text is LoadName {
  return text !== undefined && (text in MEASURED_LOADS || text in SHAPES);
}

/** A pool without a past gets a shape, and the words say so. */
export async function readLoad(db: Database, options: LoadOptions): Promise<Load> {
  const { name, max } = options;
  if (name !== "30m" && name !== "24h") return shapeOf(name, max);
  const measure = POOLS[options.pool].queue !== null ? jobLoad : cpuLoad;
  const measured = await measure(db, options, MINUTES[name]);
  if (measured !== undefined)
    return { ...measured, words: MEASURED_LOADS[name] + amountWords(measured, MINUTES[name]) };
  const instead = shapeOf("sine", max);
  return {
    ...instead,
    words: `No load was measured in the ${MEASURED_LOADS[name].slice(0, -13).toLowerCase()}; a sine instead`,
  };
}

/** Of a pool that is younger than what was asked for. */
function amountWords({ question }: Pick<Load, "question">, minutes: number): string {
  const known = "values" in question ? question.values.length : minutes;
  return known < minutes - 1 ? ` (${formatDuration(known * 60)} of data so far)` : "";
}

function shapeOf(shape: keyof typeof SHAPES, max: number): Load {
  return { words: SHAPES[shape], from: null, question: { shape, minutes: SHAPE_MINUTES, peak: max * PEAK_SHARE } };
}

/** The jobs sent in each minute, in what one worker finishes in it. Undefined without any. */
async function jobLoad(
  db: Database,
  { now, perWorker }: LoadOptions,
  minutes: number,
): Promise<Omit<Load, "words"> | undefined> {
  const to = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  const { sent } = await measureJobs(db, new Date(to), minutes);
  if (perWorker === null || sent.every((jobs) => jobs === 0)) return undefined;
  return { from: to - minutes * MINUTE_MS, question: { values: sent.map((jobs) => jobs / perWorker) } };
}

/** The load as the checks measured it; minutes without a check repeat the one before. Undefined without any. */
async function cpuLoad(
  db: Database,
  { pool, now, perWorker }: LoadOptions,
  minutes: number,
): Promise<Omit<Load, "words"> | undefined> {
  const last = Math.floor(now / MINUTE_MS);
  const rows = await listDecisions(db, { pool, from: (last - minutes) * MINUTE_MS, to: now }, MAX_CHECKS);
  const byMinute = new Map<number, number>();
  for (const row of rows) {
    const load = row.facts.load ?? loadOf(row.measured, row.facts.unit, row.inService, perWorker);
    // Newest first: a minute keeps its last check.
    const minute = Math.floor(row.at / MINUTE_MS);
    if (load !== undefined && !byMinute.has(minute)) byMinute.set(minute, load);
  }
  const first = Math.min(...byMinute.keys());
  if (!Number.isFinite(first)) return undefined;
  const values: number[] = [];
  for (let minute = first; minute < last; minute += 1) values.push(byMinute.get(minute) ?? values.at(-1) ?? 0);
  return values.length === 0 ? undefined : { from: first * MINUTE_MS, question: { values } };
}

/** Checks of the rules on CPU measure in percent, those of the request rule in requests. */
function loadOf(
  measured: number | null,
  unit: string | null | undefined,
  inService: number,
  requestsPerWorker: number | null,
): number | undefined {
  if (measured === null) return undefined;
  if (unit === "%") return (measured / 100) * inService;
  return unit === "requests/min" && requestsPerWorker !== null ? measured / requestsPerWorker : undefined;
}
