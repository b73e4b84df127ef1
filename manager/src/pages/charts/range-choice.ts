import { RANGE_NAMES, RANGES, type RangeName } from "../../model/charts/range.ts";
import { el, type MarkupElement } from "../kit/tree.ts";

/** Links, so that the choice is in the address. */
export function rangeChoice(chosen: RangeName, hrefOf: (range: RangeName) => string): MarkupElement {
  return el(
    "div",
    { class: "eg-segments", role: "group", "aria-label": "Range", "data-ranges": "" },
    RANGE_NAMES.map((range) =>
      el(
        "a",
        { href: hrefOf(range), "data-range": range, "aria-current": range === chosen ? "true" : undefined },
        RANGES[range].label,
      ),
    ),
  );
}
