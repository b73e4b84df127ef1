import { formatNumber } from "@elastic-gas/shared/format/numbers";
import { type Html, h } from "@elastic-gas/shared/web/html";
import type { ValueTable } from "../../model/charts/chart-values.ts";
import { NO_VALUE } from "../../model/reader.ts";
import type { ViewContext } from "../frame/send-page.ts";
import { empty, icon, tableBox, time } from "../kit/parts.ts";

export interface TablePage {
  readonly title: string;
  /** Which stretch of time. */
  readonly words: string;
  readonly table: ValueTable;
  readonly ranges: Html;
  readonly csvHref: string;
  readonly chartsHref: string;
}

/** The values behind a chart. */
export function tableView(page: TablePage, { reader }: ViewContext): Html[] {
  const { heads, rows } = page.table;
  return [
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, page.title),
      h("p", { class: "page-link eg-secondary" }, page.words),
      h(
        "div",
        { class: "page-tools" },
        page.ranges,
        h("a", { class: "eg-button", href: page.csvHref, download: true }, icon("download"), "CSV"),
        h("a", { class: "eg-button", href: page.chartsHref }, "Charts"),
      ),
    ),
    h(
      "section",
      { class: "eg-panel eg-panel-flush narrow-panel", "aria-label": "Values" },
      rows.length === 0
        ? empty("clock", "Collecting", "First value in up to 60\u00a0s.")
        : tableBox(
            "Table of values",
            h(
              "table",
              { class: "eg-table" },
              h(
                "thead",
                {},
                h(
                  "tr",
                  {},
                  heads.map((head, index) => h("th", { class: index > 0 ? "eg-number" : undefined }, head)),
                ),
              ),
              h(
                "tbody",
                {},
                rows.map(({ at, cells }) =>
                  h(
                    "tr",
                    {},
                    h("td", { class: "eg-nowrap" }, time(at, reader)),
                    cells.map((cell) => h("td", { class: "eg-number" }, cell === null ? NO_VALUE : formatNumber(cell))),
                  ),
                ),
              ),
            ),
          ),
    ),
  ];
}
