import type { DecisionRecord } from "@elastic-gas/scaling/decision";

/** How a check ended, for glyph and filter; older rows without it are told apart by their kind. */
export function outcomeOf(row: {
  readonly kind: "grow" | "shrink" | "hold";
  readonly facts: Pick<DecisionRecord, "outcome">;
}): string {
  return row.facts.outcome ?? { grow: "grew", shrink: "shrank", hold: "no change" }[row.kind];
}
