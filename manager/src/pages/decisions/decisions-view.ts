import { formatCount, formatCountOf } from "@elastic-gas/shared/format/numbers";
import { POOL_NAMES } from "@elastic-gas/shared/resources";
import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import type { RangeName } from "../../model/charts/range.ts";
import { type Entry, KINDS, type Kind } from "../../model/decisions/list-entries.ts";
import { rangeChoice } from "../charts/range-choice.ts";
import type { ViewContext } from "../frame/send-page.ts";
import { icon, time } from "../kit/parts.ts";
import { type DecisionsQuery, decisionsAddress } from "./decisions-query.ts";
import { entryRow } from "./entry-row.ts";

export interface DecisionsPage {
  readonly asked: DecisionsQuery;
  readonly entries: readonly Entry[];
  /** null when the page shows the past only, or no check is known to come. */
  readonly nextCheckAt: number | null;
  readonly shownFrom: number;
  readonly counts: { readonly checks: number; readonly changes: number; readonly refused: number };
  /** Whether rows older than these were left out. */
  readonly hasOlder: boolean;
}

const KIND_LABELS: Readonly<Record<Kind, string>> = {
  all: "All",
  grow: "Grow",
  shrink: "Shrink",
  manual: "Manual",
  replace: "Replace",
  refused: "Refused",
};

export function decisionsView(page: DecisionsPage, context: ViewContext): Html[] {
  const { asked } = page;
  return [
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, "Decisions"),
      h("p", { class: "page-link eg-secondary" }, "Every check and the reason for its outcome"),
      h(
        "div",
        { class: "page-tools" },
        rangeChoice(asked.range, (range: RangeName) => decisionsAddress({ ...asked, range, before: undefined })),
        h(
          "a",
          { class: "eg-button", href: decisionsAddress(asked, "/decisions.csv"), download: true },
          icon("download"),
          "CSV",
        ),
      ),
    ),
    tools(asked),
    h(
      "div",
      { "data-refresh": "" },
      h(
        "div",
        { class: "eg-panel eg-panel-flush" },
        page.nextCheckAt !== null && nextCheck(page.nextCheckAt, context),
        page.entries.length === 0 && nothing(asked),
        h(
          "ol",
          { class: "entries", "data-part": "entries" },
          page.entries.map((entry) => entryRow(entry, context.reader)),
        ),
      ),
      foot(page, context),
    ),
  ];
}

function tools(asked: DecisionsQuery): Html {
  const current = (is: boolean) => (is ? "true" : undefined);
  return h(
    "div",
    { class: "decision-tools" },
    h(
      "div",
      { class: "eg-segments", role: "group", "aria-label": "Pool" },
      h(
        "a",
        { href: decisionsAddress({ ...asked, pool: undefined }), "aria-current": current(asked.pool === undefined) },
        "All pools",
      ),
      POOL_NAMES.map((pool) =>
        h(
          "a",
          {
            href: decisionsAddress({ ...asked, pool }),
            "data-pool-link": pool,
            "aria-current": current(asked.pool === pool),
          },
          pool,
        ),
      ),
    ),
    h(
      "div",
      { class: "eg-segments", role: "group", "aria-label": "Kind" },
      KINDS.map((kind) =>
        h(
          "a",
          { href: decisionsAddress({ ...asked, kind }), "aria-current": current(asked.kind === kind) },
          KIND_LABELS[kind],
        ),
      ),
    ),
    h(
      "form",
      { method: "get", action: "/decisions", class: "decision-filter", role: "search" },
      asked.pool !== undefined && h("input", { type: "hidden", name: "pool", value: asked.pool }),
      h("input", { type: "hidden", name: "range", value: asked.range }),
      asked.kind !== "all" && h("input", { type: "hidden", name: "kind", value: asked.kind }),
      h("label", { class: "visually-hidden", for: "filter" }, "Filter"),
      h("input", {
        class: "eg-input",
        type: "search",
        id: "filter",
        name: "filter",
        value: asked.filter,
        placeholder: "Filter: text, person, instance id",
        "data-filter": "",
      }),
    ),
    h(
      "a",
      {
        class: "eg-check fold-switch",
        role: "switch",
        "aria-checked": asked.fold ? "true" : "false",
        href: decisionsAddress({ ...asked, fold: !asked.fold }),
      },
      h("span", { class: "switch", "aria-hidden": "true" }),
      "Fold checks without change",
    ),
  );
}

function nextCheck(at: number, { reader }: ViewContext): Html {
  return h(
    "div",
    { class: "entry-line entry-next" },
    h("span", { class: "entry-time", "data-next-check": at }, "next"),
    h("span", { class: "entry-mark" }, icon("clock")),
    h("span", { class: "entry-sentence eg-secondary" }, "Next check, at ", time(at, reader), "."),
    h("span", { class: "entry-outcome" }),
  );
}

function nothing({ filter, kind }: DecisionsQuery): Html {
  const isFiltered = filter !== "" || kind !== "all";
  return h(
    "div",
    { class: "eg-empty" },
    icon("list"),
    h("p", { class: "eg-empty-title" }, isFiltered ? "Nothing matches" : "Nothing decided yet"),
    h(
      "p",
      {},
      isFiltered
        ? "Another filter or a longer range may show more."
        : "The autoscaler checks each pool once a minute or more often, and writes here what it did.",
    ),
    isFiltered && h("a", { class: "eg-button", href: "/decisions" }, "Clear filters"),
  );
}

function foot({ asked, counts, shownFrom, hasOlder }: DecisionsPage, { reader }: ViewContext): Html {
  const words: Child[] = [
    `${formatCountOf(counts.checks, "check")} since `,
    time(shownFrom, reader),
    `; ${counts.changes === 0 ? "no changes" : formatCountOf(counts.changes, "change")}, ${counts.refused === 0 ? "none" : formatCount(counts.refused)} refused`,
  ];
  return h(
    "div",
    { class: "decision-foot" },
    h("p", { class: "eg-secondary" }, words),
    hasOlder && h("a", { class: "eg-button", href: decisionsAddress({ ...asked, before: shownFrom }) }, "Load older"),
  );
}
