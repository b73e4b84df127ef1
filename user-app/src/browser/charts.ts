import { formatCount } from "@elastic-gas/shared/format/numbers";
import { type ChartTokens, readChartTokens } from "@elastic-gas/shared/ui/chart-tokens";
import { BarController, BarElement, CategoryScale, Chart, LinearScale, Tooltip } from "chart.js";

Chart.register(BarController, BarElement, CategoryScale, LinearScale, Tooltip);

const TRANSITIONS: ReadonlySet<string> = new Set(["A>G", "G>A", "C>T", "T>C"]);

/** The width of a panel on A4. */
const PRINT_PIXELS = 640;

/** Draws a bar chart from the table in each `[data-chart]` panel; the table stays behind a button. */
export function mountCharts(root: ParentNode): void {
  for (const panel of root.querySelectorAll<HTMLElement>("[data-chart]")) mountChart(panel);
}

function mountChart(panel: HTMLElement): void {
  const values = panel.querySelector<HTMLElement>("[data-chart-values]");
  const toggle = panel.querySelector<HTMLButtonElement>("[data-chart-table]");
  if (values === null || toggle === null) return;
  const bars = readBars(values);
  const frame = document.createElement("div");
  frame.className = "eg-chart";
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", describe(panel.querySelector("h2")?.textContent ?? "", bars));
  frame.append(canvas);
  values.before(frame);
  values.hidden = true;
  toggle.hidden = false;

  const colours = (tokens: ChartTokens) =>
    bars.map(({ name }) => {
      if (panel.dataset.chart !== "substitutions") return tokens.cpu;
      return TRANSITIONS.has(name) ? tokens.requests : tokens.latency;
    });
  let tokens = readChartTokens();
  const chart = new Chart(canvas, {
    type: "bar",
    data: {
      labels: bars.map(({ name }) => name),
      datasets: [
        {
          data: bars.map(({ count }) => count),
          backgroundColor: colours(tokens),
          borderRadius: 2,
          categoryPercentage: 0.9,
          barPercentage: 0.9,
        },
      ],
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      plugins: { legend: { display: false }, tooltip: { displayColors: false } },
      scales: scales(tokens),
    },
  });
  // Paper is narrower than most windows: a canvas keeps its size, so it is drawn again for the page.
  addEventListener("beforeprint", () => {
    if (canvas.isConnected) chart.resize(PRINT_PIXELS, frame.clientHeight);
  });
  addEventListener("afterprint", () => {
    if (canvas.isConnected) chart.resize();
  });
  document.addEventListener("eg:theme", () => {
    if (!canvas.isConnected) return;
    tokens = readChartTokens();
    const [dataset] = chart.data.datasets;
    if (dataset !== undefined) dataset.backgroundColor = colours(tokens);
    chart.options.scales = scales(tokens);
    chart.update("none");
  });
  toggle.addEventListener("click", () => {
    const table = values.hidden;
    values.hidden = !table;
    frame.hidden = table;
    toggle.setAttribute("aria-pressed", String(table));
  });
}

function scales(tokens: ChartTokens) {
  const font = { family: tokens.fontFamily, size: 11 };
  return {
    x: {
      grid: { display: false },
      border: { color: tokens.grid },
      ticks: { color: tokens.axis, font, maxRotation: 0 },
    },
    y: {
      beginAtZero: true,
      grid: { color: tokens.grid },
      border: { display: false },
      ticks: {
        color: tokens.axis,
        font,
        maxTicksLimit: 5,
        precision: 0,
        callback: (value: string | number) => formatCount(Number(value)),
      },
    },
  };
}

interface TableBar {
  readonly name: string;
  readonly count: number;
}

function readBars(table: ParentNode): readonly TableBar[] {
  return [...table.querySelectorAll("tbody tr")].map((row) => ({
    name: row.querySelector("th")?.textContent?.trim() ?? "",
    count: Number((row.querySelector(".eg-bars-number")?.textContent ?? "0").replaceAll(",", "")),
  }));
}

function describe(title: string, bars: readonly TableBar[]): string {
  const most = bars.reduce<TableBar | undefined>(
    (best, bar) => (best === undefined || bar.count > best.count ? bar : best),
    undefined,
  );
  return most === undefined
    ? title
    : `${title}: ${bars.length} bars, most at ${most.name} with ${formatCount(most.count)}`;
}
