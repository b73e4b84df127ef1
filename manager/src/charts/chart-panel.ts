import type { PoolName } from "@elastic-gas/shared/resources";
import { icon } from "../markup/parts.ts";
import { el, type MarkupElement } from "../markup/tree.ts";
import type { RangeName } from "./range.ts";

export const CHART_NAMES = ["workers", "cpu", "requests", "response", "waiting", "sent"] as const;
export type ChartName = (typeof CHART_NAMES)[number];

export function isChartName(text: unknown): text is ChartName {
  return CHART_NAMES.some((name) => name === text);
}

const TITLES: Readonly<Record<ChartName, (pool: PoolName) => string>> = {
  workers: (pool) => `${pool}: workers`,
  cpu: (pool) => `${pool}: mean CPU`,
  requests: () => "Requests per minute",
  response: () => "Mean response time",
  waiting: () => "Waiting jobs",
  sent: () => "Jobs sent",
};

const LARGE: ReadonlySet<ChartName> = new Set<ChartName>(["workers", "cpu"]);

export function chartTitle(name: ChartName, pool: PoolName): string {
  return TITLES[name](pool);
}

/** Which charts a pool has, in their order on the page. */
export function chartsOf(pool: PoolName): readonly ChartName[] {
  switch (pool) {
    case "web":
      return ["workers", "cpu", "requests", "response"];
    case "annotator":
      return ["workers", "cpu", "waiting", "sent"];
    case "utility":
      return ["workers", "cpu"];
  }
}

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
