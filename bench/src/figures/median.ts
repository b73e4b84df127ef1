import { median as middle } from "@elastic-gas/shared/median";

/** Of what was measured; NaN of nothing. */
export function median(values: readonly number[]): number {
  return middle(values) ?? Number.NaN;
}
