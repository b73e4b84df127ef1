import { hysteresisShare } from "@elastic-gas/scaling/hysteresis-margin";
import { formatPercent } from "@elastic-gas/shared/format/numbers";

/** The CPU that a shrink must stay below: "63 %" for a grow threshold of 70 % and a margin of 10 %. */
export function settleLimit(policy: {
  readonly growThresholdPercent: number;
  readonly hysteresisMarginPercent: number;
}): string {
  return formatPercent(hysteresisShare(policy.hysteresisMarginPercent) * policy.growThresholdPercent);
}
