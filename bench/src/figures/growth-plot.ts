import { type Colour, escapeXml, styleSheet, withAttributes } from "../prove/charts/style.ts";
import type { Growth } from "./measurement.ts";

const WIDTH = 720;
const HEIGHT = 320;
const PLOT = { left: 70, right: 420, top: 56, bottom: 262 };
/** From the end of a line to its label. */
const LEADER = 14;
const LABEL_HEIGHT = 15;
const COLOURS: readonly Colour[] = ["cpu", "requests", "latency", "queue", "ok"];

/**
 * The measurement against its size, both axes logarithmic: a straight line of slope k is y = c x^k. SVG with its own
 * colours for light and dark pages.
 */
export function growthPlot({ title, x, y, lines }: Growth): string {
  const points = lines.flatMap((line) => line.points);
  const [xs, ys] = [points.map(([value]) => value), points.map(([, value]) => value)];
  const [toX, xTicks] = scale(xs, PLOT.left, PLOT.right);
  const [toY, yTicks] = scale(ys, PLOT.bottom, PLOT.top);
  const grid = [
    ...xTicks.map(
      (tick) =>
        `<path class="s-grid t" d="M${toX(tick)} ${PLOT.top}V${PLOT.bottom}"/><text class="f-quiet mid" x="${toX(tick)}" y="${PLOT.bottom + 18}">${amount(tick)}</text>`,
    ),
    ...yTicks.map(
      (tick) =>
        `<path class="s-grid t" d="M${PLOT.left} ${toY(tick)}H${PLOT.right}"/><text class="f-quiet end" x="${PLOT.left - 8}" y="${toY(tick) + 4}">${amount(tick)}</text>`,
    ),
  ];
  const labelsY = spread(lines.map(({ points: own }) => toY(own.at(-1)?.[1] ?? 0)));
  const drawn = lines.map((line, index) => {
    const colour = COLOURS[index % COLOURS.length] ?? "cpu";
    const places = line.points.map(([atX, atY]) => [toX(atX), toY(atY)] as const);
    const dots = places.map(([cx, cy]) => `<circle class="f-${colour}" cx="${cx}" cy="${cy}" r="3.5"/>`);
    const [lastX, lastY] = places.at(-1) ?? [0, 0];
    const labelY = labelsY[index] ?? lastY;
    return [
      `<polyline class="s-${colour} l" points="${places.map((place) => place.join(",")).join(" ")}"/>`,
      ...dots,
      `<path class="s-${colour} t" d="M${lastX} ${lastY}L${lastX + LEADER} ${labelY}"/>`,
      `<text class="f-text" x="${lastX + LEADER + 5}" y="${labelY + 4}">${escapeXml(line.label)}</text>`,
    ].join("");
  });
  const body = [
    `<rect class="f-surface" width="${WIDTH}" height="${HEIGHT}"/>`,
    `<text class="f-text h" x="16" y="26">${escapeXml(title)}</text>`,
    `<text class="f-quiet" x="16" y="45">${escapeXml(y)}</text>`,
    ...grid,
    `<text class="f-quiet mid" x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 40}">${escapeXml(x)}</text>`,
    ...drawn,
  ].join("\n");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="${escapeXml(title)}">
${styleSheet()}
${withAttributes(body)}
</svg>
`;
}

/** Places of labels, in the order given: where their lines end, moved apart as far as they would cover each other. */
export function spread(ends: readonly number[]): readonly number[] {
  const order = ends.map((_, index) => index).sort((one, other) => (ends[one] ?? 0) - (ends[other] ?? 0));
  const places: number[] = [...ends];
  let next = Number.NEGATIVE_INFINITY;
  for (const index of order) {
    places[index] = Math.max(ends[index] ?? 0, next);
    next = (places[index] ?? 0) + LABEL_HEIGHT;
  }
  return places;
}

/** From a value to a place, rounded to a tenth, and the powers of ten on the axis; a decade at least. */
function scale(
  values: readonly number[],
  from: number,
  to: number,
): readonly [place: (value: number) => number, ticks: readonly number[]] {
  const logs = values.filter((value) => value > 0).map(Math.log10);
  const low = Math.floor(Math.min(...logs));
  const high = Math.max(low + 1, Math.ceil(Math.max(...logs)));
  const place = (value: number) => {
    const share = (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low);
    return Math.round((from + share * (to - from)) * 10) / 10;
  };
  return [place, Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index))];
}

function amount(value: number): string {
  return value >= 1 ? value.toLocaleString("en-US") : String(Number(value.toPrecision(1)));
}
