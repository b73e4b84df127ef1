import { type Html, h } from "@elastic-gas/shared/web/html";
import { timeTicks, valueAxis } from "../../model/charts/axis.ts";
import type { CountStep } from "../../model/charts/count-steps.ts";
import type { Span } from "../../model/charts/range.ts";
import { atOf, type Series } from "../../model/charts/series.ts";
import type { Occurrence } from "../../model/decisions/occurrence.ts";

export interface ReportChart {
  readonly span: Span;
  readonly timeZone: string;
  /** What a reader who does not see it is told. */
  readonly label: string;
  readonly content:
    | { readonly kind: "workers"; readonly steps: readonly CountStep[] }
    | {
        readonly kind: "load";
        readonly series: Series;
        readonly colour: "cpu" | "requests" | "latency" | "queue";
        readonly thresholds: readonly number[];
        /** Of the value axis. */
        readonly tick: (value: number) => string;
      };
  readonly marks: readonly Occurrence[];
}

const WIDTH = 720;
const HEIGHT = 190;
const PLOT = { left: 52, right: WIDTH - 12, top: 20, bottom: HEIGHT - 22 } as const;
/** A letter that would stand closer to the one before is left out; its line stays. */
const LETTER_APART = 11;

/** A chart as a drawing that needs no script: values, decision marks, and axes with the zone's round times. */
export function reportChart({ span, timeZone, label, content, marks }: ReportChart): Html {
  const x = (at: number) =>
    round(
      PLOT.left +
        ((Math.min(Math.max(at, span.from), span.to) - span.from) / (span.to - span.from)) * (PLOT.right - PLOT.left),
    );
  const axis = valueAxis(largestOf(content), { whole: content.kind === "workers" });
  const y = (value: number) => round(PLOT.bottom - (value / axis.top) * (PLOT.bottom - PLOT.top));
  const tickWords = content.kind === "load" ? content.tick : String;
  const rows = Array.from({ length: Math.round(axis.top / axis.step) + 1 }, (_, index) => index * axis.step);
  return h(
    "svg",
    { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label },
    rows.map((value) => [
      h("path", { class: "grid", d: `M${PLOT.left} ${y(value)}H${PLOT.right}` }),
      h("text", { class: "tick tick-value", x: PLOT.left - 6, y: y(value) + 4 }, tickWords(value)),
    ]),
    timeTicks(span, { timeZone, widthPixels: WIDTH }).map(({ at, label: words }) => [
      h("path", { class: "grid", d: `M${x(at)} ${PLOT.bottom}v4` }),
      h("text", { class: "tick tick-time", x: x(at), y: HEIGHT - 5 }, words),
    ]),
    content.kind === "workers"
      ? workers(content.steps, { span, x, y })
      : [
          content.thresholds.map((value) =>
            h("path", { class: "threshold", d: `M${PLOT.left} ${y(Math.min(value, axis.top))}H${PLOT.right}` }),
          ),
          h("path", { class: `line line-${content.colour}`, d: linePath(content.series, { x, y }) }),
        ],
    markLines(marks, x),
  );
}

interface Scales {
  readonly x: (at: number) => number;
  readonly y: (value: number) => number;
}

function largestOf(content: ReportChart["content"]): number {
  if (content.kind === "load") {
    const values = content.series.values.filter((value) => value !== null);
    return Math.max(0, ...values, ...content.thresholds);
  }
  return Math.max(
    0,
    ...content.steps.map(({ counts }) => (counts === null ? 0 : Math.max(counts.desired, allOf(counts)))),
  );
}

function allOf({ inService, warming, pending, draining }: NonNullable<CountStep["counts"]>): number {
  return inService + warming + pending + draining;
}

/** Workers that exist as a light area, those in service as a dark one, the desired number as a dashed line. */
function workers(steps: readonly CountStep[], { span, x, y }: Scales & { readonly span: Span }): Html[] {
  const parts = steps.map(({ at, counts }, index) => ({ from: x(at), to: x(steps[index + 1]?.at ?? span.to), counts }));
  const area = (countIn: (counts: NonNullable<CountStep["counts"]>) => number) =>
    parts
      .map(({ from, to, counts }) => (counts === null ? "" : `M${from} ${y(0)}V${y(countIn(counts))}H${to}V${y(0)}Z`))
      .join("");
  const desired = parts
    .map(({ from, to, counts }, index) => {
      if (counts === null) return "";
      const isJoined = index > 0 && parts[index - 1]?.counts !== null;
      return `${isJoined ? "L" : "M"}${from} ${y(counts.desired)}H${to}`;
    })
    .join("");
  return [
    ...parts
      .filter(({ from, to, counts }) => counts === null && to > from)
      .map(({ from, to }) =>
        h("rect", { class: "unknown", x: from, y: PLOT.top, width: round(to - from), height: PLOT.bottom - PLOT.top }),
      ),
    h("path", { class: "area area-existing", d: area(allOf) }),
    h("path", { class: "area area-serving", d: area((counts) => counts.inService) }),
    h("path", { class: "desired", d: desired }),
  ];
}

/** A line through the middles of the periods, broken where data are missing; a lone value is a short dash. */
function linePath(series: Series, { x, y }: Scales): string {
  let path = "";
  let isOpen = false;
  for (const [index, value] of series.values.entries()) {
    if (value === null) {
      isOpen = false;
      continue;
    }
    const at = atOf(series, index) + series.stepMs / 2;
    const isLone = !isOpen && series.values[index + 1] == null;
    path += isLone ? `M${round(x(at) - 2)} ${y(value)}h4` : `${isOpen ? "L" : "M"}${x(at)} ${y(value)}`;
    isOpen = true;
  }
  return path;
}

function markLines(marks: readonly Occurrence[], x: (at: number) => number): Html[] {
  let lastLetterAt = Number.NEGATIVE_INFINITY;
  return marks.map(({ at, mark, sentence }) => {
    const place = x(at);
    const hasRoom = place - lastLetterAt >= LETTER_APART;
    if (hasRoom) lastLetterAt = place;
    return h(
      "g",
      { class: `mark mark-${mark}` },
      h("title", {}, sentence),
      h("path", { d: `M${place} ${PLOT.top - 4}V${PLOT.bottom}` }),
      hasRoom && h("text", { x: place, y: PLOT.top - 8 }, mark),
    );
  });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
