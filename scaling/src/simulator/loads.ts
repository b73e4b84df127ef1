import { normalFrom, randomFrom } from "./random.ts";

/** Offered load over time, in workers' worth: 1 = one worker at 100 % CPU. */
export interface Load {
  readonly name: string;
  readonly minutes: number;
  readonly at: (second: number) => number;
  /**
   * What arrives at so many workers in service, where clients wait for their answers; without it `at` arrives, whatever
   * serves it.
   */
  readonly arriving?: (second: number, workers: number) => number;
}

export const SHAPES = ["step", "ramp", "sine", "spike", "sawtooth", "square", "noise"] as const;
export type Shape = (typeof SHAPES)[number];

export interface ShapeSettings {
  readonly minutes: number;
  /** Highest load in workers' worth; the lowest is a sixteenth of it. */
  readonly peak: number;
  readonly seed: number;
}

const LOWEST_SHARE = 1 / 16;
const PERIOD_MINUTES = 120;

/**
 * step: up after a quarter of the time. ramp: up within half an hour, on top, and down again. The others repeat every
 * two hours.
 */
export function shapeLoad(shape: Shape, { minutes, peak, seed }: ShapeSettings): Load {
  const shares = shape === "noise" ? noiseShares(minutes, seed) : [];
  const share = (minute: number): number => {
    const part = (minute % PERIOD_MINUTES) / PERIOD_MINUTES;
    switch (shape) {
      case "step":
        return minute < minutes / 4 ? 0 : 1;
      case "ramp":
        return clampShare(Math.min((minute - minutes / 4) / 30, ((minutes * 3) / 4 - minute) / 30));
      case "sine":
        return (1 - Math.cos(2 * Math.PI * part)) / 2;
      case "spike":
        return part >= 0.5 && part < 0.5 + 10 / PERIOD_MINUTES ? 1 : 0;
      case "sawtooth":
        return part;
      case "square":
        return part < 0.5 ? 0 : 1;
      case "noise":
        return shares[Math.floor(minute)] ?? 0;
    }
  };
  const lowest = peak * LOWEST_SHARE;
  return { name: shape, minutes, at: (second) => lowest + (peak - lowest) * share(second / 60) };
}

export function constantLoad(load: number, minutes: number): Load {
  return { name: `constant ${load}`, minutes, at: () => load };
}

/**
 * Clients that wait for an answer and think before they ask again: as many as would make the load `at` if every answer
 * took no longer than the service. With n workers the answer takes R = S / (1 - X S / n) (processor sharing, Kleinrock,
 * Queueing Systems II, 4.4), and the throughput X of N clients is N / (Z + R) (interactive response time law, Denning
 * and Buzen 1978, https://doi.org/10.1145/356733.356735): a quadratic in X.
 */
export function closedLoad(open: Load, { thinkSeconds, serviceSeconds }: ClosedSettings): Load {
  const arriving = (second: number, workers: number): number => {
    if (workers === 0) return 0;
    const clients = (open.at(second) * (thinkSeconds + serviceSeconds)) / serviceSeconds;
    const perWorker = serviceSeconds / workers;
    if (thinkSeconds === 0) return (clients / (serviceSeconds + perWorker * clients)) * serviceSeconds;
    const half = (thinkSeconds + serviceSeconds + perWorker * clients) / 2;
    const throughput = (half - Math.sqrt(half ** 2 - perWorker * thinkSeconds * clients)) / (perWorker * thinkSeconds);
    return throughput * serviceSeconds;
  };
  return { ...open, name: `${open.name}, closed`, arriving };
}

export interface ClosedSettings {
  readonly thinkSeconds: number;
  /** Of one request on an idle worker. */
  readonly serviceSeconds: number;
}

/** Requests a minute that are one worker's worth in a day's file. */
const REQUESTS_PER_WORKER = 1_000;

/**
 * Reads a trace, `minute,requests` with a header and one row per minute, and scales its highest minute to `peak`
 * workers' worth; without it 1,000 requests a minute are one worker's worth. Throws on rows that are not two numbers,
 * or whose minutes do not count up from the first one.
 */
export function traceLoad(name: string, csv: string, peak?: number): Load {
  const [header, ...rows] = csv.trim().split(/\r?\n/);
  if (header?.trim() !== "minute,requests") throw new Error(`${name}: the first line must be "minute,requests".`);
  const parsed = rows.map((row, index) => rowOf(name, row, index + 2));
  const first = parsed[0]?.minute ?? 0;
  parsed.forEach((row, index) => {
    if (row.minute !== first + index) throw new Error(`${name}: line ${index + 2} must be minute ${first + index}.`);
  });
  const highest = parsed.reduce((top, row) => Math.max(top, row.requests), 0);
  if (highest <= 0) throw new Error(`${name}: a trace needs at least one request.`);
  const scaledTo = peak ?? highest / REQUESTS_PER_WORKER;
  return {
    name,
    minutes: parsed.length,
    at: (second) => ((parsed[Math.floor(second / 60)]?.requests ?? 0) / highest) * scaledTo,
  };
}

function rowOf(name: string, row: string, line: number): { readonly minute: number; readonly requests: number } {
  const match = /^\s*(\d+)\s*,\s*(\d+(?:\.\d+)?)\s*$/.exec(row);
  if (match === null) throw new Error(`${name}: line ${line} must be two numbers, not "${row}".`);
  return { minute: Number(match[1]), requests: Number(match[2]) };
}

/** Wanders around the middle and is drawn back to it: neighbouring minutes are alike. */
function noiseShares(minutes: number, seed: number): readonly number[] {
  const normal = normalFrom(randomFrom(seed));
  const shares: number[] = [];
  let share = 0.5;
  for (let minute = 0; minute < minutes; minute += 1) {
    share = clampShare(share + 0.1 * (0.5 - share) + 0.08 * normal());
    shares.push(share);
  }
  return shares;
}

function clampShare(share: number): number {
  return Math.min(1, Math.max(0, share));
}
