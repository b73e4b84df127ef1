import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import type { DeadLetter } from "../../read/dead-letters.ts";
import type { ViewContext } from "../frame/send-page.ts";
import { csrfField, icon, mayAct, tableBox, time } from "../kit/parts.ts";

/** Alerts, and below them the messages that nobody has looked after. */
export function alertsPageView(alerts: readonly Html[], letters: readonly DeadLetter[], context: ViewContext): Child[] {
  return [
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, "Alerts"),
      h("p", { class: "page-link eg-secondary" }, "Needs attention, most severe first"),
      mayAct(context.csrf) &&
        h(
          "div",
          { class: "page-tools" },
          h("a", { class: "eg-button", href: "/alerts/channels" }, icon("bell"), "Channels"),
        ),
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
        queues.map((queue) => [
          letterForm("/alerts/dead-letters/send", { queue }, `${queue}: send all again`, csrf),
          letterForm("/alerts/dead-letters", { queue }, `${queue}: looked after`, csrf),
        ]),
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
            ["Time", "Queue", "Outcome and why", "Message"].map((head) => h("th", {}, head)),
            h("th", {}, h("span", { class: "visually-hidden" }, "Actions")),
          ),
        ),
        h(
          "tbody",
          {},
          letters.map(({ id, at, queue, outcome, reason, body }) =>
            h(
              "tr",
              {},
              h("td", { class: "eg-nowrap" }, time(at, reader)),
              h("td", {}, queue),
              h("td", {}, outcome, reason !== null && h("div", { class: "eg-small eg-secondary" }, reason)),
              h("td", {}, h("code", {}, body.slice(0, 300))),
              h(
                "td",
                { class: "eg-number" },
                letterForm("/alerts/dead-letters/send", { id: String(id) }, "Send again", csrf),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}

function letterForm(
  action: string,
  fields: Readonly<Record<string, string>>,
  words: string,
  csrf: string,
): Html | null {
  if (!mayAct(csrf)) return null;
  return h(
    "form",
    { method: "post", action },
    csrfField(csrf),
    Object.entries(fields).map(([name, value]) => h("input", { type: "hidden", name, value })),
    h("button", { class: "eg-button eg-button-small eg-nowrap", type: "submit" }, words),
  );
}
