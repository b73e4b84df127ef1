import { percent } from "../markup/words.ts";

/** What a smaller pool may run at, in shares of the grow threshold; a fixed part of the CPU rule (autoscaler/README.md). */
export const SETTLE_SHARE = 0.9;

/** "63 %" for a grow threshold of 70 %. */
export function settleLimit(growThresholdPercent: number): string {
  return percent(SETTLE_SHARE * growThresholdPercent);
}
