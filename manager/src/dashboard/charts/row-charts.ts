import { formatCount, formatNumber, formatPercent } from "@elastic-gas/shared/format/numbers";
import { formatTime } from "@elastic-gas/shared/format/times";
import { renderInto } from "@elastic-gas/shared/ui/render-into";
import { fragment, h } from "@elastic-gas/shared/web/html";
import { halvedAxis, type ValueAxis } from "../../model/charts/axis.ts";
import type { ChartSnapshot, WorkerSeries } from "../../model/charts/chart-snapshot.ts";
import { type Gap, gapsOf, latestOf, type Series } from "../../model/charts/series.ts";
import type { FleetSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import type { WorkerSnapshot } from "../../model/fleet/worker-snapshot.ts";
import { NO_VALUE } from "../../model/reader.ts";
import { icon } from "../../pages/kit/parts.ts";
import { waitingWords } from "../../pages/workers/worker-row.ts";
import type { Cursor } from "./cursor.ts";
import { type ChartModel, createTimeChart, type TimeChart } from "./time-chart.ts";

export interface RowCharts {
  show(snapshot: ChartSnapshot): void;
  /** After the rows were drawn again: draws in new ones, forgets those that went. */
  arrange(fleet: FleetSnapshot): void;
}

type Measure = "cpu" | "work";

interface Context {
  readonly cursor: Cursor;
  readonly timeZone: string;
  readonly compact: boolean;
}

interface Cell {
  readonly element: HTMLElement;
  readonly id: string;
  readonly measure: Measure;
  visible: boolean;
  chart: TimeChart | null;
}

/** Two charts in each worker's row. A chart exists while its row is in view. */
export function mountRowCharts(main: HTMLElement, context: Context): RowCharts {
  const cells = new Map<Element, Cell>();
  let snapshot: ChartSnapshot | null = null;
  let workers = new Map<string, WorkerSnapshot>();

  const drawCell = (cell: Cell): void => {
    if (snapshot === null || !cell.visible) return;
    const series = snapshot.workers.find((worker) => worker.id === cell.id);
    const worker = workers.get(cell.id);
    if (worker === undefined) return;
    const model = series === undefined ? null : modelOf(cell, series, { snapshot, isBare: context.compact });
    if (model === null) {
      cell.chart?.destroy();
      cell.chart = null;
      showWords(cell.element, wordsFor(cell.measure, worker, snapshot));
      return;
    }
    if (cell.chart === null) {
      const plot = document.createElement("div");
      plot.className = "row-plot";
      cell.element.replaceChildren(plot);
      if (context.compact) cell.element.append(document.createElement("b"));
      const look = context.compact ? "bare" : "row";
      const colour = cell.measure === "cpu" ? "cpu" : snapshot.workerMeasure === "jobs" ? "queue" : "requests";
      cell.chart = createTimeChart(plot, { look, colour, formatTick: formatCount, ...context }, model);
    } else {
      cell.chart.update(model);
    }
    const now = cell.element.querySelector(":scope > b");
    if (now !== null) now.textContent = nowWords(cell.measure, model.series, snapshot);
  };

  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const cell = cells.get(entry.target);
        if (cell === undefined) continue;
        cell.visible = entry.isIntersecting;
        if (cell.visible) drawCell(cell);
        else {
          cell.chart?.destroy();
          cell.chart = null;
        }
      }
    },
    { rootMargin: "200px" },
  );

  const drawGapWords = (): void => {
    if (snapshot === null) return;
    for (const row of main.querySelectorAll<HTMLElement>("[data-worker]")) {
      const place = row.querySelector("[data-gap]");
      const series = snapshot.workers.find((worker) => worker.id === row.dataset.worker);
      if (place === null || series === undefined) continue;
      const gap = gapsIn(series.cpu, series, snapshot).at(-1);
      const isOpen = gap !== undefined && gap.to + series.cpu.stepMs >= expectedTo(series, snapshot);
      const open = isOpen ? gap : undefined;
      renderInto(
        place,
        fragment(
          open === undefined
            ? []
            : [
                h(
                  "span",
                  { class: "eg-state eg-tone-warn" },
                  icon("dashed-ring-dash"),
                  h(
                    "span",
                    {},
                    `No CPU data since ${formatTime(open.from, "minute", { zone: context.timeZone })}; left out of the mean`,
                  ),
                ),
              ],
        ),
      );
    }
  };

  return {
    show(next) {
      snapshot = next;
      for (const cell of cells.values()) drawCell(cell);
      drawGapWords();
      const head = main.querySelector('[data-head="work"]');
      if (head !== null) head.textContent = workHead(next, context.compact);
    },
    arrange(fleet) {
      workers = new Map(fleet.workers.map((worker) => [worker.id, worker]));
      for (const [element, cell] of cells) {
        if (element.isConnected) continue;
        cell.chart?.destroy();
        observer.unobserve(element);
        cells.delete(element);
      }
      for (const element of main.querySelectorAll<HTMLElement>("[data-chart-row]")) {
        const id = element.closest<HTMLElement>("[data-worker]")?.dataset.worker;
        if (id === undefined || cells.has(element)) continue;
        const measure = element.dataset.chartRow === "work" ? "work" : "cpu";
        cells.set(element, { element, id, measure, visible: false, chart: null });
        observer.observe(element);
      }
      for (const cell of cells.values()) if (cell.chart === null) drawCell(cell);
      drawGapWords();
    },
  };
}

const seriesFor = (measure: Measure, worker: WorkerSeries): Series | null =>
  measure === "cpu" ? worker.cpu : worker.work;

function expectedTo(worker: WorkerSeries, { settledUntil }: ChartSnapshot): number {
  return worker.expectedTo ?? settledUntil;
}

function gapsIn(series: Series, worker: WorkerSeries, snapshot: ChartSnapshot): readonly Gap[] {
  return gapsOf(series, worker.expectedFrom, expectedTo(worker, snapshot));
}

function modelOf(
  { measure, id }: Cell,
  worker: WorkerSeries,
  { snapshot, isBare }: { readonly snapshot: ChartSnapshot; readonly isBare: boolean },
): ChartModel | null {
  const series = seriesFor(measure, worker);
  if (series === null || series.values.every((value) => value === null)) return null;
  const values = series.values.filter((value) => value !== null);
  const say = measure === "cpu" ? formatPercent : formatNumber;
  const name = measure === "cpu" ? "CPU" : snapshot.workerMeasure === "jobs" ? "jobs running" : "requests per minute";
  return {
    span: snapshot.span,
    axis: measure === "cpu" ? { top: 100, step: 50 } : workAxis(snapshot),
    series,
    gaps: gapsIn(series, worker, snapshot),
    steps: null,
    thresholds: null,
    events: isBare ? [] : snapshot.events,
    label: `${name} of ${id}: ${say(Math.min(...values))} to ${say(Math.max(...values))}, latest ${say(values.at(-1) ?? 0)}`,
  };
}

/** One top for all rows, so that they can be compared. */
function workAxis({ workers }: ChartSnapshot): ValueAxis {
  const largest = Math.max(0, ...workers.flatMap(({ work }) => work?.values.map((value) => value ?? 0) ?? []));
  return halvedAxis(largest);
}

function workHead(snapshot: ChartSnapshot, compact: boolean): string {
  if (snapshot.workerMeasure === null) return "";
  const name = snapshot.workerMeasure === "jobs" ? "Jobs running" : "Requests per minute";
  return compact ? name : `${name}, 0 to ${formatCount(workAxis(snapshot).top)}`;
}

function nowWords(measure: Measure, series: Series | null, { settledUntil }: ChartSnapshot): string {
  const latest = series === null ? null : latestOf(series);
  if (latest === null || series === null || latest.at + 2 * series.stepMs < settledUntil) return NO_VALUE;
  return measure === "cpu" ? formatPercent(Math.round(latest.value)) : formatCount(latest.value);
}

function wordsFor(measure: Measure, worker: WorkerSnapshot, { workerMeasure }: ChartSnapshot): string {
  if (measure === "cpu") return waitingWords(worker);
  if (workerMeasure === null) return "takes no requests";
  return workerMeasure === "jobs" ? "no jobs yet" : "no requests yet";
}

function showWords(element: HTMLElement, words: string): void {
  if (element.childElementCount === 1 && element.textContent === words) return;
  const line = document.createElement("span");
  line.className = "eg-small eg-secondary";
  line.textContent = words;
  element.replaceChildren(line);
}
