import { formatNumber } from "@elastic-gas/shared/format/numbers";
import { ceil } from "./numbers.ts";
import type { CpuPolicy, PoolLimits } from "./policy.ts";
import { worth } from "./reasons/words.ts";

/** A constant load at which the pool stays larger than it need be, once it has grown. */
export interface Overshoot {
  /** In workers' worth. */
  readonly load: number;
  readonly settlesAt: number;
  /** So many run at the grow threshold and not above it. */
  readonly wouldDo: number;
}

/**
 * The worst case of a policy: a grow multiplies the size by the ratio, and where the larger pool then runs between the
 * two thresholds it stays. Null when every grow is to what is needed.
 */
export function worstOvershoot(policy: CpuPolicy, limits: PoolLimits): Overshoot | null {
  if (policy.growOnlyToNeed) return null;
  const cases: Overshoot[] = [];
  for (let wouldDo = Math.max(1, limits.min); wouldDo < limits.max; wouldDo += 1) {
    const load = (wouldDo * policy.growThresholdPercent) / 100;
    const grown = Math.min(limits.max, Math.max(wouldDo + 1, ceil(wouldDo * policy.growRatio)));
    const staysThere = (load / grown) * 100 >= policy.shrinkThresholdPercent;
    // One worker more than would do is what any rule with thresholds may keep.
    if (staysThere && grown > wouldDo + 1) cases.push({ load, settlesAt: grown, wouldDo });
  }
  return cases.toSorted((a, b) => b.settlesAt - b.wouldDo - (a.settlesAt - a.wouldDo))[0] ?? null;
}

/** `A load of 2.8 workers’ worth settles at 8 workers once it has grown there; 4 would do.` */
export function explainOvershoot({ load, settlesAt, wouldDo }: Overshoot): string {
  return `A load of ${worth(load)} settles at ${formatNumber(settlesAt)} workers once it has grown there; ${formatNumber(wouldDo)} would do.`;
}
