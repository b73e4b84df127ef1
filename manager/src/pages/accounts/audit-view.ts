import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import type { ViewContext } from "../frame/send-page.ts";
import { icon, tableBox, time } from "../kit/parts.ts";
import { auditWords, detailWords } from "./audit-words.ts";

export interface AuditList {
  readonly rows: readonly {
    readonly at: number;
    readonly actor: string;
    readonly action: string;
    readonly target: string | null;
    readonly detail: string | null;
    readonly address: string | null;
  }[];
  readonly filter: string;
  /** The last row shown, when there are older ones. */
  readonly older: number | undefined;
}

/** The code, and what it means before it. */
function action(code: string): Child {
  const words = auditWords(code);
  return [words !== undefined && [words, " "], h("code", { class: "eg-small eg-secondary" }, code)];
}

export function auditView({ rows, filter, older }: AuditList, { reader }: ViewContext): (Html | null)[] {
  const query = `filter=${encodeURIComponent(filter)}`;
  return [
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, "Audit log"),
      h("p", { class: "page-link eg-secondary" }, "Who did what, and from where"),
      h(
        "div",
        { class: "page-tools" },
        h(
          "form",
          { method: "get", action: "/audit", role: "search" },
          h("label", { class: "visually-hidden", for: "filter" }, "Filter"),
          h("input", {
            class: "eg-input",
            type: "search",
            id: "filter",
            name: "filter",
            value: filter,
            placeholder: "Filter: person, action, target",
            "data-filter": "",
          }),
        ),
        h("a", { class: "eg-button", href: `/audit.csv?${query}`, download: true }, icon("download"), "CSV"),
      ),
    ),
    h(
      "section",
      { class: "eg-panel eg-panel-flush", "aria-label": "Audit log" },
      rows.length === 0
        ? h(
            "div",
            { class: "eg-empty" },
            icon("history"),
            h("p", { class: "eg-empty-title" }, "Nothing found"),
            filter !== "" && h("a", { class: "eg-button", href: "/audit" }, "Clear filter"),
          )
        : tableBox(
            "Table of entries",
            h(
              "table",
              { class: "eg-table" },
              h(
                "thead",
                {},
                h(
                  "tr",
                  {},
                  ["Time", "Who", "Action", "Target", "Detail", "From"].map((head) => h("th", {}, head)),
                ),
              ),
              h(
                "tbody",
                {},
                rows.map((row) =>
                  h(
                    "tr",
                    {},
                    h("td", { class: "eg-nowrap" }, time(row.at, reader)),
                    h("td", { class: "eg-nowrap" }, row.actor),
                    h("td", { class: "audit-action" }, action(row.action)),
                    h("td", { class: "audit-target" }, row.target),
                    h("td", { class: "audit-detail" }, detailWords(row.detail)),
                    h("td", { class: "eg-nowrap eg-secondary" }, row.address),
                  ),
                ),
              ),
            ),
          ),
    ),
    older === undefined
      ? null
      : h(
          "p",
          { class: "decision-foot" },
          h("a", { class: "eg-button", href: `/audit?${query}&before=${older}` }, "Load older"),
        ),
  ];
}
