import { type Run, SAMPLE_SECONDS } from "./simulated-pool.ts";

const PANEL = { width: 640, height: 180, left: 36, right: 12, top: 26, bottom: 22 } as const;
const PLOT_WIDTH = PANEL.width - PANEL.left - PANEL.right;
const PLOT_HEIGHT = PANEL.height - PANEL.top - PANEL.bottom;

/** An SVG with one panel per run: demand as an area, workers in service as a line, both in workers. */
export function chartOf(runs: readonly Run[], columns: number): string {
  const rows = Math.ceil(runs.length / columns);
  const width = columns * PANEL.width;
  const height = rows * PANEL.height;
  const panels = runs.map((run, index) => {
    const x = (index % columns) * PANEL.width;
    const y = Math.floor(index / columns) * PANEL.height;
    return `<g transform="translate(${x} ${y})">${panelOf(run)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="11">
<rect width="${width}" height="${height}" fill="#fff"/>
${panels.join("\n")}
</svg>
`;
}

function panelOf(run: Run): string {
  const demand = run.samples.map((sample) => sample.demand);
  const inService = run.samples.map((sample) => sample.inService);
  const top = [...demand, ...inService].reduce((highest, value) => Math.max(highest, value), 1);
  const x = (index: number): string => (PANEL.left + (PLOT_WIDTH * index) / Math.max(1, run.samples.length)).toFixed(1);
  const y = (value: number): string => (PANEL.top + PLOT_HEIGHT * (1 - value / top)).toFixed(1);
  const base = y(0);
  const minutes = Math.round((run.samples.length * SAMPLE_SECONDS) / 60);
  const area = `M${x(0)} ${base}${stepsOf(demand, x, y, "L")}V${base}Z`;
  const line = stepsOf(inService, x, y, "M");
  return [
    `<text x="${PANEL.left}" y="16" fill="#222">${escapeXml(`${run.rule}, ${run.load.name}`)}</text>`,
    `<text x="${PANEL.width - PANEL.right}" y="16" text-anchor="end" fill="#555">area: demand, line: in service</text>`,
    `<path d="${area}" fill="#cfd8dc"/>`,
    `<path d="${line}" fill="none" stroke="#0b57a4" stroke-width="1.5"/>`,
    `<path d="M${PANEL.left} ${PANEL.top}V${base}H${PANEL.width - PANEL.right}" fill="none" stroke="#777"/>`,
    `<text x="${PANEL.left - 6}" y="${PANEL.top + 4}" text-anchor="end" fill="#555">${top}</text>`,
    `<text x="${PANEL.left - 6}" y="${base}" text-anchor="end" fill="#555">0</text>`,
    `<text x="${PANEL.width - PANEL.right}" y="${PANEL.height - 6}" text-anchor="end" fill="#555">${minutes} min</text>`,
  ].join("");
}

/** A step path that starts with `first` and has a point only where the value changes. */
function stepsOf(
  values: readonly number[],
  x: (index: number) => string,
  y: (value: number) => string,
  first: "M" | "L",
): string {
  const changes = values.flatMap((value, index) => {
    if (index === 0) return [`${first}${x(0)} ${y(value)}`];
    return value === values[index - 1] ? [] : [`H${x(index)}V${y(value)}`];
  });
  return `${changes.join("")}H${x(values.length)}`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
