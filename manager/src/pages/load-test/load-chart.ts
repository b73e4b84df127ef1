import { type Html, h } from "@elastic-gas/shared/web/html";

export interface LoadLine {
  readonly name: string;
  readonly tone: "line" | "ok" | "warn" | "bad";
  /** `at` in seconds after the start; null breaks the line. */
  readonly points: readonly { readonly at: number; readonly value: number | null }[];
}

const WIDTH = 640;
const HEIGHT = 180;
const LEFT = 56;
const RIGHT = 12;
const TOP = 8;
const BOTTOM = 28;
const QUARTERS = [0, 0.25, 0.5, 0.75, 1];

/** A chart of a load test over its whole duration, drawn by the server: the page shows it without script too. */
export function loadChart({
  title,
  seconds,
  lines,
}: {
  readonly title: string;
  readonly seconds: number;
  readonly lines: readonly LoadLine[];
}): Html {
  const values = lines.flatMap(({ points }) => points.flatMap(({ value }) => value ?? []));
  const top = niceTop(Math.max(0, ...values));
  const x = (at: number): number => round(LEFT + (at / seconds) * (WIDTH - LEFT - RIGHT));
  const y = (value: number): number => round(TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM));
  return h(
    "section",
    { class: "eg-panel chart-panel", "aria-label": title },
    h("div", { class: "eg-panel-head" }, h("h2", {}, title)),
    h(
      "ul",
      { class: "eg-key" },
      lines.map(({ name, tone }) =>
        h("li", {}, h("span", { class: `load-sample load-sample-${tone}`, "aria-hidden": "true" }), name),
      ),
    ),
    h(
      "svg",
      { class: "load-chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title },
      QUARTERS.map((share) => [
        h("line", { class: "load-grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(top * share), y2: y(top * share) }),
        h(
          "text",
          { x: LEFT - 6, y: y(top * share) + 4, "text-anchor": "end" },
          String(Number((top * share).toPrecision(3))),
        ),
      ]),
      QUARTERS.map((share) =>
        h(
          "text",
          { x: x(seconds * share), y: HEIGHT - 6, "text-anchor": share === 1 ? "end" : "middle" },
          clock(seconds * share),
        ),
      ),
      lines
        .filter(({ points }) => points.some(({ value }) => value !== null))
        .map(({ tone, points }) => h("path", { class: `load-line load-line-${tone}`, d: pathOf(points, x, y) })),
    ),
  );
}

function pathOf(points: LoadLine["points"], x: (at: number) => number, y: (value: number) => number): string {
  let pen = false;
  return points
    .map(({ at, value }) => {
      if (value === null) {
        pen = false;
        return "";
      }
      const step = `${pen ? "L" : "M"}${x(at)} ${y(value)}`;
      // A point alone would be no line at all.
      const dot = pen ? "" : "h0";
      pen = true;
      return step + dot;
    })
    .join("");
}

/** The least of 1, 2, 4, 5, 10 times a power of ten that holds the value: its quarters are short numbers. */
function niceTop(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 4, 5, 10].find((step) => step * power >= value * 0.999) ?? 10);
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, "0")}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
