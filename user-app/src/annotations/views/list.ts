import { formatBytes, formatCount, formatCountOf } from "@elastic-gas/shared/format/numbers";
import { VCF_SAMPLES } from "@elastic-gas/shared/samples";
import { emptyState, icon, state } from "@elastic-gas/shared/ui/parts";
import { type Child, fragment, type Html, h } from "@elastic-gas/shared/web/html";
import type { PageContext } from "../../web/page-context.ts";
import { csrfField, hiddenField } from "../../web/views/forms.ts";
import type { JobState } from "../job-state.ts";
import { stateWord } from "../job-words.ts";
import type { JobRow } from "../queries.ts";
import { standsStill } from "./log.ts";
import { sampleList } from "./sample-list.ts";

export interface ListRow extends Pick<JobRow, "id" | "status" | "inputSize" | "submittedAt"> {
  /** Its title, or its file's name. */
  readonly name: string;
  readonly state: JobState;
  /** How long it took; empty while it runs. */
  readonly took: string;
  readonly result: ResultCell;
}

export type ResultCell =
  | { readonly kind: "download"; readonly until: Date | undefined; readonly left: string }
  | { readonly kind: "upgrade" }
  | { readonly kind: "text"; readonly text: string };

export interface ListProps {
  readonly rows: readonly ListRow[];
  /** How many jobs the user has; asked for only when there is no row to show. */
  readonly total: number | undefined;
  /** How many of them the filter and the search leave. */
  readonly matching: number;
  readonly filter: string;
  readonly search: string;
  readonly filters: readonly { readonly name: string; readonly href: string; readonly chosen: boolean }[];
  readonly newerHref: string | undefined;
  readonly olderHref: string | undefined;
  /** Some job will change by itself. */
  readonly changing: boolean;
}

export function listView(props: ListProps, page: PageContext): Html {
  return fragment(
    h(
      "div",
      { class: "app-head" },
      h("h1", {}, "Annotations"),
      h("a", { class: "eg-button eg-button-primary app-head-end", href: "/annotate" }, icon("plus"), "New annotation"),
    ),
    toolbar(props, page.zone),
    props.changing && standsStill(),
    h(
      "div",
      { "data-live": props.changing ? "list" : "", "data-live-part": "list" },
      h(
        "div",
        { class: "eg-panel eg-panel-flush" },
        props.rows.length === 0 ? empty(props, page.csrf) : jobsTable(props.rows, page),
      ),
      props.rows.length > 0 && pager(props),
    ),
  );
}

function toolbar({ filters, filter, search }: ListProps, zone: string): Html {
  return h(
    "div",
    { class: "app-toolbar" },
    h(
      "nav",
      { class: "eg-segments", "aria-label": "Status" },
      filters.map(({ name, href, chosen }) => h("a", { href, "aria-current": chosen ? "true" : undefined }, name)),
    ),
    h(
      "form",
      { class: "app-search", method: "get", action: "/annotations", role: "search" },
      hiddenField("status", filter),
      h("input", {
        class: "eg-input",
        type: "search",
        name: "q",
        value: search,
        maxlength: 100,
        placeholder: "File name or job id",
        "aria-label": "File name or job id",
        "data-key-filter": "",
      }),
    ),
    h("p", { class: "eg-secondary app-head-end" }, "Times in ", h("span", { "data-time-zone": "" }, zone)),
  );
}

function empty({ total = 0, search, filter }: ListProps, csrf: string): Html {
  if (total === 0) {
    return emptyState(
      "file",
      "No annotations yet",
      h("p", {}, "Send a VCF file; its job appears here."),
      h("a", { class: "eg-button eg-button-primary", href: "/annotate" }, "Request new annotation"),
      h("p", { class: "eg-secondary" }, "Or try a sample:"),
      sampleList(VCF_SAMPLES, csrf),
    );
  }
  return emptyState(
    "search",
    search === ""
      ? filter === "all"
        ? "No more annotations"
        : `No ${filter} annotations`
      : `Nothing matches “${search}”`,
    h("p", {}, `${formatCountOf(total, "annotation")} in all.`),
    h("a", { class: "eg-button", href: "/annotations" }, "Show all"),
  );
}

function jobsTable(rows: readonly ListRow[], page: PageContext): Html {
  return h(
    "form",
    {
      method: "post",
      action: "/annotations/delete",
      class: "app-jobs-form",
      "data-confirm": "Delete the selected jobs with all their files? This cannot be undone.",
    },
    csrfField(page.csrf),
    table(rows, page),
    h(
      "p",
      { class: "app-records-more" },
      h("button", { class: "eg-button eg-button-small", type: "submit" }, icon("trash"), "Delete selected"),
    ),
  );
}

function table(rows: readonly ListRow[], page: PageContext): Html {
  return h(
    "div",
    { class: "eg-table-box", tabindex: 0, role: "region", "aria-label": "Annotations" },
    h(
      "table",
      { class: "eg-table app-jobs" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, "Selected")),
          h("th", { scope: "col" }, "Status"),
          h("th", { scope: "col" }, "File"),
          h("th", { scope: "col", class: "eg-number" }, "Size"),
          ["Requested", "Took", "Result", "Job"].map((name) => h("th", { scope: "col" }, name)),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) => jobRow(row, page)),
      ),
    ),
  );
}

function jobRow(row: ListRow, page: PageContext): Html {
  const href = `/annotations/${row.id}`;
  const { word, detail } = stateWord(row.state);
  return h(
    "tr",
    {},
    h(
      "td",
      { class: "app-job-tick" },
      h("input", {
        type: "checkbox",
        name: "job",
        value: row.id,
        "aria-label": `Select ${row.name}`,
        "data-keep": row.id,
      }),
    ),
    h("td", { class: "app-job-state", "data-job-status": row.status }, state(word, { detail })),
    h("th", { scope: "row", class: "app-job-file" }, h("a", { href }, row.name)),
    h("td", { class: "eg-number app-job-size" }, formatBytes(row.inputSize)),
    h("td", { class: "eg-nowrap app-job-time" }, page.time(row.submittedAt, "near")),
    h("td", { class: "eg-nowrap app-job-took" }, row.took),
    h("td", { class: "app-job-result" }, resultCell(row.result, href)),
    h("td", { class: "app-job-id" }, h("a", { class: "eg-mono", href }, row.id.slice(0, 8))),
  );
}

function resultCell(result: ResultCell, href: string): readonly Child[] {
  switch (result.kind) {
    case "download":
      return [
        h("a", { href: `${href}/result`, "data-job-result": "" }, "download"),
        result.until !== undefined && [
          ", ",
          h("b", { "data-countdown-to": result.until.toISOString() }, result.left),
          "\u00a0left",
        ],
      ];
    case "upgrade":
      return [h("a", { href: "/subscribe" }, "upgrade"), " to restore"];
    case "text":
      return [h("span", { class: "eg-secondary" }, result.text)];
  }
}

function pager({ rows, matching, newerHref, olderHref }: ListProps): Html {
  const count = h(
    "p",
    { class: "eg-secondary app-gap" },
    rows.length === matching
      ? formatCountOf(matching, "annotation")
      : `${formatCount(rows.length)} of ${formatCountOf(matching, "annotation")}`,
  );
  if (newerHref === undefined && olderHref === undefined) return count;
  const link = (name: string, href: string | undefined) =>
    href === undefined
      ? h("span", { class: "eg-button", "aria-disabled": "true" }, name)
      : h("a", { class: "eg-button", href }, name);
  return h(
    "div",
    { class: "app-toolbar" },
    count,
    h(
      "nav",
      { class: "eg-actions app-head-end", "aria-label": "Pages" },
      link("Newer", newerHref),
      link("Older", olderHref),
    ),
  );
}
