import { formatTime } from "@elastic-gas/shared/format/times";
import type { ChartTokens } from "@elastic-gas/shared/ui/chart-tokens";
import type { Chart, Plugin } from "chart.js";
import type { CountStep } from "../../model/charts/count-steps.ts";
import type { Gap } from "../../model/charts/series.ts";
import type { Occurrence } from "../../model/decisions/occurrence.ts";
import type { Cursor } from "./cursor.ts";
import { hatch, withAlpha } from "./hatch.ts";

/** A value that holds until the next point. */
export interface StepLine {
  /** Old: dashed and neutral; new: solid in the accent. */
  readonly look: "old" | "new";
  readonly points: readonly { readonly at: number; readonly value: number }[];
}

/** What the plugins draw besides the line; the chart replaces it at each update. */
export interface Drawing {
  tokens: ChartTokens;
  timeZone: string;
  gaps: readonly Gap[];
  steps: readonly CountStep[] | null;
  lines: readonly StepLine[];
  thresholds: { readonly grow: number; readonly shrink: number } | null;
  events: readonly Pick<Occurrence, "at">[];
  /** Seconds are shown when periods are shorter than a minute. */
  seconds: boolean;
  to: number;
}

const FONT_PIXELS = 11;

/** Below the line: band above the grow threshold, hatched gaps, event lines, worker bands. */
export function groundPlugin(drawing: Drawing): Plugin<"line"> {
  return {
    id: "ground",
    beforeDatasetsDraw(chart) {
      clipped(chart, (context) => {
        drawBand(chart, context, drawing);
        drawGaps(chart, context, drawing);
        if (drawing.steps !== null) drawSteps(chart, context, drawing, drawing.steps);
        drawEvents(chart, context, drawing);
        for (const line of drawing.lines) drawLine(chart, context, drawing, line);
      });
    },
  };
}

/** Above the line: thresholds with their words, the cross-hair with its time. */
export function overlayPlugin(drawing: Drawing, cursor: Cursor, markValue: () => number | null): Plugin<"line"> {
  return {
    id: "overlay",
    afterDatasetsDraw(chart) {
      if (drawing.thresholds !== null) drawThresholds(chart, drawing, drawing.thresholds);
      if (cursor.at !== null) drawCursor(chart, drawing, cursor.at, markValue());
    },
  };
}

function clipped(chart: Chart, draw: (context: CanvasRenderingContext2D) => void): void {
  const { ctx, chartArea } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(chartArea.left, chartArea.top, chartArea.width, chartArea.height);
  ctx.clip();
  draw(ctx);
  ctx.restore();
}

function scales(chart: Chart): { readonly x: (at: number) => number; readonly y: (value: number) => number } {
  const { x, y } = chart.scales;
  return { x: (at) => x?.getPixelForValue(at) ?? 0, y: (value) => y?.getPixelForValue(value) ?? 0 };
}

function drawBand(chart: Chart, context: CanvasRenderingContext2D, { thresholds, tokens }: Drawing): void {
  if (thresholds === null) return;
  const { chartArea } = chart;
  context.fillStyle = tokens.band;
  context.fillRect(chartArea.left, chartArea.top, chartArea.width, scales(chart).y(thresholds.grow) - chartArea.top);
}

function drawGaps(chart: Chart, context: CanvasRenderingContext2D, { gaps, tokens, timeZone }: Drawing): void {
  const { x } = scales(chart);
  const { top, height, left, right } = chart.chartArea;
  for (const gap of gaps) {
    const from = Math.max(left, x(gap.from));
    const to = Math.min(right, x(gap.to));
    context.fillStyle = hatch(context, tokens.gap);
    context.fillRect(from, top, to - from, height);
    if (height < 100) continue; // rows say it in words beside the chart
    context.font = `${FONT_PIXELS}px ${tokens.fontFamily}`;
    const long = `no data ${formatTime(gap.from, "minute", { zone: timeZone })} – ${formatTime(gap.to, "minute", { zone: timeZone })}`;
    const words = [long, "no data"].find((text) => context.measureText(text).width + 16 < to - from);
    if (words !== undefined)
      label(context, words, { x: (from + to) / 2, y: top + height / 2, align: "center" }, tokens);
  }
}

function drawEvents(chart: Chart, context: CanvasRenderingContext2D, { events, tokens }: Drawing): void {
  const { x } = scales(chart);
  const { top, bottom } = chart.chartArea;
  context.strokeStyle = withAlpha(tokens.line, 0.4);
  context.lineWidth = 1;
  for (const event of events) {
    const at = Math.round(x(event.at)) + 0.5;
    context.beginPath();
    context.moveTo(at, top);
    context.lineTo(at, bottom);
    context.stroke();
  }
}

/**
 * In service at the bottom, then warming, pending, draining; desired as a dashed line. Each value holds until the next.
 */
function drawSteps(
  chart: Chart,
  context: CanvasRenderingContext2D,
  drawing: Drawing,
  steps: readonly CountStep[],
): void {
  const { tokens, to } = drawing;
  const { x, y } = scales(chart);
  const layers = [
    { name: "inService", fill: withAlpha(tokens.cpu, 0.3), edge: tokens.cpu },
    { name: "warming", fill: hatch(context, tokens.info, 2), edge: tokens.info },
    { name: "pending", fill: hatch(context, tokens.mute), edge: null },
    { name: "draining", fill: withAlpha(tokens.drain, 0.8), edge: null },
  ] as const;
  steps.forEach(({ at, counts }, index) => {
    const left = x(at);
    const width = x(steps[index + 1]?.at ?? to) - left;
    if (counts === null) {
      // Before the first known count there was no pool: blank, as nothing is missing.
      if (index === 0) return;
      context.fillStyle = hatch(context, tokens.gap);
      context.fillRect(left, chart.chartArea.top, width, chart.chartArea.height);
      return;
    }
    let base = 0;
    for (const { name, fill, edge } of layers) {
      const value = counts[name];
      if (value === 0) continue;
      const top = y(base + value);
      context.fillStyle = fill;
      context.fillRect(left, top, width, y(base) - top);
      if (edge !== null) {
        context.fillStyle = edge;
        context.fillRect(left, top, width, 1);
      }
      base += value;
    }
  });
  context.strokeStyle = tokens.line;
  context.lineWidth = 2;
  context.setLineDash([5, 3]);
  context.beginPath();
  let drawingLine = false;
  steps.forEach(({ at, counts }, index) => {
    if (counts === null) {
      drawingLine = false;
      return;
    }
    const level = y(counts.desired);
    if (drawingLine) context.lineTo(x(at), level);
    else context.moveTo(x(at), level);
    context.lineTo(x(steps[index + 1]?.at ?? to), level);
    drawingLine = true;
  });
  context.stroke();
  context.setLineDash([]);
}

function drawLine(
  chart: Chart,
  context: CanvasRenderingContext2D,
  { tokens, to }: Drawing,
  { look, points }: StepLine,
): void {
  const { x, y } = scales(chart);
  context.strokeStyle = look === "old" ? tokens.line : tokens.accent;
  context.lineWidth = look === "old" ? 1.5 : 2;
  context.setLineDash(look === "old" ? [4, 3] : []);
  context.beginPath();
  points.forEach(({ at, value }, index) => {
    if (index === 0) context.moveTo(x(at), y(value));
    else context.lineTo(x(at), y(value));
    context.lineTo(x(points[index + 1]?.at ?? to), y(value));
  });
  context.stroke();
  context.setLineDash([]);
}

function drawThresholds(
  chart: Chart,
  { tokens }: Drawing,
  { grow, shrink }: { readonly grow: number; readonly shrink: number },
): void {
  const { ctx, chartArea } = chart;
  const { y } = scales(chart);
  ctx.save();
  ctx.strokeStyle = tokens.axis;
  ctx.lineWidth = 1.25;
  ctx.font = `${FONT_PIXELS}px ${tokens.fontFamily}`;
  for (const [value, dash, words, shift] of [
    [grow, [6, 3], `▲ grow above ${grow}\u00a0%`, -9],
    [shrink, [2, 3], `▼ shrink below ${shrink}\u00a0%`, 9],
  ] as const) {
    const level = Math.round(y(value)) + 0.5;
    ctx.setLineDash([...dash]);
    ctx.beginPath();
    ctx.moveTo(chartArea.left, level);
    ctx.lineTo(chartArea.right, level);
    ctx.stroke();
    ctx.setLineDash([]);
    const width = ctx.measureText(words).width;
    const place = freePlace(chart, { width, middle: level + shift });
    if (place !== null) label(ctx, words, { x: place, y: level + shift, align: "left" }, tokens);
  }
  ctx.restore();
}

/** The first of left, middle and right where the line does not run through the words; null when all are taken. */
function freePlace(chart: Chart, box: { readonly width: number; readonly middle: number }): number | null {
  const { left, right } = chart.chartArea;
  const places = [left + 6, (left + right - box.width) / 2, right - box.width - 6];
  const points = chart.getDatasetMeta(0).data;
  if (right - left < box.width + 12) return null;
  const isFree = (from: number): boolean => {
    let previous: { readonly x: number; readonly y: number } | null = null;
    for (const point of points) {
      const here = { x: point.x, y: point.y };
      if (Number.isNaN(here.y)) {
        previous = null;
        continue;
      }
      const start = previous ?? here;
      const overlaps = here.x >= from - 4 && start.x <= from + box.width + 4;
      const [low, high] = [Math.min(start.y, here.y), Math.max(start.y, here.y)];
      if (overlaps && low <= box.middle + 9 && high >= box.middle - 9) return false;
      previous = here;
    }
    return true;
  };
  return places.find(isFree) ?? null;
}

function drawCursor(chart: Chart, drawing: Drawing, at: number, value: number | null): void {
  const { ctx, chartArea } = chart;
  const { x, y } = scales(chart);
  const { tokens } = drawing;
  const left = x(at);
  if (left < chartArea.left - 1 || left > chartArea.right + 1) return;
  ctx.save();
  ctx.strokeStyle = tokens.accent;
  ctx.lineWidth = 1.25;
  ctx.beginPath();
  ctx.moveTo(left, chartArea.top);
  ctx.lineTo(left, chartArea.bottom);
  ctx.stroke();
  if (value !== null) {
    ctx.fillStyle = tokens.surface;
    ctx.lineWidth = 2;
    ctx.beginPath();
    ctx.arc(left, y(value), 3.5, 0, 2 * Math.PI);
    ctx.fill();
    ctx.stroke();
  }
  if (chart.scales.x?.options.display !== false) {
    const words = drawing.seconds
      ? formatTime(at, "time", { zone: drawing.timeZone })
      : formatTime(at, "minute", { zone: drawing.timeZone });
    ctx.font = `600 ${FONT_PIXELS}px ${tokens.fontFamily}`;
    const half = ctx.measureText(words).width / 2 + 4;
    const middle = Math.min(chartArea.right - half, Math.max(chartArea.left + half, left));
    ctx.fillStyle = tokens.surface;
    // Wide enough to cover a tick that it would cut.
    ctx.fillRect(middle - half - 12, chartArea.bottom + 3, 2 * half + 24, 16);
    ctx.fillStyle = tokens.accent;
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    ctx.fillText(words, middle, chartArea.bottom + 6);
  }
  ctx.restore();
}

function label(
  context: CanvasRenderingContext2D,
  words: string,
  place: { readonly x: number; readonly y: number; readonly align: "left" | "center" },
  tokens: ChartTokens,
): void {
  const width = context.measureText(words).width;
  const left = place.align === "center" ? place.x - width / 2 : place.x;
  context.fillStyle = withAlpha(tokens.surface, 0.86);
  context.fillRect(left - 3, place.y - 8, width + 6, 16);
  context.fillStyle = tokens.axis;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(words, left, place.y + 0.5);
}
