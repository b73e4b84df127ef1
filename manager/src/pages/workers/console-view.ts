import { type Child, h } from "@elastic-gas/shared/web/html";
import type { WorkerSnapshot } from "../../model/fleet/worker-state.ts";
import type { ViewContext } from "../frame/send-page.ts";
import { empty, time } from "../kit/parts.ts";

export interface ConsoleOutput {
  readonly worker: WorkerSnapshot;
  readonly text: string;
  readonly at: number | null;
}

export function consoleView({ worker, text, at }: ConsoleOutput, { reader }: ViewContext): Child[] {
  const head = h(
    "div",
    { class: "page-head" },
    h("h1", {}, "Console output"),
    h("p", { class: "eg-mono page-link" }, worker.id),
    h("div", { class: "page-tools" }, h("a", { class: "eg-button", href: `/workers?pool=${worker.pool}` }, "Workers")),
  );
  if (text.trim() === "") {
    const words = "EC2 shows the output a short time after the start.";
    return [head, h("div", { class: "eg-panel" }, empty("terminal", "Nothing written yet", words))];
  }
  return [
    head,
    h("p", { class: "eg-small eg-secondary" }, at !== null && ["As of ", time(at, reader)]),
    h("pre", { class: "eg-log console-log", tabindex: 0, "aria-label": "Console output" }, text),
  ];
}
