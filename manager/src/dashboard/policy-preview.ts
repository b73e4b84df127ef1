import { valueAxis } from "../charts/axis.ts";
import type { RangeName, Span } from "../charts/range.ts";
import { el } from "../markup/tree.ts";
import { grouped } from "../markup/words.ts";
import type { Preview } from "../policy/preview/make-preview.ts";
import { outcomeTable, sizesPanel } from "../policy/preview/preview-view.ts";
import type { PreviewAnswer } from "../policy/preview/routes.ts";
import { createCursor } from "./charts/cursor.ts";
import type { StepLine } from "./charts/plugins.ts";
import { type ChartModel, createTimeChart, type TimeChart } from "./charts/time-chart.ts";
import { patch } from "./patch.ts";
import { showErrors } from "./policy-page.ts";

const MINUTE_MS = 60_000;

/** Shows what the form's values would do; asks the server, which plays them with the code that decides. */
export function mountPreview(place: HTMLElement, form: HTMLFormElement, timeZone: string): () => void {
  const load = place.querySelector<HTMLSelectElement>("[data-preview-load]");
  const part = (name: string): HTMLElement | null => place.querySelector(`[data-preview="${name}"]`);
  const version = Number(place.dataset.version ?? "0");
  const draw = createDrawing(place, timeZone);
  let asking: AbortController | undefined;

  const ask = async (): Promise<void> => {
    asking?.abort();
    const mine = new AbortController();
    asking = mine;
    place.setAttribute("aria-busy", "true");
    try {
      const fields = new URLSearchParams();
      for (const [name, value] of new FormData(form)) if (typeof value === "string") fields.append(name, value);
      fields.set("load", load?.value ?? "24h");
      const response = await fetch(`${form.action}/preview`, {
        method: "POST",
        headers: { accept: "application/json" },
        body: fields,
        signal: mine.signal,
      });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const answer = (await response.json()) as PreviewAnswer; // our own server's type
      if (!answer.ok) showErrors(form, answer.errors);
      else show(answer.preview);
    } catch (error) {
      if (!mine.signal.aborted) say(error instanceof Error ? error.message : "");
    } finally {
      if (asking === mine) place.removeAttribute("aria-busy");
    }
  };

  const say = (reason: string): void => {
    const words = part("words");
    if (words === null) return;
    words.hidden = false;
    words.textContent = `The preview could not be made (${reason}). Saving works all the same.`;
  };

  const show = (preview: Preview | null): void => {
    const words = part("words");
    if (words !== null) {
      words.hidden = preview !== null;
      words.textContent =
        "This rule looks at real requests or queues, which a simulation does not have; there is no preview.";
    }
    const panel = part("panel");
    if (panel !== null) panel.hidden = preview === null;
    const sizes = part("sizes");
    if (preview === null) {
      if (sizes !== null) patch(sizes, []);
      return;
    }
    const number = (name: string): number =>
      Number((form.elements.namedItem(name) as HTMLInputElement | null)?.value ?? 0); // inputs of our own form
    const table = sizesPanel(preview, {
      grow: number("growThresholdPercent"),
      shrink: number("shrinkThresholdPercent"),
    });
    if (sizes !== null) patch(sizes, table === null ? [] : [table]);
    const outcome = part("outcome");
    if (outcome !== null) patch(outcome, [outcomeTable(preview, version)]);
    const loadWords = part("load-words");
    if (loadWords !== null) {
      patch(loadWords, [
        el(
          "span",
          {},
          `${preview.load.words}; simulated with the code that decides. Overload minutes: the load is above 90 % of the capacity in service.`,
        ),
      ]);
    }
    draw(preview);
  };

  load?.addEventListener("change", () => void ask());
  void ask();
  return () => void ask();
}

function createDrawing(place: HTMLElement, timeZone: string): (preview: Preview) => void {
  const cursor = createCursor();
  const charts = new Map<string, TimeChart>();
  const put = (name: "workers" | "load", zone: string, model: ChartModel): void => {
    const box = place.querySelector<HTMLElement>(`[data-preview-chart="${name}"]`);
    if (box === null) return;
    // Another zone (invented loads have none) needs another chart.
    const key = `${name} ${zone}`;
    const known = charts.get(key);
    if (known !== undefined) {
      known.update(model);
      return;
    }
    for (const [other, chart] of charts) {
      if (!other.startsWith(`${name} `)) continue;
      chart.destroy();
      charts.delete(other);
    }
    const look = "panel";
    charts.set(
      key,
      createTimeChart(box, { look, colour: "requests", formatTick: grouped, cursor, timeZone: zone }, model),
    );
  };
  return ({ load, inForce, changed }) => {
    const zone = load.from === null ? "UTC" : timeZone;
    const from = load.from ?? 0;
    const to = from + load.minutes.length * MINUTE_MS;
    const range: RangeName = load.minutes.length > 400 ? "24h" : "3h";
    const span: Span = { range, from, to, periodSeconds: 60 };
    const line = (sizes: readonly number[], look: StepLine["look"]): StepLine => ({
      look,
      points: sizes.map((value, minute) => ({ at: from + minute * MINUTE_MS, value })),
    });
    const lines = [line(inForce.sizes, "old"), ...(changed === null ? [] : [line(changed.sizes, "new")])];
    const most = Math.max(1, ...inForce.sizes, ...(changed?.sizes ?? []));
    const base = { span, gaps: [], steps: null, thresholds: null, events: [] };
    put("workers", zone, {
      ...base,
      series: null,
      lines,
      axis: valueAxis(most),
      label: `Workers in service, ${load.words}: at most ${most}`,
    });
    const top = valueAxis(Math.max(...load.minutes), { whole: false });
    const series = { start: from, stepMs: MINUTE_MS, values: load.minutes };
    put("load", zone, { ...base, series, axis: top, fill: true, label: `Load in workers, ${load.words}` });
  };
}
