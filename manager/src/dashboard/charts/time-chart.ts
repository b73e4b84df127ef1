import { type ChartTokens, readChartTokens } from "@elastic-gas/shared/ui/chart-tokens";
import { Chart, Filler, LinearScale, LineController, LineElement, PointElement } from "chart.js";
import { timeTicks, type ValueAxis } from "../../model/charts/axis.ts";
import type { CountStep } from "../../model/charts/count-steps.ts";
import type { Span } from "../../model/charts/range.ts";
import { atOf, type Gap, type Series, valueAt } from "../../model/charts/series.ts";
import type { Occurrence } from "../../model/decisions/occurrence.ts";
import type { Cursor } from "./cursor.ts";
import { withAlpha } from "./hatch.ts";
import { type Drawing, groundPlugin, overlayPlugin, type StepLine } from "./plugins.ts";

Chart.register(LineController, LineElement, PointElement, LinearScale, Filler);

export type Look = "panel" | "row" | "bare";
export type Colour = "cpu" | "requests" | "latency" | "queue" | "line";

export interface ChartModel {
  readonly span: Span;
  readonly axis: ValueAxis;
  readonly series: Series | null;
  readonly gaps: readonly Gap[];
  readonly steps: readonly CountStep[] | null;
  readonly lines?: readonly StepLine[];
  /** Fills below the line; rows always do. */
  readonly fill?: boolean;
  readonly thresholds: { readonly grow: number; readonly shrink: number } | null;
  readonly events: readonly Pick<Occurrence, "at">[];
  /** States range, extremes, now and the notable event. */
  readonly label: string;
}

export interface TimeChart {
  update(model: ChartModel): void;
  destroy(): void;
}

export interface ChartOptions {
  readonly look: Look;
  readonly colour: Colour;
  readonly formatTick: (value: number) => string;
  readonly cursor: Cursor;
  readonly timeZone: string;
  /** After the plot got its place, at first and whenever it moves: what stands beside it follows. */
  readonly onLayout?: (pixelOf: (at: number) => number) => void;
}

/** What is left of A4 within a panel. */
const PRINT_PIXELS = 640;
const GUTTERS: Readonly<Record<Look, number>> = { panel: 50, row: 34, bare: 0 };

/** One measure over time: fixed edges, gaps never bridged, a cross-hair shared with the other charts of the page. */
export function createTimeChart(box: HTMLElement, options: ChartOptions, first: ChartModel): TimeChart {
  const { look, colour, cursor, timeZone } = options;
  let model = first;
  const drawing: Drawing = {
    tokens: readChartTokens(),
    timeZone,
    gaps: [],
    steps: null,
    lines: [],
    thresholds: null,
    events: [],
    seconds: false,
    to: 0,
  };
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  if (look === "panel") canvas.tabIndex = 0;
  box.replaceChildren(canvas);

  const cursorValue = (): number | null =>
    cursor.at === null || model.series === null ? null : valueAt(model.series, cursor.at);
  const noPoints: { x: number; y: number }[] = [];
  const chart = new Chart(canvas, {
    type: "line",
    data: { datasets: [{ data: noPoints }] },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      parsing: false,
      normalized: true,
      events: [],
      layout: { padding: look === "bare" ? 0 : { top: look === "panel" ? 4 : 6, right: look === "panel" ? 2 : 6 } },
      plugins: { legend: { display: false }, tooltip: { enabled: false } },
      scales: scalesOf(first, options, { tokens: drawing.tokens, widthPixels: box.clientWidth }),
    },
    plugins: [
      groundPlugin(drawing),
      overlayPlugin(drawing, cursor, cursorValue),
      {
        id: "layout",
        afterLayout: ({ scales: { x } }) => {
          if (x !== undefined) options.onLayout?.((at) => x.getPixelForValue(at));
        },
      },
    ],
  });

  const apply = (): void => {
    const { tokens } = drawing;
    Object.assign(drawing, {
      gaps: model.gaps,
      steps: model.steps,
      lines: model.lines ?? [],
      thresholds: model.thresholds,
      events: model.events,
      seconds: model.span.periodSeconds < 60,
      to: model.span.to,
    });
    const points = model.series === null ? [] : toPoints(model.series);
    const ink = colour === "line" ? tokens.line : tokens[colour];
    chart.data.datasets = [
      {
        data: points,
        borderColor: ink,
        backgroundColor: withAlpha(ink, 0.14),
        fill: look !== "panel" || model.fill === true,
        borderWidth: look === "panel" ? 2 : 1.75,
        borderJoinStyle: "round",
        tension: 0,
        spanGaps: false,
        pointBackgroundColor: ink,
        pointBorderWidth: 0,
        // A point between two gaps has no line: a dot shows it.
        pointRadius: points.map((point, index) =>
          !Number.isNaN(point.y) &&
          Number.isNaN(points[index - 1]?.y ?? Number.NaN) &&
          Number.isNaN(points[index + 1]?.y ?? Number.NaN)
            ? 2.5
            : 0,
        ),
      },
    ];
    chart.options.scales = scalesOf(model, options, { tokens, widthPixels: box.clientWidth });
    canvas.setAttribute("aria-label", model.label);
    chart.update("none");
  };

  const moveTo = (clientX: number): void => {
    const scale = chart.scales.x;
    if (scale === undefined) return;
    const value = scale.getValueForPixel(clientX - canvas.getBoundingClientRect().left);
    if (value !== undefined) cursor.set(snap(value, model.span));
  };
  const listeners = new AbortController();
  const { signal } = listeners;
  canvas.addEventListener("pointermove", (event) => moveTo(event.clientX), { signal });
  canvas.addEventListener("pointerdown", (event) => moveTo(event.clientX), { signal });
  canvas.addEventListener("pointerleave", () => cursor.set(null), { signal });
  canvas.addEventListener(
    "keydown",
    (event) => {
      const stepMs = model.span.periodSeconds * 1000;
      const here = cursor.at ?? snap(model.span.to, model.span);
      if (event.key === "ArrowLeft") cursor.set(snap(here - stepMs, model.span));
      else if (event.key === "ArrowRight") cursor.set(snap(here + stepMs, model.span));
      else if (event.key === "Escape") cursor.set(null);
      else return;
      event.preventDefault();
    },
    { signal },
  );
  document.addEventListener(
    "eg:theme",
    () => {
      drawing.tokens = readChartTokens();
      apply();
    },
    { signal },
  );
  // A canvas keeps its size on paper: a chart in half a window is drawn again as wide as the page.
  addEventListener(
    "beforeprint",
    () => {
      if (look !== "row") chart.resize(PRINT_PIXELS, box.clientHeight);
    },
    { signal },
  );
  addEventListener("afterprint", () => chart.resize(), { signal });
  const stopCursor = cursor.onChange(() => chart.draw());
  apply();

  return {
    update(next) {
      model = next;
      apply();
    },
    destroy() {
      listeners.abort();
      stopCursor();
      chart.destroy();
      canvas.remove();
    },
  };
}

function toPoints(series: Series): { x: number; y: number }[] {
  return series.values.map((value, index) => ({ x: atOf(series, index), y: value ?? Number.NaN }));
}

/** The start of the period that holds `at`, within the span. */
function snap(at: number, { from, to, periodSeconds }: Span): number {
  const stepMs = periodSeconds * 1000;
  const snapped = Math.round(at / stepMs) * stepMs;
  return Math.min(Math.floor(to / stepMs) * stepMs, Math.max(Math.ceil(from / stepMs) * stepMs, snapped));
}

function scalesOf(
  { span, axis }: ChartModel,
  { look, formatTick, timeZone }: ChartOptions,
  { tokens, widthPixels }: { readonly tokens: ChartTokens; readonly widthPixels: number },
) {
  const display = look !== "bare";
  const ticks = timeTicks(span, { timeZone, widthPixels: widthPixels - GUTTERS[look] });
  const font = { family: tokens.fontFamily, size: 11 };
  const labels = new Map(ticks.map((tick) => [tick.at, tick.label]));
  return {
    x: {
      type: "linear",
      display,
      min: span.from,
      max: span.to,
      grid: { color: tokens.grid, drawTicks: false },
      border: { color: tokens.grid },
      ticks: {
        color: tokens.axis,
        font,
        padding: 6,
        autoSkip: false,
        maxRotation: 0,
        callback: (value: string | number) => labels.get(Number(value)) ?? "",
      },
      afterBuildTicks: (scale: { ticks: { value: number }[] }) => {
        scale.ticks = ticks.map((tick) => ({ value: tick.at }));
      },
    },
    y: {
      type: "linear",
      display,
      min: 0,
      max: axis.top,
      grid: { color: tokens.grid, drawTicks: false },
      border: { display: false },
      ticks: {
        color: tokens.axis,
        font,
        padding: 6,
        autoSkip: false,
        callback: (value: string | number) => formatTick(Number(value)),
      },
      afterBuildTicks: (scale: { ticks: { value: number }[] }) => {
        const count = Math.round(axis.top / axis.step);
        scale.ticks = Array.from({ length: count + 1 }, (_, index) => ({ value: index * axis.step }));
      },
      // One gutter for all charts, so that their plots line up.
      afterFit: (scale: { width: number }) => {
        scale.width = GUTTERS[look];
      },
    },
  } as const;
}
