import { POOLS } from "@elastic-gas/scaling/pools";
import { type Html, h } from "@elastic-gas/shared/web/html";
import type { RangeName } from "../../model/charts/range.ts";
import { SORTS } from "../../model/fleet/list-workers.ts";
import { rangeChoice } from "../charts/range-choice.ts";
import { icon } from "../kit/parts.ts";
import type { WorkersChoice, WorkersView } from "./workers-view.ts";

export interface WorkersPage {
  readonly choice: WorkersChoice;
  readonly range: RangeName;
  readonly density: "auto" | "compact" | "detailed";
  readonly view: WorkersView;
  /** The address of this page with other choices. */
  readonly addressOf: (changes: Readonly<Record<string, string>>) => string;
}

/** The whole page; its live parts are filled again by the page's script. */
export function workersPageView({ choice, range, density, view, addressOf }: WorkersPage): Html[] {
  const { pool, compact } = choice;
  return [
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, "Workers"),
      h(
        "div",
        { class: "page-tools" },
        h(
          "div",
          { "data-part": "ranges" },
          rangeChoice(range, (other) => addressOf({ range: other })),
        ),
        h("div", { class: "eg-actions", "data-part": "buttons" }, view.buttons),
      ),
    ),
    h(
      "div",
      { class: "worker-tools" },
      h("div", { "data-part": "pools" }, view.pools),
      filterForm(choice, range, density),
      h(
        "div",
        { class: "eg-segments", role: "group", "aria-label": "Density" },
        h("a", { href: addressOf({ density: "detailed" }), "aria-current": compact ? undefined : "true" }, "Detailed"),
        h("a", { href: addressOf({ density: "compact" }), "aria-current": compact ? "true" : undefined }, "Compact"),
      ),
    ),
    h(
      "div",
      { class: "worker-counts" },
      h("div", { class: "state-counts", "data-part": "counts" }, view.counts),
      h("p", { class: "eg-secondary worker-hover", "data-hover-line": "" }),
    ),
    h("div", { class: "heat-strip", "data-part": "heat" }, view.heat),
    h(
      "div",
      { class: `eg-panel eg-panel-flush worker-panel${compact ? " worker-panel-compact" : ""}` },
      h(
        "div",
        { class: "worker-heads eg-small eg-secondary" },
        h("span", {}, "Worker"),
        sortHead("cpu", "CPU, 0 to 100\u00a0%", { choice, addressOf }),
        sortHead("work", POOLS[pool].measures === "jobs" ? "Jobs running" : "Requests per minute", {
          choice,
          addressOf,
        }),
        h("span", {}),
      ),
      h("ul", { class: "worker-rows", "data-part": "rows" }, view.rows),
    ),
  ];
}

/** A column's head; a click sorts by it, with and without script. */
function sortHead(
  name: "cpu" | "work",
  words: string,
  { choice, addressOf }: Pick<WorkersPage, "choice" | "addressOf">,
): Html {
  const sorted = choice.sort === name;
  return h(
    "span",
    { class: "worker-head" },
    h(
      "a",
      {
        href: addressOf({ sort: name }),
        "data-sort-by": name,
        "aria-current": sorted ? "true" : undefined,
        title: "Sort by this, highest first",
      },
      h("span", { "data-head": name }, words),
      icon("chevron-down"),
    ),
  );
}

function filterForm({ pool, filter, sort }: WorkersChoice, range: RangeName, density: string): Html {
  return h(
    "form",
    { method: "get", action: "/workers", class: "worker-filter", role: "search", "data-worker-filter": "" },
    h("input", { type: "hidden", name: "pool", value: pool }),
    h("input", { type: "hidden", name: "range", value: range }),
    h("input", { type: "hidden", name: "density", value: density }),
    h("label", { class: "visually-hidden", for: "filter" }, "Filter"),
    h("input", {
      class: "eg-input",
      type: "search",
      id: "filter",
      name: "filter",
      value: filter,
      placeholder: "Filter: id, address, state",
      "data-filter": "",
    }),
    h(
      "label",
      { class: "worker-sort" },
      h("span", { class: "eg-secondary" }, "Sort"),
      " ",
      h(
        "select",
        { class: "eg-select", name: "sort", "data-sort": "" },
        Object.entries(SORTS).map(([value, words]) => h("option", { value, selected: value === sort }, words)),
      ),
    ),
    h("noscript", {}, h("button", { class: "eg-button", type: "submit" }, "Show")),
  );
}
