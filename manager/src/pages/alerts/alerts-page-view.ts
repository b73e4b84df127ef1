import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import type { ViewContext } from "../frame/send-page.ts";
import { csrfField, tableBox, time } from "../kit/parts.ts";

export interface DeadLetter {
  readonly at: number;
  readonly queue: string;
  readonly outcome: string;
  readonly body: string;
}

/** Alerts, and below them the messages that nobody has looked after. */
export function alertsPageView(alerts: readonly Html[], letters: readonly DeadLetter[], context: ViewContext): Child[] {
  return [
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, "Alerts"),
      h("p", { class: "page-link eg-secondary" }, "what needs a look, worst first"),
    ),
    h(
      "div",
      { class: "stack-wide alerts-page" },
      h("div", { class: "stack", "data-part": "alerts" }, alerts),
      letters.length > 0 && letterPanel(letters, context),
    ),
  ];
}

function letterPanel(letters: readonly DeadLetter[], { csrf, reader }: ViewContext): Html {
  const queues = [...new Set(letters.map(({ queue }) => queue))];
  return h(
    "section",
    { class: "eg-panel eg-panel-flush", id: "dead-letters", "aria-label": "Dead letters" },
    h(
      "div",
      { class: "eg-panel-head" },
      h("h2", {}, "Messages that could not be handled"),
      h(
        "span",
        { class: "eg-end" },
        queues.map((queue) =>
          h(
            "form",
            { method: "post", action: "/alerts/dead-letters" },
            csrfField(csrf),
            h("input", { type: "hidden", name: "queue", value: queue }),
            h("button", { class: "eg-button eg-button-small", type: "submit" }, `${queue}: looked after`),
          ),
        ),
      ),
    ),
    tableBox(
      "Table of messages",
      h(
        "table",
        { class: "eg-table" },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ["Time", "Queue", "Outcome", "Message"].map((head) => h("th", {}, head)),
          ),
        ),
        h(
          "tbody",
          {},
          letters.map(({ at, queue, outcome, body }) =>
            h(
              "tr",
              {},
              h("td", { class: "eg-nowrap" }, time(at, reader)),
              h("td", {}, queue),
              h("td", {}, outcome),
              h("td", {}, h("code", {}, body.slice(0, 300))),
            ),
          ),
        ),
      ),
    ),
  );
}
