import { type Colour, escapeXml } from "./style.ts";

export interface Point {
  /** Epoch milliseconds. */
  readonly at: number;
  /** null = no data: a gap. */
  readonly value: number | null;
}

export interface Line {
  readonly name: string;
  readonly colour: Colour;
  readonly points: readonly Point[];
  readonly dashed?: boolean;
  /** Each value holds until the next. */
  readonly stepped?: boolean;
}

/** An area between its own value and the bands before it; each value holds until the next. */
export interface Band {
  readonly name: string;
  readonly colour: Colour;
  readonly hatched?: boolean;
  readonly points: readonly { readonly at: number; readonly value: number }[];
}

export interface Threshold {
  readonly value: number;
  readonly text: string;
  /** Grow: dashed, with the band above it; shrink: dotted. */
  readonly kind: "grow" | "shrink";
}

export interface Panel {
  readonly title: string;
  readonly unit?: string;
  readonly height: number;
  /** Fixed top of the axis; else a round number above all values. */
  readonly top?: number;
  readonly bands?: readonly Band[];
  readonly lines?: readonly Line[];
  readonly thresholds?: readonly Threshold[];
}

export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly from: number;
  readonly to: number;
}

const HEAD = 26;
const KEY_SAMPLE = 18;
const TEXT_BELOW = 14;
/** Mean width of a character at 12 px: SVG has no layout, so keys are spaced by it. */
const CHARACTER = 7.2;

/** Height of a panel with its heading. */
export function panelHeight(panel: Panel): number {
  return HEAD + panel.height;
}

/** One measure over time: heading with key, axis from 0, plot. `y` is the panel's upper edge. */
export function panelOf(panel: Panel, frame: Frame, y: number): string {
  const top = panel.top ?? roundTop(highest(panel));
  const plotTop = y + HEAD;
  const base = plotTop + panel.height;
  const toX = (at: number) => frame.left + ((at - frame.from) / (frame.to - frame.from)) * (frame.right - frame.left);
  const toY = (value: number) => base - (Math.min(value, top) / top) * panel.height;
  const scale: Scale = { toX, toY, frame };
  return [
    heading(panel, frame, y + 14),
    axis(top, frame, toY),
    ...(panel.thresholds ?? []).filter(({ kind }) => kind === "grow").map((grow) => overload(grow, plotTop, scale)),
    stack(panel.bands ?? [], scale),
    ...(panel.lines ?? []).map((line) => lineOf(line, scale)),
    ...(panel.thresholds ?? []).map((threshold) => thresholdOf(threshold, scale)),
  ].join("\n");
}

interface Scale {
  readonly toX: (at: number) => number;
  readonly toY: (value: number) => number;
  readonly frame: Frame;
}

/** A round number at or above the value, of which the quarters are round as well. */
export function roundTop(value: number): number {
  const small = [4, 8, 12].find((each) => each >= value);
  if (small !== undefined) return small;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8].find((each) => each * power >= value) ?? 10;
  return Math.round(step * power);
}

function highest({ bands = [], lines = [], thresholds = [] }: Panel): number {
  const instants = [...new Set(bands.flatMap(({ points }) => points.map(({ at }) => at)))];
  const stacked = instants.map((at) => bands.reduce((sum, band) => sum + heldAt(band, at), 0));
  const values = lines.flatMap(({ points }) => points.map(({ value }) => value ?? 0));
  return [...stacked, ...values, ...thresholds.map(({ value }) => value)].reduce((a, b) => Math.max(a, b), 0);
}

function heldAt({ points }: Band, at: number): number {
  return points.findLast((point) => point.at <= at)?.value ?? 0;
}

function heading({ title, unit, bands = [], lines = [] }: Panel, { left, right }: Frame, y: number): string {
  const words = unit === undefined ? title : `${title}, ${unit}`;
  const keys = [
    ...lines.map((line) => ({ ...line, isLine: true })),
    ...bands.map((band) => ({ ...band, isLine: false })),
  ];
  let x = right;
  const parts = keys.toReversed().map((key) => {
    x -= key.name.length * CHARACTER;
    const text = `<text x="${x.toFixed(0)}" y="${y}" class="f-quiet">${escapeXml(key.name)}</text>`;
    x -= KEY_SAMPLE + 4;
    const sample = key.isLine
      ? `<path d="M${x.toFixed(0)} ${y - 4}h${KEY_SAMPLE}" class="l s-${key.colour}"${"dashed" in key && key.dashed ? ' stroke-dasharray="6 3"' : ""}/>`
      : `<rect x="${x.toFixed(0)}" y="${y - 10}" width="${KEY_SAMPLE}" height="12" ${fillOf(key)}/>`;
    x -= 14;
    return sample + text;
  });
  return `<text x="${left}" y="${y}" class="b f-text">${escapeXml(words)}</text>${parts.join("")}`;
}

function fillOf(band: { readonly colour: Colour; readonly hatched?: boolean }): string {
  return band.hatched ? `fill="url(#hatch-${band.colour})"` : `class="f-${band.colour}"`;
}

function axis(top: number, { left, right }: Frame, toY: (value: number) => number): string {
  const ticks = [0, 0.25, 0.5, 0.75, 1]
    .map((share) => share * top)
    .filter((value) => top > 10 || Number.isInteger(value));
  return ticks
    .map((value) => {
      const y = toY(value).toFixed(1);
      const text = Number.isInteger(value) ? value.toLocaleString("en-US") : value.toFixed(1);
      return `<path d="M${left} ${y}H${right}" class="t s-grid"/><text x="${left - 8}" y="${Number(y) + 4}" class="end f-quiet">${text}</text>`;
    })
    .join("");
}

/** The stretch above the grow threshold. */
function overload({ value }: Threshold, plotTop: number, { toY, frame }: Scale): string {
  const height = toY(value) - plotTop;
  return `<rect x="${frame.left}" y="${plotTop}" width="${frame.right - frame.left}" height="${height.toFixed(1)}" class="f-band"/>`;
}

function stack(bands: readonly Band[], { toX, toY, frame }: Scale): string {
  const instants = [...new Set(bands.flatMap(({ points }) => points.map(({ at }) => at)))]
    .map((at) => Math.max(at, frame.from))
    .sort((a, b) => a - b);
  return instants
    .flatMap((at, index) => {
      const x = toX(at);
      const width = toX(Math.min(instants[index + 1] ?? frame.to, frame.to)) - x;
      let below = 0;
      return bands.map((band) => {
        const value = heldAt(band, at);
        if (value === 0 || width <= 0) return "";
        const y = toY(below + value);
        const height = toY(below) - y;
        below += value;
        return `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}" ${fillOf(band)} shape-rendering="crispEdges"/>`;
      });
    })
    .join("");
}

function lineOf({ points, colour, dashed, stepped }: Line, { toX, toY, frame }: Scale): string {
  let path = "";
  let previous: number | null = null;
  const inside = points.filter(({ at }) => at <= frame.to);
  inside.forEach(({ at, value }, index) => {
    if (value === null) {
      previous = null;
      return;
    }
    const x = toX(Math.max(at, frame.from)).toFixed(1);
    const y = toY(value).toFixed(1);
    if (previous === null) {
      // A lone point between gaps would be invisible.
      const isLone = (inside[index + 1]?.value ?? null) === null && !stepped;
      path += isLone ? `M${x} ${y}h0.1` : `M${x} ${y}`;
    } else path += stepped ? `H${x}V${y}` : `L${x} ${y}`;
    previous = value;
  });
  if (stepped && previous !== null) path += `H${frame.right}`;
  const dash = dashed ? ' stroke-dasharray="6 3"' : ' stroke-linecap="round"';
  return path === "" ? "" : `<path d="${path}" class="l s-${colour}"${dash}/>`;
}

function thresholdOf({ value, text, kind }: Threshold, { toY, frame }: Scale): string {
  const y = toY(value);
  const dash = kind === "grow" ? "6 3" : "2 3";
  // A measure that rests between the two thresholds runs over neither text.
  const textY = kind === "shrink" && y + TEXT_BELOW < toY(0) ? y + TEXT_BELOW : y - 5;
  return (
    `<path d="M${frame.left} ${y.toFixed(1)}H${frame.right}" class="t s-line" stroke-dasharray="${dash}"/>` +
    `<text x="${frame.right - 6}" y="${textY.toFixed(1)}" class="end f-quiet">${escapeXml(text)}</text>`
  );
}
