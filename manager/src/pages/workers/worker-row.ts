import { drainRefusal } from "../../model/fleet/refusals.ts";
import type { WorkerSnapshot } from "../../model/fleet/worker-state.ts";
import { duration, type Reader } from "../../model/words.ts";
import { actionForm, icon, state, withIds } from "../kit/parts.ts";
import { el, type MarkupElement } from "../kit/tree.ts";

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
export function workerRow(worker: WorkerSnapshot, context: RowContext): MarkupElement {
  const age = duration(context.reader.now - worker.launchedAt);
  return el(
    "li",
    {
      class: `worker-row${context.compact ? " worker-row-compact" : ""}`,
      "data-key": worker.id,
      "data-worker": worker.id,
    },
    context.compact ? compactFacts(worker, age) : detailedFacts(worker, age),
    chartCell(worker, "cpu", "CPU"),
    chartCell(worker, "work", context.measure === "jobs" ? "Jobs running" : "Requests per minute"),
    workerMenu(worker, context),
  );
}

function stateOf(worker: WorkerSnapshot): MarkupElement {
  return state(worker.state);
}

function detailedFacts(worker: WorkerSnapshot, age: string): MarkupElement {
  return el(
    "div",
    { class: "worker-facts" },
    el(
      "div",
      { class: "worker-state" },
      stateOf(worker),
      worker.protected && el("span", { class: "eg-chip" }, icon("shield"), "protected"),
    ),
    el("div", { class: "eg-mono" }, worker.id),
    el(
      "div",
      { class: "eg-small eg-secondary worker-place" },
      el("span", {}, [worker.type, worker.zone, worker.address ?? "no address yet"].filter(Boolean).join(" · ")),
      el("span", {}, `age ${age}`),
    ),
    el("div", { class: "eg-small eg-secondary" }, withIds(worker.why)),
    el("div", { class: "eg-small worker-gap", "data-gap": "", "data-keep": "" }),
  );
}

function compactFacts(worker: WorkerSnapshot, age: string): MarkupElement {
  return el(
    "div",
    { class: "worker-facts", title: worker.why },
    el("div", { class: "worker-state" }, stateOf(worker), worker.protected && icon("shield")),
    el("div", { class: "eg-mono" }, worker.id),
    el("div", { class: "eg-small eg-secondary" }, age),
  );
}

function chartCell(worker: WorkerSnapshot, measure: "cpu" | "work", title: string): MarkupElement {
  return el(
    "div",
    {
      class: "worker-chart",
      "data-chart-row": measure,
      "data-chart-title": `${title} of ${worker.id}`,
      "data-keep": "",
    },
    // A chart follows as soon as the row is in view.
    worker.inServiceAt !== null
      ? el("span", { class: "eg-loading row-loading", "aria-busy": "true" })
      : el("span", { class: "eg-small eg-secondary" }, measure === "cpu" ? waitingWords(worker) : "no requests yet"),
  );
}

/** What stands in place of a chart before the first point. */
export function waitingWords(worker: Pick<WorkerSnapshot, "state">): string {
  if (worker.state === "pending") return "starts after registration";
  return "first point in up to 60 s";
}

function workerMenu(worker: WorkerSnapshot, context: RowContext): MarkupElement {
  const leaving = worker.leaving !== null || worker.state === "draining" || context.stopping;
  const refusal = drainRefusal(context);
  const send = (action: string, busy: string, words: MarkupElement, confirm?: string) =>
    actionForm({ action: `/workers/${worker.id}/${action}`, csrf: context.csrf, busy, confirm }, words);
  return el(
    "details",
    { class: "eg-menu worker-menu", "data-menu": "" },
    el(
      "summary",
      { class: "eg-button eg-button-plain eg-button-icon", "aria-label": `Menu of ${worker.id}` },
      icon("more"),
    ),
    el(
      "div",
      { class: "eg-menu-list" },
      leaving
        ? el("p", { class: "worker-menu-words eg-small eg-secondary" }, `It is leaving: ${worker.why}.`)
        : [
            send(
              "replace",
              "Asking",
              el("button", { type: "submit" }, icon("refresh"), "Replace: launch one, then drain"),
            ),
            refusal === null
              ? send(
                  "drain",
                  "Asking",
                  el(
                    "button",
                    { type: "submit" },
                    icon("ring-down"),
                    `Drain: desired ${context.desired} → ${context.desired - 1}`,
                  ),
                  `Drain ${worker.id}? The pool shrinks ${context.desired} → ${context.desired - 1}.`,
                )
              : el("p", { class: "worker-menu-words eg-small eg-secondary" }, `Drain: ${refusal}.`),
            send(
              worker.protected ? "unprotect" : "protect",
              "Saving",
              el(
                "button",
                { type: "submit" },
                icon("shield"),
                worker.protected ? "No longer protect from shrinking" : "Protect from shrinking",
              ),
            ),
          ],
      el("hr", {}),
      el("a", { href: `/workers/${worker.id}/values` }, icon("table"), "Charts as a table"),
      el("a", { href: `/workers/${worker.id}/console` }, icon("terminal"), "Console output"),
      el("button", { type: "button", "data-copy": worker.id }, icon("copy"), "Copy instance id"),
      el("a", { href: `/decisions?filter=${worker.id}&range=24h` }, icon("list"), "Decisions about it"),
    ),
  );
}
