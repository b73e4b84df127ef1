import type { CpuPolicy } from "@elastic-gas/shared/pools/policy";
import type { Stored } from "../differences.ts";
import type { AskDecide } from "./decide-child.ts";
import { type SimulatedMinute, simulate } from "./simulate.ts";

/** What the rule does from one size. */
export interface SizeRow {
  readonly workers: number;
  /** The size at which it is silent under the load that just triggers a grow here; null = it never was within the time. */
  readonly settlesAt: number | null;
  /** The two sizes between which it would go back and forth if a shrink were not forecast; null = it would not. */
  readonly cycle: readonly [number, number] | null;
  readonly grow: { readonly to: number; readonly percent: number } | null;
  readonly shrink: { readonly to: number; readonly percent: number } | null;
  /** The sizes that a shrink would have taken without the forecast, and what they would run at. */
  readonly refused: { readonly workers: number; readonly percent: number } | null;
}

export const SIZES_SHOWN = 12;
/** Just over or under a threshold, in percent of one worker. */
const NUDGE_PERCENT = 0.5;
const MINUTES = 50;
/** Checks without a change after which the pool is silent: longer than any hold, cooldown aside. */
const QUIET_CHECKS = 12;

/** For each size the load that just triggers the rule there, played with the code that decides. */
export async function playSizes(
  ask: AskDecide,
  stored: Stored & { readonly policy: CpuPolicy },
): Promise<readonly SizeRow[]> {
  const { policy, limits } = stored;
  const rows: SizeRow[] = [];
  const last = Math.min(limits.max, limits.min + SIZES_SHOWN - 1);
  for (let workers = limits.min; workers <= last; workers += 1) {
    const high = (workers * (policy.growThresholdPercent + NUDGE_PERCENT)) / 100;
    const low = (workers * Math.max(0, policy.shrinkThresholdPercent - NUDGE_PERCENT)) / 100;
    const up = await play(ask, stored, workers, high);
    const down = await play(ask, stored, workers, low, (steps) => steps.at(-1)?.decision.kind === "shrink");
    const grown = up.find((step) => step.decision.kind === "grow")?.decision;
    const shrunk = down.find((step) => step.decision.kind === "shrink")?.decision;
    const naive = naiveShrink(workers, policy, limits.min);
    const isRefused = naive < workers && (shrunk === undefined || shrunk.desired > naive);
    rows.push({
      workers,
      settlesAt: settledSize(up),
      cycle: grown === undefined ? null : findCycle(workers, grown.desired, high, stored),
      grow: grown === undefined ? null : { to: grown.desired, percent: (high / grown.desired) * 100 },
      shrink: shrunk === undefined ? null : { to: shrunk.desired, percent: (low / shrunk.desired) * 100 },
      refused: isRefused ? { workers: naive, percent: (low / naive) * 100 } : null,
    });
  }
  return rows;
}

function play(
  ask: AskDecide,
  stored: Stored,
  start: number,
  load: number,
  isOver: (steps: readonly SimulatedMinute[]) => boolean = isQuiet,
): Promise<readonly SimulatedMinute[]> {
  return simulate(ask, { stored, start, load: new Array<number>(MINUTES).fill(load), isOver });
}

function isQuiet(steps: readonly SimulatedMinute[]): boolean {
  const tail = steps.slice(-QUIET_CHECKS);
  return (
    tail.length === QUIET_CHECKS &&
    tail.every((step) => step.decision.kind === "hold" && SILENT.has(step.decision.facts.outcome))
  );
}

/** Outcomes after which nothing more is to come under a constant load. */
const SILENT: ReadonlySet<string> = new Set(["no change", "shrink refused", "at the limit"]);

function settledSize(steps: readonly SimulatedMinute[]): number | null {
  return isQuiet(steps) ? (steps.at(-1)?.desired ?? null) : null;
}

/** The rule of ratios alone, which this product does not follow: what a shrink would take without looking ahead. */
function naiveShrink(workers: number, policy: CpuPolicy, min: number): number {
  return Math.max(min, Math.min(workers - 1, Math.ceil(workers * policy.shrinkRatio - 1e-9)));
}

function findCycle(
  from: number,
  grown: number,
  load: number,
  { policy, limits }: Stored & { readonly policy: CpuPolicy },
): readonly [number, number] | null {
  let size = grown;
  while ((load / size) * 100 < policy.shrinkThresholdPercent && size > from) {
    const next = naiveShrink(size, policy, limits.min);
    if (next === size) return null;
    size = next;
  }
  return size < grown && (load / size) * 100 > policy.growThresholdPercent ? [size, grown] : null;
}
