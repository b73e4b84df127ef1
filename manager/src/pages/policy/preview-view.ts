import type { CpuPolicy } from "@elastic-gas/scaling/policy";
import { formatCount, formatCountOf, formatNumber, formatPercent } from "@elastic-gas/shared/format/numbers";
import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import type { Played, Preview } from "../../features/preview/make-preview.ts";
import type { SizeRow } from "../../features/preview/sizes.ts";
import { dollars } from "../../model/policy/cost.ts";
import { settleLimit } from "../../model/policy/settle-margin.ts";
import { icon, state } from "../kit/parts.ts";

/** What each size would do, verdict first, the current size tinted. */
export function sizesPanel(
  { sizes, current }: Preview,
  policy: Pick<CpuPolicy, "growThresholdPercent" | "shrinkThresholdPercent" | "hysteresisMarginPercent">,
): Html | null {
  if (sizes === null) return null;
  const cycles = sizes.filter((row) => row.cycle !== null).length;
  return h(
    "section",
    { class: "eg-panel eg-panel-flush", key: "sizes", "aria-label": "What each size would do" },
    h(
      "div",
      { class: "eg-panel-head" },
      h("h2", {}, "What each size would do"),
      cycles > 0 &&
        h(
          "span",
          { class: "eg-chip eg-chip-warn" },
          icon("refresh"),
          `${cycles} of ${formatCountOf(sizes.length, "size")} would cycle without the forecast`,
        ),
    ),
    h(
      "p",
      { class: "eg-secondary sizes-words" },
      `Each row takes the load that just triggers the rule at that size. A shrink must stay below ${settleLimit(policy)}.`,
    ),
    h(
      "div",
      { class: "eg-table-box", tabindex: 0, role: "region", "aria-label": "Table of sizes" },
      h(
        "table",
        { class: "eg-table" },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            [
              "Workers",
              "Result",
              `Above ${formatPercent(policy.growThresholdPercent)}, grow to`,
              `Below ${formatPercent(policy.shrinkThresholdPercent)}, shrink to`,
            ].map((head) => h("th", {}, head)),
          ),
        ),
        h(
          "tbody",
          {},
          sizes.map((row) => sizeRow(row, row.workers === current)),
        ),
      ),
    ),
  );
}

function sizeRow(row: SizeRow, isCurrent: boolean): Html {
  return h(
    "tr",
    { "aria-selected": isCurrent ? "true" : undefined },
    h("td", {}, h("b", {}, String(row.workers)), isCurrent && h("span", { class: "eg-secondary eg-small" }, " now")),
    h("td", {}, verdict(row)),
    h(
      "td",
      {},
      row.grow === null
        ? h("span", { class: "eg-secondary" }, "at the maximum")
        : [h("b", {}, String(row.grow.to)), ` at ${formatPercent(row.grow.percent)}`],
    ),
    h("td", {}, shrinkWords(row)),
  );
}

function verdict({ settlesAt, cycle, workers }: SizeRow): Html {
  if (cycle !== null) {
    const end = settlesAt === null ? "" : `, settles at ${settlesAt}`;
    return h(
      "span",
      { class: "eg-state eg-tone-warn" },
      icon("refresh"),
      h("span", {}, `${cycle[0]} ⇄ ${cycle[1]} stopped${end}`),
    );
  }
  if (settlesAt === null)
    return h(
      "span",
      { class: "eg-state eg-tone-warn" },
      icon("clock"),
      h("span", {}, "still moving after 50\u00a0min"),
    );
  return state("completed", settlesAt === workers ? "stays" : `settles at ${settlesAt}`);
}

function shrinkWords({ shrink, refused, workers }: SizeRow): Child {
  const why =
    refused === null
      ? false
      : h("span", { class: "eg-secondary" }, ` (not ${refused.workers}: ${formatPercent(refused.percent)})`);
  if (shrink !== null) return [h("b", {}, String(shrink.to)), ` at ${formatPercent(shrink.percent)}`, why];
  if (refused === null) return h("span", { class: "eg-secondary" }, workers === 1 ? "at the minimum" : "stays");
  return [
    "refused",
    h("span", { class: "eg-secondary" }, ` (${refused.workers} at ${formatPercent(refused.percent)})`),
  ];
}

/** The outcome of both policies over the load, and their difference. */
export function outcomeTable({ inForce, changed }: Preview, version: number): Html {
  return h(
    "div",
    { class: "eg-table-box", tabindex: 0, role: "region", "aria-label": "Table of outcomes" },
    h(
      "table",
      { class: "eg-table outcome-table" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["Policy", "Overload min", "Worker-min", "Est. cost", "Actions", "Mean / peak"].map((head, index) =>
            h("th", { class: index > 0 ? "eg-number" : undefined }, head),
          ),
        ),
      ),
      h(
        "tbody",
        {},
        outcomeRow(nameOf("desired", `v${version}, in force`), inForce),
        changed !== null && outcomeRow(nameOf("cpu", "with your changes"), changed),
        changed !== null && differenceRow(inForce, changed),
      ),
    ),
  );
}

function nameOf(sample: string, words: string): Html {
  return h(
    "span",
    { class: "outcome-name" },
    h("span", { class: `eg-sample sample-${sample}`, "aria-hidden": "true" }),
    words,
  );
}

function outcomeRow(name: Child, played: Played): Html {
  const cells = [
    formatCount(played.overloadMinutes),
    formatCount(played.workerMinutes),
    dollars(played.costCents),
    formatCount(played.actions),
    `${formatNumber(played.mean)} / ${played.peak}`,
  ];
  return h(
    "tr",
    {},
    h("td", {}, name),
    cells.map((cell) => h("td", { class: "eg-number" }, cell)),
  );
}

function differenceRow(inForce: Played, changed: Played): Html {
  const cost = changed.costCents - inForce.costCents;
  const cells = [
    chip(signed(changed.overloadMinutes - inForce.overloadMinutes)),
    signed(changed.workerMinutes - inForce.workerMinutes).words,
    chip(signed(cost, (cents) => dollars(cents))),
    signed(changed.actions - inForce.actions).words,
    "",
  ];
  return h(
    "tr",
    {},
    h("td", {}, "Difference"),
    cells.map((cell) => h("td", { class: "eg-number" }, cell)),
  );
}

interface Signed {
  readonly sign: number;
  readonly words: string;
}

/** Its sign is that of what is shown: a difference that rounds to nothing is none. */
function signed(value: number, words: (size: number) => string = formatCount): Signed {
  const size = words(Math.abs(value));
  if (value === 0 || size === words(0)) return { sign: 0, words: words(0) };
  return value > 0 ? { sign: 1, words: `+${size}` } : { sign: -1, words: `−${size}` };
}

/** Less is better. */
function chip({ sign, words }: Signed): Html {
  const tone = sign === 0 ? "" : sign < 0 ? " eg-chip-ok" : " eg-chip-warn";
  return h("span", { class: `eg-chip${tone}` }, words);
}
