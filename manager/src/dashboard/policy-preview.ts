import { renderInto } from "@elastic-gas/shared/ui/render-into";
import { fragment } from "@elastic-gas/shared/web/html";
import type { Preview } from "../features/preview/make-preview.ts";
import { valueAxis } from "../model/charts/axis.ts";
import type { RangeName, Span } from "../model/charts/range.ts";
import type { PreviewAnswer } from "../pages/policy/preview-routes.ts";
import { outcomeTable, sizesPanel } from "../pages/policy/preview-view.ts";
import { readRefusal } from "./answers.ts";
import { createCursor } from "./charts/cursor.ts";
import type { StepLine } from "./charts/plugins.ts";
import { type ChartModel, createTimeChart, type TimeChart } from "./charts/time-chart.ts";
import { numberIn, showErrors, showWarnings } from "./policy-page.ts";

const MINUTE_MS = 60_000;
/** Asked again that often while others are being made. */
const RETRIES = 5;

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
      const answer = await request(`${form.action}/preview`, fields, mine.signal);
      showWarnings(form, answer.ok ? answer.warnings : {});
      if (!answer.ok) showErrors(form, answer.errors);
      else show(answer.preview);
    } catch (error) {
      if (!mine.signal.aborted) {
        say(`The preview could not be made: ${error instanceof Error ? error.message : ""} Saving works all the same.`);
      }
    } finally {
      if (asking === mine) place.removeAttribute("aria-busy");
    }
  };

  const say = (sentence: string): void => {
    for (const loading of place.querySelectorAll("[data-preview-loading]")) loading.remove();
    const words = part("words");
    if (words === null) return;
    words.hidden = sentence === "";
    words.textContent = sentence;
  };

  const show = (preview: Preview): void => {
    say("");
    const panel = part("panel");
    if (panel !== null) panel.hidden = false;
    const sizes = part("sizes");
    const table = sizesPanel(preview, {
      growThresholdPercent: numberIn(form, "growThresholdPercent"),
      shrinkThresholdPercent: numberIn(form, "shrinkThresholdPercent"),
      hysteresisMarginPercent: numberIn(form, "hysteresisMarginPercent"),
    });
    if (sizes !== null) renderInto(sizes, fragment(table === null ? [] : [table]));
    const outcome = part("outcome");
    if (outcome !== null) renderInto(outcome, fragment([outcomeTable(preview, version)]));
    const loadWords = part("load-words");
    if (loadWords !== null) loadWords.textContent = `${preview.load.words}. ${preview.assumptions}`;
    draw(preview);
  };

  load?.addEventListener("change", () => void ask());
  void ask();
  return () => void ask();
}

/** Throws with the server's own sentence. */
async function request(address: string, body: URLSearchParams, signal: AbortSignal): Promise<PreviewAnswer> {
  for (let attempt = 0; ; attempt += 1) {
    const headers = { accept: "application/json" };
    const response = await fetch(address, { method: "POST", headers, body, signal });
    if (response.ok) return (await response.json()) as PreviewAnswer; // our own server's type
    const waitSeconds = Number(response.headers.get("retry-after") ?? "0");
    if (response.status !== 503 || waitSeconds === 0 || attempt === RETRIES) {
      const refusal = readRefusal(await response.json().catch(() => undefined));
      throw new Error(refusal ?? `The manager answered ${response.status}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, waitSeconds * 1000));
    signal.throwIfAborted();
  }
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
      createTimeChart(
        box,
        {
          look,
          colour: "requests",
          formatTick: (value) => String(Number(value.toPrecision(3))),
          cursor,
          timeZone: zone,
        },
        model,
      ),
    );
  };
  return ({ load, inForce, changed }) => {
    const zone = load.from === null ? "UTC" : timeZone;
    const from = load.from ?? 0;
    const to = from + load.minutes.length * MINUTE_MS;
    const range: RangeName = load.minutes.length > 400 ? "24h" : load.minutes.length > 60 ? "3h" : "30m";
    const span: Span = { range, from, to, periodSeconds: 60 };
    const line = (sizes: readonly number[], look: StepLine["look"]): StepLine => ({
      look,
      points: sizes.map((value, minute) => ({ at: from + minute * MINUTE_MS, value })),
    });
    const lines = [line(inForce.sizes, "old"), ...(changed === null ? [] : [line(changed.sizes, "new")])];
    const most = Math.max(1, inForce.peak, changed?.peak ?? 0);
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
