import type { CpuPolicy, PoolLimits } from "@elastic-gas/scaling/policy";
import type { Replay } from "@elastic-gas/scaling/simulator/replay";
import type { AskReplay } from "./replayer.ts";

/** What the rule does from one size. */
export interface SizeRow {
  readonly workers: number;
  /**
   * The size at which it is silent under the load that just triggers a grow here; null = it never was within the time.
   */
  readonly settlesAt: number | null;
  /** The two sizes between which it would go back and forth if a shrink were not forecast; null = it would not. */
  readonly cycle: readonly [number, number] | null;
  readonly grow: { readonly to: number; readonly percent: number } | null;
  readonly shrink: { readonly to: number; readonly percent: number } | null;
  /** The sizes that a shrink would have taken without the forecast, and what they would run at. */
  readonly refused: { readonly workers: number; readonly percent: number } | null;
}

type Checks = Replay["checks"];

const SIZES_SHOWN = 12;
/** Just over or under a threshold, in percent of one worker. */
const NUDGE_PERCENT = 0.5;
const MINUTES = 50;
/** Checks without a change after which the pool is silent: longer than any hold, cooldown aside. */
const QUIET_CHECKS = 12;

/** For each size the load that just triggers the rule there, played with the code that decides. */
export async function playSizes(ask: AskReplay, policy: CpuPolicy, limits: PoolLimits): Promise<readonly SizeRow[]> {
  const play = async (start: number, load: number): Promise<Checks> =>
    (await ask({ policy, limits, start, load: { values: new Array<number>(MINUTES).fill(load) } })).checks;
  const rows: SizeRow[] = [];
  const last = Math.min(limits.max, Math.max(1, limits.min) + SIZES_SHOWN - 1);
  for (let workers = Math.max(1, limits.min); workers <= last; workers += 1) {
    const high = (workers * (policy.growThresholdPercent + NUDGE_PERCENT)) / 100;
    const low = (workers * Math.max(0, policy.shrinkThresholdPercent - NUDGE_PERCENT)) / 100;
    const up = await play(workers, high);
    const grown = up.find((check) => check.kind === "grow");
    const shrunk = (await play(workers, low)).find((check) => check.kind === "shrink");
    const naive = naiveShrink(workers, policy, limits.min);
    const isRefused = naive < workers && (shrunk === undefined || shrunk.desired > naive);
    rows.push({
      workers,
      settlesAt: settledSize(up),
      cycle:
        grown === undefined ? null : findCycle({ from: workers, grown: grown.desired, load: high }, policy, limits),
      grow: grown === undefined ? null : { to: grown.desired, percent: (high / grown.desired) * 100 },
      shrink: shrunk === undefined ? null : { to: shrunk.desired, percent: (low / shrunk.desired) * 100 },
      refused: isRefused ? { workers: naive, percent: (low / naive) * 100 } : null,
    });
  }
  return rows;
}

function isQuiet(checks: Checks): boolean {
  const tail = checks.slice(-QUIET_CHECKS);
  return tail.length === QUIET_CHECKS && tail.every((check) => check.kind === "hold" && SILENT.has(check.outcome));
}

/** Outcomes after which nothing more is to come under a constant load. */
const SILENT: ReadonlySet<string> = new Set(["no change", "shrink refused", "at the limit"]);

function settledSize(checks: Checks): number | null {
  return isQuiet(checks) ? (checks.at(-1)?.desired ?? null) : null;
}

/** The rule of ratios alone, which this product does not follow: what a shrink would take without looking ahead. */
function naiveShrink(workers: number, policy: CpuPolicy, min: number): number {
  return Math.max(min, Math.min(workers - 1, Math.ceil(workers * policy.shrinkRatio - 1e-9)));
}

function findCycle(
  { from, grown, load }: { readonly from: number; readonly grown: number; readonly load: number },
  policy: CpuPolicy,
  limits: PoolLimits,
): readonly [number, number] | null {
  let size = grown;
  while ((load / size) * 100 < policy.shrinkThresholdPercent && size > from) {
    const next = naiveShrink(size, policy, limits.min);
    if (next === size) return null;
    size = next;
  }
  return size < grown && (load / size) * 100 > policy.growThresholdPercent ? [size, grown] : null;
}
