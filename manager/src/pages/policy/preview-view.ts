import type { CpuPolicy } from "@elastic-gas/scaling/policy";
import type { Played, Preview } from "../../features/preview/make-preview.ts";
import type { SizeRow } from "../../features/preview/sizes.ts";
import { dollars } from "../../model/policy/cost.ts";
import { settleLimit } from "../../model/policy/settle-margin.ts";
import { count, figure, grouped, percent } from "../../model/words.ts";
import { icon, state } from "../kit/parts.ts";
import { type Child, el, type MarkupElement } from "../kit/tree.ts";

/** What each size would do, verdict first, the current size tinted. */
export function sizesPanel(
  { sizes, current }: Preview,
  policy: Pick<CpuPolicy, "growThresholdPercent" | "shrinkThresholdPercent" | "settleMarginPercent">,
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
      `Each row takes the load that just triggers the rule at that size. A shrink must stay below ${settleLimit(policy)}.`,
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
              `Above ${percent(policy.growThresholdPercent)}, grow to`,
              `Below ${percent(policy.shrinkThresholdPercent)}, shrink to`,
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
          ["Policy", "Overload min", "Worker-min", "Est. cost", "Actions", "Mean / peak"].map((head, index) =>
            el("th", { class: index > 0 && "eg-number" }, head),
          ),
        ),
      ),
      el(
        "tbody",
        {},
        outcomeRow(nameOf("desired", `v${version}, in force`), inForce),
        changed !== null && outcomeRow(nameOf("cpu", "with your changes"), changed),
        changed !== null && differenceRow(inForce, changed),
      ),
    ),
  );
}

function nameOf(sample: string, words: string): MarkupElement {
  return el(
    "span",
    { class: "outcome-name" },
    el("span", { class: `eg-sample sample-${sample}`, "aria-hidden": "true" }),
    words,
  );
}

function outcomeRow(name: Child, played: Played): MarkupElement {
  const cells = [
    grouped(played.overloadMinutes),
    grouped(played.workerMinutes),
    dollars(played.costCents),
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
  const cost = changed.costCents - inForce.costCents;
  const cells = [
    chip(signed(changed.overloadMinutes - inForce.overloadMinutes)),
    signed(changed.workerMinutes - inForce.workerMinutes).words,
    chip(signed(cost, (cents) => dollars(cents))),
    signed(changed.actions - inForce.actions).words,
    "",
  ];
  return el(
    "tr",
    {},
    el("td", {}, "Difference"),
    cells.map((cell) => el("td", { class: "eg-number" }, cell)),
  );
}

interface Signed {
  readonly sign: number;
  readonly words: string;
}

/** Its sign is that of what is shown: a difference that rounds to nothing is none. */
function signed(value: number, words: (size: number) => string = grouped): Signed {
  const size = words(Math.abs(value));
  if (value === 0 || size === words(0)) return { sign: 0, words: words(0) };
  return value > 0 ? { sign: 1, words: `+${size}` } : { sign: -1, words: `−${size}` };
}

/** Less is better. */
function chip({ sign, words }: Signed): MarkupElement {
  const tone = sign === 0 ? "" : sign < 0 ? " eg-chip-ok" : " eg-chip-warn";
  return el("span", { class: `eg-chip${tone}` }, words);
}
