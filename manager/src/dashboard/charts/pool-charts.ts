import { formatCount, formatNumber, NO_BREAK_SPACE } from "@elastic-gas/shared/format/numbers";
import { renderInto } from "@elastic-gas/shared/ui/render-into";
import { fragment, h } from "@elastic-gas/shared/web/html";
import { durationTick, valueAxis } from "../../model/charts/axis.ts";
import { chartGaps } from "../../model/charts/chart-gaps.ts";
import type { ChartName } from "../../model/charts/chart-names.ts";
import { chartTitle, isChartName } from "../../model/charts/chart-names.ts";
import type { ChartSnapshot } from "../../model/charts/chart-snapshot.ts";
import { keyOf, labelOf, seriesOf, tableOf } from "../../model/charts/chart-values.ts";
import { RANGES } from "../../model/charts/range.ts";
import { NO_VALUE, type Reader, when } from "../../model/reader.ts";
import type { Cursor } from "./cursor.ts";
import { drawFlags } from "./flags.ts";
import { type ChartModel, type Colour, createTimeChart, type TimeChart } from "./time-chart.ts";

export interface PoolCharts {
  show(snapshot: ChartSnapshot): void;
  /** Says above the charts that they could not be read; the ones shown stay. */
  fail(sentence: string): void;
}

const COLOURS: Readonly<Record<ChartName, Colour>> = {
  workers: "line",
  cpu: "cpu",
  requests: "requests",
  response: "latency",
  waiting: "queue",
  sent: "queue",
};
const FLAGGED: ReadonlySet<ChartName> = new Set<ChartName>(["workers", "cpu"]);

/** Fills every `[data-chart]` below `root`. */
export function mountPoolCharts(root: Element, cursor: Cursor, timeZone: string): PoolCharts {
  const panels = [...root.querySelectorAll<HTMLElement>("[data-chart]")].flatMap((panel) => {
    const name = panel.dataset.chart;
    return isChartName(name) ? [mountPanel(panel, name, cursor, timeZone)] : [];
  });
  return {
    show(snapshot) {
      for (const panel of panels) panel.show(snapshot);
    },
    fail(sentence) {
      for (const panel of panels) panel.fail(sentence);
    },
  };
}

function mountPanel(panel: HTMLElement, name: ChartName, cursor: Cursor, timeZone: string) {
  const part = (selector: string): HTMLElement => {
    const found = panel.querySelector<HTMLElement>(selector);
    if (found === null) throw new Error(`The chart ${name} has no ${selector}`);
    return found;
  };
  const key = part("[data-chart-key]");
  const flags = part("[data-chart-flags]");
  const body = part("[data-chart-body]");
  const values = part("[data-chart-values]");
  const table = part("[data-chart-table]");
  let chart: TimeChart | null = null;
  let shown: ChartSnapshot | null = null;

  const reader = (): Reader => ({ now: shown?.span.to ?? Date.now(), timeZone });
  const drawKey = (): void => {
    if (shown === null) return;
    renderInto(
      key,
      fragment(
        keyOf(name, shown, cursor.at).map((item) =>
          h(
            "li",
            {},
            h("span", { class: `eg-sample sample-${item.sample}`, "aria-hidden": "true" }),
            item.name,
            item.value !== "" && h("b", {}, item.value),
          ),
        ),
      ),
    );
  };
  const drawTable = (): void => {
    if (shown === null || values.hidden) return;
    const { heads, rows } = tableOf(name, shown);
    renderInto(
      values,
      fragment([
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
                h("td", {}, when(at, reader())),
                cells.map((cell) => h("td", { class: "eg-number" }, cell === null ? NO_VALUE : formatNumber(cell))),
              ),
            ),
          ),
        ),
      ]),
    );
  };
  table.setAttribute("role", "button");
  table.setAttribute("aria-expanded", "false");
  table.addEventListener("click", (event) => {
    event.preventDefault();
    values.hidden = !values.hidden;
    values.tabIndex = 0;
    values.setAttribute("aria-label", `${panel.getAttribute("aria-label") ?? ""}, values`);
    table.setAttribute("aria-expanded", String(!values.hidden));
    drawTable();
  });
  cursor.onChange(drawKey);
  const placeFlags = (pixelOf: (at: number) => number): void => {
    if (shown === null || !FLAGGED.has(name)) return;
    drawFlags(flags, shown, pixelOf, reader());
  };

  return {
    show(snapshot: ChartSnapshot): void {
      shown = snapshot;
      const model = modelOf(name, snapshot);
      if (model === null) {
        chart?.destroy();
        chart = null;
        showWords(body, "Collecting: first point in up to 60\u00a0s");
      } else if (chart === null) {
        const formatTick = formatterOf(name);
        const look = { look: "panel", colour: COLOURS[name], formatTick, cursor, timeZone } as const;
        chart = createTimeChart(body, { ...look, onLayout: placeFlags }, model);
      } else {
        chart.update(model);
      }
      panel.classList.remove("chart-stale");
      drawKey();
      drawTable();
    },
    fail(sentence: string): void {
      panel.classList.add("chart-stale");
      if (chart === null) showWords(body, sentence);
    },
  };
}

function showWords(body: Element, words: string): void {
  const line = document.createElement("p");
  line.className = "eg-chart-words";
  line.textContent = words;
  body.replaceChildren(line);
}

function modelOf(name: ChartName, snapshot: ChartSnapshot): ChartModel | null {
  const series = seriesOf(name, snapshot);
  const steps = name === "workers" ? snapshot.steps : null;
  const sizes = steps?.map(({ counts }) =>
    counts === null
      ? 0
      : Math.max(counts.desired, counts.inService + counts.warming + counts.pending + counts.draining),
  );
  const largest = Math.max(0, ...(sizes ?? (series?.values ?? []).map((value) => value ?? 0)));
  const isEmpty =
    steps === null
      ? (series?.values.every((value) => value === null) ?? true)
      : steps.every((step) => step.counts === null);
  if (isEmpty) return null;
  return {
    span: snapshot.span,
    axis: name === "cpu" ? { top: 100, step: 25 } : valueAxis(largest, { whole: name !== "response" || largest > 10 }),
    series,
    gaps: chartGaps(name, snapshot),
    steps,
    thresholds: name === "cpu" ? snapshot.thresholds : null,
    events: snapshot.events,
    label: labelOf(name, chartTitle(name, snapshot.pool), snapshot, RANGES[snapshot.span.range].words),
  };
}

function formatterOf(name: ChartName): (value: number) => string {
  if (name === "cpu") return (value) => `${value}${NO_BREAK_SPACE}%`;
  return name === "response" ? durationTick : formatCount;
}
