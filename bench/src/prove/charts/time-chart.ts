import { type Frame, type Panel, panelHeight, panelOf } from "./panel.ts";
import { escapeXml, patterns, styleSheet, withAttributes } from "./style.ts";

/** A change of the pool, marked in every panel: G grow, S shrink, M manual, R replaced, K killed. */
export interface ChartEvent {
  readonly at: number;
  readonly mark: "G" | "S" | "M" | "R" | "K";
  readonly text: string;
}

/** A stretch of time with a name, such as the load. */
export interface Phase {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export interface TimeChart {
  readonly title: string;
  readonly subtitle: string;
  /** What the chart shows, for those who do not see it. */
  readonly text: string;
  /** Epoch milliseconds; the x axis counts from `from`. */
  readonly from: number;
  readonly to: number;
  readonly events: readonly ChartEvent[];
  readonly phases: readonly Phase[];
  readonly panels: readonly Panel[];
}

const WIDTH = 960;
const LEFT = 56;
const RIGHT = WIDTH - 24;
const PANELS_FROM = 64;
const PHASE_HEIGHT = 22;
const FLAG_HEIGHT = 22;
const PANEL_GAP = 16;
/** Flags closer than this lie in different rows. */
const FLAG_WIDTH = 62;
/** Mean width of a character at 12 px. */
const CHARACTER = 7.2;

/** An SVG for light and dark pages: panels below each other on one time axis, with events through all of them. */
export function timeChart(chart: TimeChart): string {
  const frame: Frame = { left: LEFT, right: RIGHT, from: chart.from, to: chart.to };
  const toX = (at: number) => LEFT + ((at - chart.from) / (chart.to - chart.from)) * (RIGHT - LEFT);
  const flags = flagRows(chart.events, toX);
  const flagRowCount = flags.reduce((most, { row }) => Math.max(most, row + 1), 0);
  const flagsFrom = PANELS_FROM + (chart.phases.length > 0 ? PHASE_HEIGHT : 0);
  let y = flagsFrom + flagRowCount * FLAG_HEIGHT + 8;
  const panels = chart.panels.map((panel) => {
    const drawn = panelOf(panel, frame, y);
    y += panelHeight(panel) + PANEL_GAP;
    return drawn;
  });
  const base = y - PANEL_GAP;
  const height = base + 44;
  const lines = flags.map(
    ({ event, row }) =>
      `<path d="M${toX(event.at).toFixed(1)} ${flagsFrom + row * FLAG_HEIGHT + 18}V${base}" class="t s-accent" opacity="0.6"/>`,
  );
  return withAttributes(
    [
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="Inter, system-ui, sans-serif" font-size="12" role="img" aria-label="${escapeXml(chart.text)}">`,
      styleSheet(),
      patterns(),
      `<rect width="${WIDTH}" height="${height}" rx="8" class="f-surface"/>`,
      `<text x="20" y="30" class="h f-text">${escapeXml(chart.title)}</text>`,
      `<text x="20" y="50" class="f-quiet">${escapeXml(chart.subtitle)}</text>`,
      ...chart.phases.map((phase) => phaseOf(phase, toX, base)),
      ...panels,
      ...lines,
      ...flags.map(({ event, row }) => flagOf(event, toX(event.at), flagsFrom + row * FLAG_HEIGHT)),
      timeAxis(chart, toX, base),
      "</svg>\n",
    ].join("\n"),
  );
}

/** Whole minutes between ticks (or parts of one), so that at most 12 stand on the axis. */
export function tickMinutes(spanMs: number): number {
  const minutes = spanMs / 60_000;
  return [0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120].find((step) => minutes / step <= 12) ?? 240;
}

function flagRows(
  events: readonly ChartEvent[],
  toX: (at: number) => number,
): readonly { event: ChartEvent; row: number }[] {
  const ends: number[] = [];
  return events
    .toSorted((a, b) => a.at - b.at)
    .map((event) => {
      const x = toX(event.at);
      const [begin, end] = isAtEdge(x) ? [x - FLAG_WIDTH, x] : [x, x + FLAG_WIDTH];
      const free = ends.findIndex((taken) => taken <= begin);
      const row = free === -1 ? ends.length : free;
      ends[row] = end;
      return { event, row };
    });
}

/** There a flag's words stand before it. */
function isAtEdge(x: number): boolean {
  return x + FLAG_WIDTH > RIGHT + 8;
}

function flagOf({ mark, text }: ChartEvent, x: number, y: number): string {
  const isLast = isAtEdge(x);
  const words = `<text x="${(isLast ? x - 13 : x + 13).toFixed(1)}" y="${y + 13}" class="${isLast ? "end " : ""}f-text">${escapeXml(text)}</text>`;
  const isFilled = mark === "G" || mark === "M";
  const box = isFilled
    ? `<rect x="${(x - 9).toFixed(1)}" y="${y}" width="18" height="18" rx="3" class="f-accent"/>`
    : `<rect x="${(x - 8.5).toFixed(1)}" y="${y + 0.5}" width="17" height="17" rx="3" class="s-accent" stroke-width="1.5"/>`;
  return `${box}<text x="${x.toFixed(1)}" y="${y + 13}" class="mid b ${isFilled ? "f-onAccent" : "f-accent"}">${mark}</text>${words}`;
}

function phaseOf({ from, to, text }: Phase, toX: (at: number) => number, base: number): string {
  const [x, end] = [toX(from), toX(to)];
  const width = (end - x).toFixed(1);
  const wide = text.length * CHARACTER;
  const fits = wide + 16 <= end - x;
  const inside = `x="${(x + 8).toFixed(1)}"`;
  // A short stretch is named beside it, where the chart has more room.
  const isBefore = x < (LEFT + RIGHT) / 2 && x - 6 - wide >= 0;
  const beside = isBefore ? `x="${(x - 6).toFixed(1)}" text-anchor="end"` : `x="${(end + 6).toFixed(1)}"`;
  const words = fits ? inside : beside;
  return (
    `<rect x="${x.toFixed(1)}" y="${PANELS_FROM}" width="${width}" height="16" rx="3" class="f-load"/>` +
    `<path d="M${x.toFixed(1)} ${PANELS_FROM}V${base}M${end.toFixed(1)} ${PANELS_FROM}V${base}" class="t s-quiet" stroke-dasharray="1 4"/>` +
    `<text ${words} y="${PANELS_FROM + 12}" class="f-text">${escapeXml(text)}</text>`
  );
}

function timeAxis({ from, to }: TimeChart, toX: (at: number) => number, base: number): string {
  const step = tickMinutes(to - from);
  const ticks = Array.from({ length: Math.floor((to - from) / 60_000 / step) + 1 }, (_, index) => index * step);
  const marks = ticks.map((minutes) => {
    const x = toX(from + minutes * 60_000).toFixed(1);
    return `<path d="M${x} ${base}v5" class="t s-quiet"/><text x="${x}" y="${base + 18}" class="mid f-quiet">${minutes}</text>`;
  });
  return `${marks.join("")}<text x="${RIGHT}" y="${base + 36}" class="end f-quiet">minutes since the start of the measurement</text>`;
}
