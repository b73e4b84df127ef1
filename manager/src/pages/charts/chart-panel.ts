import type { PoolName } from "@elastic-gas/shared/resources";
import { type Html, h } from "@elastic-gas/shared/web/html";
import { type ChartName, chartTitle } from "../../model/charts/chart-names.ts";
import type { RangeName } from "../../model/charts/range.ts";
import { icon } from "../kit/parts.ts";

const LARGE: ReadonlySet<ChartName> = new Set<ChartName>(["workers", "cpu"]);

/** The frame of one chart; a script of the page draws in it. Without script its values are a click away as a table. */
export function chartPanel(name: ChartName, pool: PoolName, range: RangeName): Html {
  const address = `/charts/${pool}/${name}`;
  const title = chartTitle(name, pool);
  return h(
    "section",
    {
      class: `eg-panel chart-panel${LARGE.has(name) ? " chart-panel-large" : ""}`,
      key: `${pool}-${name}`,
      "data-chart": name,
      "aria-label": title,
    },
    h(
      "div",
      { class: "eg-panel-head" },
      h("h2", {}, title),
      h(
        "span",
        { class: "eg-end" },
        h(
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
        h(
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
    h("ul", { class: "eg-key", "data-chart-key": "" }),
    h("div", { class: "chart-flags", "data-chart-flags": "" }),
    h(
      "div",
      { class: `eg-chart${LARGE.has(name) ? " eg-chart-large" : ""}`, "data-chart-body": "" },
      h("div", { class: "eg-loading chart-loading", "aria-busy": "true" }),
      h(
        "noscript",
        {},
        h(
          "p",
          { class: "eg-secondary" },
          "Charts are drawn by script. ",
          h("a", { href: `${address}?range=${range}` }, "The values as a table"),
        ),
      ),
    ),
    h("div", { class: "chart-table eg-table-box", "data-chart-values": "", hidden: true }),
  );
}
