import type { PoolName } from "@elastic-gas/shared/resources";
import { type ChartName, chartTitle } from "../../model/charts/chart-names.ts";
import type { RangeName } from "../../model/charts/range.ts";
import { icon } from "../kit/parts.ts";
import { el, type MarkupElement } from "../kit/tree.ts";

const LARGE: ReadonlySet<ChartName> = new Set<ChartName>(["workers", "cpu"]);

/** The frame of one chart; a script of the page draws in it. Without script its values are a click away as a table. */
export function chartPanel(name: ChartName, pool: PoolName, range: RangeName): MarkupElement {
  const address = `/charts/${pool}/${name}`;
  const title = chartTitle(name, pool);
  return el(
    "section",
    {
      class: `eg-panel chart-panel${LARGE.has(name) ? " chart-panel-large" : ""}`,
      "data-key": `${pool}-${name}`,
      "data-chart": name,
      "aria-label": title,
    },
    el(
      "div",
      { class: "eg-panel-head" },
      el("h2", {}, title),
      el(
        "span",
        { class: "eg-end" },
        el(
          "a",
          {
            class: "eg-button eg-button-plain eg-button-icon eg-button-small",
            href: `${address}?range=${range}`,
            "aria-label": `${title} as a table`,
            title: "Table",
            "data-chart-table": "",
          },
          icon("table"),
        ),
        el(
          "a",
          {
            class: "eg-button eg-button-plain eg-button-icon eg-button-small",
            href: `${address}.csv?range=${range}`,
            "aria-label": `${title} as CSV`,
            title: "CSV",
            download: true,
          },
          icon("download"),
        ),
      ),
    ),
    el("ul", { class: "eg-key", "data-chart-key": "", "data-keep": "" }),
    el("div", { class: "chart-flags", "data-chart-flags": "", "data-keep": "" }),
    el(
      "div",
      { class: `eg-chart${LARGE.has(name) ? " eg-chart-large" : ""}`, "data-chart-body": "", "data-keep": "" },
      el("div", { class: "eg-loading chart-loading", "aria-busy": "true" }),
    ),
    el("div", { class: "chart-table eg-table-box", "data-chart-values": "", hidden: true, "data-keep": "" }),
  );
}
