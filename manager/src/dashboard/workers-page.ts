import { formatCount, formatNumber, formatPercent } from "@elastic-gas/shared/format/numbers";
import { formatTime } from "@elastic-gas/shared/format/times";
import { renderInto } from "@elastic-gas/shared/ui/render-into";
import { type Child, fragment, h } from "@elastic-gas/shared/web/html";
import type { ChartSnapshot } from "../model/charts/chart-snapshot.ts";
import { countsAt } from "../model/charts/chart-values.ts";
import type { RangeName } from "../model/charts/range.ts";
import { valueAt } from "../model/charts/series.ts";
import type { FleetSnapshot } from "../model/fleet/fleet-snapshot.ts";
import { isSort } from "../model/fleet/list-workers.ts";
import { NO_VALUE, type Reader } from "../model/reader.ts";
import { type WorkersChoice, workersView } from "../pages/workers/workers-view.ts";
import { createCursor } from "./charts/cursor.ts";
import { mountRowCharts } from "./charts/row-charts.ts";
import type { LiveParts } from "./connection.ts";

/** Keeps the list of workers and the two charts of each current; filter and sort act at once. */
export function mountWorkersPage(
  main: HTMLElement,
  first: WorkersChoice & { readonly range: RangeName },
  { socket, feed, csrf, timeZone }: LiveParts,
): (fleet: FleetSnapshot, reader: Reader) => void {
  let choice = first;
  let last: { readonly fleet: FleetSnapshot; readonly reader: Reader } | null = null;
  let shown: ChartSnapshot | null = null;
  const cursor = createCursor();
  const charts = mountRowCharts(main, { cursor, timeZone, compact: first.compact });

  const hoverLine = (): void => {
    const line = main.querySelector("[data-hover-line]");
    if (line !== null) renderInto(line, fragment(hoverWords(shown, cursor.at, timeZone)));
  };
  cursor.onChange(hoverLine);

  const draw = (): void => {
    if (last === null) return;
    const view = workersView(last.fleet, choice, { reader: last.reader, csrf, query: `&range=${choice.range}` });
    for (const [name, nodes] of [
      ["pools", [view.pools]],
      ["buttons", view.buttons],
      ["counts", view.counts],
      ["heat", view.heat],
      ["rows", view.rows],
    ] as const) {
      const element = main.querySelector(`[data-part="${name}"]`);
      if (element !== null) renderInto(element, fragment(nodes));
    }
    charts.arrange(last.fleet);
  };

  const isOurs = (pool: string, range: string): boolean => pool === choice.pool && range === choice.range;
  feed.onCharts((snapshot) => {
    if (!isOurs(snapshot.pool, snapshot.span.range)) return;
    shown = snapshot;
    main.classList.remove("chart-stale");
    charts.show(snapshot);
    hoverLine();
  });
  socket.on("chartsFailed", ({ pool, range }) => main.classList.toggle("chart-stale", isOurs(pool, range)));
  feed.watch({ pool: choice.pool, range: choice.range });

  const form = main.querySelector<HTMLFormElement>("[data-worker-filter]");
  const change = (): void => {
    if (form === null) return;
    const fields = new FormData(form);
    const sort = fields.get("sort");
    choice = { ...choice, filter: String(fields.get("filter") ?? ""), sort: isSort(sort) ? sort : choice.sort };
    const address = new URL(location.href);
    address.searchParams.set("filter", choice.filter);
    address.searchParams.set("sort", choice.sort);
    history.replaceState(null, "", address);
    for (const head of main.querySelectorAll("[data-sort-by]")) {
      if (head.getAttribute("data-sort-by") === choice.sort) head.setAttribute("aria-current", "true");
      else head.removeAttribute("aria-current");
    }
    hoverLine();
    draw();
  };
  form?.addEventListener("input", change);
  // The heads of the columns are links for pages without script; here they choose what the field beside them chooses.
  for (const head of main.querySelectorAll<HTMLAnchorElement>("[data-sort-by]")) {
    head.addEventListener("click", (event) => {
      const field = form?.querySelector<HTMLSelectElement>("[data-sort]");
      if (field == null || head.dataset.sortBy === undefined) return;
      event.preventDefault();
      field.value = head.dataset.sortBy;
      change();
    });
  }
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    change();
  });

  return (fleet, reader) => {
    last = { fleet, reader };
    draw();
  };
}

/** "At 13:50: mean CPU 49.0 %, 359 requests/min, 6 in service". */
function hoverWords(shown: ChartSnapshot | null, at: number | null, timeZone: string): readonly Child[] {
  if (shown === null || at === null) return [];
  const cpu = valueAt(shown.cpu, at);
  const requests = shown.traffic === null ? null : valueAt(shown.traffic.requests, at);
  const counts = countsAt(shown.steps, at);
  const words =
    shown.span.periodSeconds < 60
      ? formatTime(at, "time", { zone: timeZone })
      : formatTime(at, "minute", { zone: timeZone });
  return [
    "At ",
    h("b", { class: "hover-time" }, words),
    ": mean CPU ",
    h("b", {}, cpu === null ? NO_VALUE : formatPercent(cpu)),
    ...(shown.traffic === null
      ? []
      : [", ", h("b", {}, requests === null ? NO_VALUE : formatCount(requests)), " requests/min"]),
    ", ",
    h("b", {}, counts === null ? NO_VALUE : formatNumber(counts.inService)),
    " in service",
  ];
}
