/**
 * What a smaller pool may run at, as a share of the grow threshold: 0.9 for a hysteresis margin of 10 %. Below 1, so
 * that no grow can follow a shrink at the same load. A file without imports, for the browser counts with it too.
 */
export function hysteresisShare(hysteresisMarginPercent: number): number {
  return 1 - hysteresisMarginPercent / 100;
}
