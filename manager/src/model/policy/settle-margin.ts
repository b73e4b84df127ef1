import { settleShare } from "@elastic-gas/scaling/hysteresis-margin";
import { percent } from "../words.ts";

/** The CPU that a shrink must stay below: "63 %" for a grow threshold of 70 % and a margin of 10 %. */
export function settleLimit(policy: {
  readonly growThresholdPercent: number;
  readonly settleMarginPercent: number;
}): string {
  return percent(settleShare(policy.settleMarginPercent) * policy.growThresholdPercent);
}
