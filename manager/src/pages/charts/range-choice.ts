import { type Html, h } from "@elastic-gas/shared/web/html";
import { RANGE_NAMES, RANGES, type RangeName } from "../../model/charts/range.ts";

/** Links, so that the choice is in the address. */
export function rangeChoice(chosen: RangeName, hrefOf: (range: RangeName) => string): Html {
  return h(
    "div",
    { class: "eg-segments", role: "group", "aria-label": "Range", "data-ranges": "" },
    RANGE_NAMES.map((range) =>
      h(
        "a",
        { href: hrefOf(range), "data-range": range, "aria-current": range === chosen ? "true" : undefined },
        RANGES[range].label,
      ),
    ),
  );
}
