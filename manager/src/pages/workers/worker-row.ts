import { describeWorkerReason } from "@elastic-gas/scaling/worker-state-reason";
import { formatInterval } from "@elastic-gas/shared/format/durations";
import { capitalize } from "@elastic-gas/shared/format/numbers";
import { formatRelease } from "@elastic-gas/shared/releases/format-release";
import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import { drainRefusal } from "../../model/fleet/refusals.ts";
import { describeNewer, describeWhy, isEnding, type WorkerSnapshot } from "../../model/fleet/worker-snapshot.ts";
import type { Reader } from "../../model/reader.ts";
import { kept } from "../kit/kept.ts";
import { actionForm, icon, mayAct, state, withIds } from "../kit/parts.ts";
import { loadWords } from "./load-words.ts";

export interface RowContext {
  readonly reader: Reader;
  readonly csrf: string;
  readonly compact: boolean;
  /** Of the worker's pool; a drain lowers it. */
  readonly desired: number;
  readonly min: number;
  readonly stopping: boolean;
  /** "requests" behind the load balancer, "jobs" at the queue. */
  readonly measure: "requests" | "jobs" | null;
}

/** One worker: facts, two charts, menu. The charts' elements are kept: a script of the page draws in them. */
export function workerRow(worker: WorkerSnapshot, context: RowContext): Html {
  const age = formatInterval(context.reader.now - worker.launchedAt);
  return h(
    "li",
    {
      class: `worker-row${context.compact ? " worker-row-compact" : ""}`,
      key: worker.id,
      id: `worker-${worker.id}`,
      "data-worker": worker.id,
    },
    context.compact ? compactFacts(worker, age, context.reader) : detailedFacts(worker, age, context),
    chartCell(worker, "cpu", "CPU"),
    chartCell(worker, "work", context.measure === "jobs" ? "Jobs running" : "Requests per minute"),
    workerMenu(worker, context),
  );
}

function stateOf(worker: WorkerSnapshot): Html {
  return worker.state === "terminating" ? state("draining", worker.state) : state(worker.state);
}

function detailedFacts(worker: WorkerSnapshot, age: string, { reader, measure }: RowContext): Html {
  return h(
    "div",
    { class: "worker-facts" },
    h(
      "div",
      { class: "worker-state" },
      stateOf(worker),
      worker.protected && h("span", { class: "eg-chip" }, icon("shield"), "protected"),
    ),
    h("div", { class: "eg-mono" }, worker.id),
    h(
      "div",
      { class: "eg-small eg-secondary worker-place" },
      h("span", {}, [worker.type, worker.zone, worker.address ?? "no address yet"].filter(Boolean).join(" · ")),
      h("span", {}, `age ${age}`),
      worker.releaseId !== null && h("span", { title: worker.releaseId }, `release ${formatRelease(worker.releaseId)}`),
    ),
    loadLine(worker, measure),
    h("div", { class: "eg-small eg-secondary" }, withIds(describeWorkerReason(worker.reason, reader))),
    newerLook(worker, reader),
    kept("gap", h("div", { class: "eg-small worker-gap", "data-gap": "" })),
  );
}

/** What it does now: "CPU 48 %, 90 requests/min". */
function loadLine({ load }: WorkerSnapshot, measure: RowContext["measure"]): Child {
  if (load === null || (load.cpuPercent === null && load.work === null)) return null;
  const { cpu, work } = loadWords(load, measure);
  return h(
    "div",
    { class: "worker-load" },
    "CPU ",
    h("b", {}, cpu),
    work !== null && [", ", h("b", {}, work.figure), work.unit],
  );
}

/** The state above is the one that the autoscaler acts on. */
function newerLook(worker: WorkerSnapshot, reader: Reader): Child {
  const words = describeNewer(worker, reader);
  if (words === null) return null;
  return h(
    "div",
    { class: "eg-small", "data-newer": "" },
    h("span", { class: "eg-state eg-tone-warn" }, icon("refresh"), h("span", {}, capitalize(words))),
  );
}

function compactFacts(worker: WorkerSnapshot, age: string, reader: Reader): Html {
  return h(
    "div",
    { class: "worker-facts", title: describeWhy(worker, reader) },
    h("div", { class: "worker-state" }, stateOf(worker), worker.protected && icon("shield")),
    h("div", { class: "eg-mono" }, worker.id),
    h("div", { class: "eg-small eg-secondary" }, age),
  );
}

function chartCell(worker: WorkerSnapshot, measure: "cpu" | "work", title: string): Html {
  return kept(
    measure,
    h(
      "div",
      {
        class: "worker-chart",
        "data-chart-row": measure,
        "data-chart-title": `${title} of ${worker.id}`,
      },
      // A chart follows as soon as the row is in view.
      worker.inServiceAt !== null
        ? h("span", { class: "eg-loading row-loading", "aria-busy": "true" })
        : h("span", { class: "eg-small eg-secondary" }, measure === "cpu" ? waitingWords(worker) : "no requests yet"),
    ),
  );
}

/** What stands in place of a chart before the first point. */
export function waitingWords(worker: Pick<WorkerSnapshot, "state">): string {
  if (worker.state === "pending") return "starts after registration";
  return "first point in up to 60\u00a0s";
}

function workerMenu(worker: WorkerSnapshot, context: RowContext): Html {
  const leaving = worker.leaving !== null || isEnding(worker.state) || context.stopping;
  const refusal = drainRefusal(context);
  const send = (action: string, busy: string, words: Html, confirm?: string) =>
    actionForm({ action: `/workers/${worker.id}/${action}`, csrf: context.csrf, busy, confirm }, words);
  return h(
    "details",
    { class: "eg-menu worker-menu", "data-menu": "" },
    h(
      "summary",
      { class: "eg-button eg-button-plain eg-button-icon", "aria-label": `Menu of ${worker.id}` },
      icon("more"),
    ),
    h(
      "div",
      { class: "eg-menu-list" },
      !mayAct(context.csrf)
        ? null
        : leaving
          ? h(
              "p",
              { class: "worker-menu-words eg-small eg-secondary" },
              `It is leaving: ${describeWhy(worker, context.reader)}.`,
            )
          : [
              send(
                "replace",
                "Asking",
                h("button", { type: "submit" }, icon("refresh"), "Replace: launch one, then drain"),
              ),
              refusal === null
                ? send(
                    "drain",
                    "Asking",
                    h(
                      "button",
                      { type: "submit" },
                      icon("ring-down"),
                      `Drain: desired ${context.desired} → ${context.desired - 1}`,
                    ),
                    `Drain ${worker.id}? The pool shrinks ${context.desired} → ${context.desired - 1}.`,
                  )
                : h("p", { class: "worker-menu-words eg-small eg-secondary" }, `Drain: ${refusal}.`),
              send(
                worker.protected ? "unprotect" : "protect",
                "Saving",
                h(
                  "button",
                  { type: "submit" },
                  icon("shield"),
                  worker.protected ? "No longer protect from shrinking" : "Protect from shrinking",
                ),
              ),
            ],
      mayAct(context.csrf) && h("hr", {}),
      h("a", { href: `/workers/${worker.id}/values` }, icon("table"), "Charts as a table"),
      mayAct(context.csrf) && h("a", { href: `/workers/${worker.id}/console` }, icon("terminal"), "Console output"),
      h("button", { type: "button", "data-copy": worker.id }, icon("copy"), "Copy instance id"),
      h("a", { href: `/decisions?filter=${worker.id}&range=24h` }, icon("list"), "Decisions about it"),
    ),
  );
}
