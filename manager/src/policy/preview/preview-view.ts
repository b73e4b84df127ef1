import { icon, state } from "../../markup/parts.ts";
import { type Child, el, type MarkupElement } from "../../markup/tree.ts";
import { count, figure, grouped, percent } from "../../markup/words.ts";
import type { Played, Preview } from "./make-preview.ts";
import type { SizeRow } from "./sizes.ts";

/** What each size would do, verdict first, the current size tinted. */
export function sizesPanel(
  { sizes, current }: Preview,
  thresholds: { readonly grow: number; readonly shrink: number },
): MarkupElement | null {
  if (sizes === null) return null;
  const cycles = sizes.filter((row) => row.cycle !== null).length;
  return el(
    "section",
    { class: "eg-panel eg-panel-flush", "data-key": "sizes", "aria-label": "What each size would do" },
    el(
      "div",
      { class: "eg-panel-head" },
      el("h2", {}, "What each size would do"),
      cycles > 0 &&
        el(
          "span",
          { class: "eg-chip eg-chip-warn" },
          icon("refresh"),
          `${cycles} of ${count(sizes.length, "size")} would cycle without the forecast`,
        ),
    ),
    el(
      "p",
      { class: "eg-secondary sizes-words" },
      `Each row takes the load that just triggers the rule at that size. A shrink must stay below ${percent(0.9 * thresholds.grow)}.`,
    ),
    el(
      "div",
      { class: "eg-table-box", tabindex: "0", role: "region", "aria-label": "Table of sizes" },
      el(
        "table",
        { class: "eg-table" },
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            [
              "Workers",
              "Result",
              `Above ${percent(thresholds.grow)}, grow to`,
              `Below ${percent(thresholds.shrink)}, shrink to`,
            ].map((head) => el("th", {}, head)),
          ),
        ),
        el(
          "tbody",
          {},
          sizes.map((row) => sizeRow(row, row.workers === current)),
        ),
      ),
    ),
  );
}

function sizeRow(row: SizeRow, isCurrent: boolean): MarkupElement {
  return el(
    "tr",
    { "aria-selected": isCurrent ? "true" : undefined },
    el("td", {}, el("b", {}, String(row.workers)), isCurrent && el("span", { class: "eg-secondary eg-small" }, " now")),
    el("td", {}, verdict(row)),
    el(
      "td",
      {},
      row.grow === null
        ? el("span", { class: "eg-secondary" }, "at the maximum")
        : [el("b", {}, String(row.grow.to)), ` at ${percent(row.grow.percent)}`],
    ),
    el("td", {}, shrinkWords(row)),
  );
}

function verdict({ settlesAt, cycle, workers }: SizeRow): MarkupElement {
  if (cycle !== null) {
    const end = settlesAt === null ? "" : `, settles at ${settlesAt}`;
    return el(
      "span",
      { class: "eg-state eg-tone-warn" },
      icon("refresh"),
      el("span", {}, `${cycle[0]} ⇄ ${cycle[1]} stopped${end}`),
    );
  }
  if (settlesAt === null)
    return el("span", { class: "eg-state eg-tone-warn" }, icon("clock"), el("span", {}, "still moving after 50 min"));
  return state("completed", settlesAt === workers ? "stays" : `settles at ${settlesAt}`);
}

function shrinkWords({ shrink, refused, workers }: SizeRow): Child {
  const why =
    refused === null
      ? false
      : el("span", { class: "eg-secondary" }, ` (not ${refused.workers}: ${percent(refused.percent)})`);
  if (shrink !== null) return [el("b", {}, String(shrink.to)), ` at ${percent(shrink.percent)}`, why];
  if (refused === null) return el("span", { class: "eg-secondary" }, workers === 1 ? "at the minimum" : "stays");
  return ["refused", el("span", { class: "eg-secondary" }, ` (${refused.workers} at ${percent(refused.percent)})`)];
}

/** The outcome of both policies over the load, and their difference. */
export function outcomeTable({ inForce, changed }: Preview, version: number): MarkupElement {
  const difference = changed === null ? null : differenceRow(inForce, changed);
  return el(
    "div",
    { class: "eg-table-box", tabindex: "0", role: "region", "aria-label": "Table of outcomes" },
    el(
      "table",
      { class: "eg-table outcome-table" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          ["Policy", "Overload min", "Worker-min", "Actions", "Mean / peak"].map((head, index) =>
            el("th", { class: index > 0 && "eg-number" }, head),
          ),
        ),
      ),
      el(
        "tbody",
        {},
        outcomeRow(
          el(
            "span",
            { class: "outcome-name" },
            el("span", { class: "eg-sample sample-desired", "aria-hidden": "true" }),
            `v${version}, in force`,
          ),
          inForce,
        ),
        changed !== null &&
          outcomeRow(
            el(
              "span",
              { class: "outcome-name" },
              el("span", { class: "eg-sample sample-cpu", "aria-hidden": "true" }),
              "with your changes",
            ),
            changed,
          ),
        difference,
      ),
    ),
  );
}

function outcomeRow(name: Child, played: Played): MarkupElement {
  const cells = [
    grouped(played.overloadMinutes),
    grouped(played.workerMinutes),
    grouped(played.actions),
    `${figure(played.mean)} / ${played.peak}`,
  ];
  return el(
    "tr",
    {},
    el("td", {}, name),
    cells.map((cell) => el("td", { class: "eg-number" }, cell)),
  );
}

function differenceRow(inForce: Played, changed: Played): MarkupElement {
  const overload = changed.overloadMinutes - inForce.overloadMinutes;
  const work = changed.workerMinutes - inForce.workerMinutes;
  return el(
    "tr",
    {},
    el("td", {}, "Difference"),
    el("td", { class: "eg-number" }, chip(overload)),
    el("td", { class: "eg-number" }, chip(work)),
    el("td", { class: "eg-number" }, signed(changed.actions - inForce.actions)),
    el("td", {}),
  );
}

/** Less is better for both. */
function chip(value: number): MarkupElement {
  const tone = value === 0 ? "" : value < 0 ? " eg-chip-ok" : " eg-chip-warn";
  return el("span", { class: `eg-chip${tone}` }, signed(value));
}

function signed(value: number): string {
  if (value === 0) return "0";
  return value > 0 ? `+${grouped(value)}` : `−${grouped(-value)}`;
}
