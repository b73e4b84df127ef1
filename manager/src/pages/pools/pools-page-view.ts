import { type Html, h } from "@elastic-gas/shared/web/html";
import { chartsOf } from "../../model/charts/chart-names.ts";
import { chartPanel } from "../charts/chart-panel.ts";
import { rangeChoice } from "../charts/range-choice.ts";
import { empty } from "../kit/parts.ts";
import type { PoolsChoice, PoolsView } from "./pools-view.ts";
import { reportLink } from "./report-link.ts";

/** The whole page; its live parts are filled again by the page's script. */
export function poolsPageView({ pool, range }: PoolsChoice, { link, cards, side }: PoolsView): Html[] {
  return [
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, "Pools"),
      h("p", { class: "page-link", "data-part": "link" }, link),
      h(
        "div",
        { class: "page-tools", "data-part": "ranges" },
        rangeChoice(range, (other) => `/?pool=${pool}&range=${other}`),
        reportLink(range),
      ),
    ),
    h(
      "div",
      { class: "pools-grid" },
      h(
        "div",
        { class: "pool-cards", "data-part": "cards" },
        cards.length > 0
          ? cards
          : h(
              "div",
              { class: "eg-panel" },
              empty("layers", "No pools yet", "The autoscaler makes them at its first check."),
            ),
      ),
      h(
        "div",
        { class: "pool-charts", "data-part": "charts" },
        chartsOf(pool).map((name) => chartPanel(name, pool, range)),
      ),
      h("aside", { class: "pool-side stack-wide", "aria-label": "Alerts and changes", "data-part": "side" }, side),
    ),
  ];
}
