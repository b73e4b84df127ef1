export interface Series {
  readonly name: string;
  readonly tone: "good" | "warn" | "bad" | "muted";
  /** `at` in seconds after the start. */
  readonly points: readonly { readonly at: number; readonly value: number }[];
}

const WIDTH = 900;
const HEIGHT = 220;
const LEFT = 46;
const RIGHT = 18;
const BOTTOM = 24;
const TOP = 8;

/**
 * A chart with its heading and key, as HTML around an SVG; the values' axis begins at 0, the time axis at the start of
 * the run.
 */
export function lineChart({
  title,
  seconds,
  series,
  steps = false,
}: {
  readonly title: string;
  readonly seconds: number;
  readonly series: readonly Series[];
  /** Values hold until the next one, as a number of workers does. */
  readonly steps?: boolean;
}): string {
  const top = niceTop(Math.max(0, ...series.flatMap(({ points }) => points.map(({ value }) => value))));
  const x = (at: number): number => LEFT + (at / Math.max(1, seconds)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number => TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM);
  const rows = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const value = top * share;
    return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(y(value))}" y2="${round(y(value))}"/><text x="${LEFT - 6}" y="${round(y(value) + 4)}" text-anchor="end">${label(value)}</text>`;
  });
  const columns = timeMarks(seconds).map(
    (at) => `<text x="${round(x(at))}" y="${HEIGHT - 6}" text-anchor="middle">${clock(at)}</text>`,
  );
  const lines = series
    .filter(({ points }) => points.length > 0)
    .map(({ points, tone }) => `<path class="line ${tone}" d="${path(points, { x, y, steps, end: seconds })}"/>`);
  const key = series.map(
    ({ name, tone }) =>
      `<span><svg viewBox="0 0 28 12" aria-hidden="true"><path class="line ${tone}" d="M0 6H28"/></svg> ${name}</span>`,
  );
  return `<h2>${title}</h2>
<div class="key">${key.join("")}</div>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">${rows.join("")}${columns.join("")}${lines.join("")}</svg>`;
}

interface Scale {
  readonly x: (at: number) => number;
  readonly y: (value: number) => number;
  readonly steps: boolean;
  readonly end: number;
}

function path(points: Series["points"], { x, y, steps, end }: Scale): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  const moves = rest.map(({ at, value }) =>
    steps ? `H${round(x(at))}V${round(y(value))}` : `L${round(x(at))} ${round(y(value))}`,
  );
  return `M${round(x(first.at))} ${round(y(first.value))}${moves.join("")}${steps ? `H${round(x(end))}` : ""}`;
}

/** The least of 1, 2, 4, 5, 10 times a power of ten that holds the value: its quarters are short numbers. */
function niceTop(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 4, 5, 10].find((step) => step * power >= value * 0.999) ?? 10);
}

function timeMarks(seconds: number): readonly number[] {
  const step = [5, 10, 30, 60, 120, 300, 600, 1_200, 3_600, 7_200].find((each) => seconds / each <= 8) ?? 14_400;
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => index * step);
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, "0")}`;
}

function label(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
