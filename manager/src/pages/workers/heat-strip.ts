import { formatPercent } from "@elastic-gas/shared/format/numbers";
import { type Html, h } from "@elastic-gas/shared/web/html";
import type { WorkerSnapshot } from "../../model/fleet/worker-snapshot.ts";
import { loadWords } from "./load-words.ts";

/** CPU of 100 % is the darkest of so many shades. */
const SHADES = 5;

/**
 * One cell for each worker, oldest first so that none changes its place: the darker, the more CPU it uses. A cell leads
 * to its row.
 */
export function heatStrip(workers: readonly WorkerSnapshot[], measure: "requests" | "jobs" | null): readonly Html[] {
  if (workers.length === 0) return [];
  const [hottest] = workers.toSorted((a, b) => (b.load?.cpuPercent ?? -1) - (a.load?.cpuPercent ?? -1));
  const cpu = hottest?.load?.cpuPercent ?? null;
  return [
    h(
      "ol",
      { class: "heat", "aria-label": "CPU of each worker now" },
      workers
        .toSorted((a, b) => a.launchedAt - b.launchedAt || (a.id < b.id ? -1 : 1))
        .map((worker) => cell(worker, measure)),
    ),
    h(
      "p",
      { class: "eg-small eg-secondary heat-words" },
      hottest === undefined || cpu === null
        ? "No CPU data yet"
        : ["Most CPU: ", h("span", { class: "eg-mono" }, hottest.id), `, ${formatPercent(Math.round(cpu))}`],
    ),
  ];
}

function cell({ id, state, load }: WorkerSnapshot, measure: "requests" | "jobs" | null): Html {
  const percent = load?.cpuPercent ?? null;
  const shade = percent === null ? "none" : Math.min(SHADES - 1, Math.floor((percent / 100) * SHADES));
  const words = load === null || percent === null ? null : loadWords(load, measure);
  const work = words?.work == null ? "" : `, ${words.work.figure}${words.work.unit}`;
  const label = `${id}, ${state}: ${words === null ? "no CPU data" : `CPU ${words.cpu}${work}`}`;
  return h(
    "li",
    { key: id },
    h(
      "a",
      { class: `heat-cell heat-${shade}`, href: `#worker-${id}`, title: label, "aria-label": label },
      percent === null ? "–" : String(Math.round(percent)),
    ),
  );
}
