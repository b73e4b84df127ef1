import { formatCount } from "@elastic-gas/shared/format/numbers";
import type { JobSummary } from "@elastic-gas/shared/jobs/summary";
import { icon } from "@elastic-gas/shared/ui/parts";
import { type Child, type Html, h } from "@elastic-gas/shared/web/html";

const HEADS = ["ID", "Ref", "Alt", "Gene", "Region", "Band", "ClinVar"] as const;

/** The first annotated records; the page's script adds a filter and a button for all of them. */
export function firstRecords({ firstRecords: records, records: total }: JobSummary, allHref: string | undefined): Html {
  return h(
    "section",
    { class: "eg-panel eg-panel-flush", "data-records": "", "aria-labelledby": "records" },
    h(
      "div",
      { class: "eg-panel-head" },
      h("h2", { id: "records" }, "First annotated records"),
      h(
        "span",
        { class: "eg-small eg-secondary", "data-records-count": "" },
        `${records.length} of ${formatCount(total)}`,
      ),
      h(
        "span",
        { class: "eg-end" },
        allHref !== undefined && h("a", { class: "eg-small eg-nowrap", href: allHref }, "Filter the whole result"),
        " ",
        h("input", {
          class: "eg-input",
          type: "search",
          placeholder: "Gene, rs id, region",
          "aria-label": "Filter records: gene, rs id, region",
          "data-records-filter": "",
          hidden: true,
        }),
      ),
    ),
    h(
      "div",
      { class: "eg-table-box", tabindex: 0, role: "region", "aria-label": "First annotated records" },
      h(
        "table",
        { class: "eg-table app-records" },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col" }, "Chrom"),
            h("th", { scope: "col", class: "eg-number" }, "Position"),
            HEADS.map((name) => h("th", { scope: "col" }, name)),
          ),
        ),
        h("tbody", {}, records.map(row)),
      ),
    ),
    h(
      "p",
      { class: "app-records-more", "data-records-more": "", hidden: true },
      h("button", { class: "eg-button eg-button-small", type: "button" }, "Show all"),
    ),
  );
}

function row(record: JobSummary["firstRecords"][number]): Html {
  const orDash = (text: string) => (text === "" ? "–" : text);
  return h(
    "tr",
    {},
    h("td", {}, record.chrom),
    h("td", { class: "eg-number" }, formatCount(record.pos)),
    h("td", { class: "eg-mono" }, record.id),
    h("td", { class: "eg-mono app-allele" }, record.ref),
    h("td", { class: "eg-mono app-allele" }, record.alt),
    h("td", {}, h("b", {}, orDash(record.gene))),
    h("td", {}, orDash(record.region)),
    h("td", {}, orDash(record.band)),
    h("td", {}, record.clinvar === "" ? "–" : clinvar(record.clinvar)),
  );
}

function clinvar(id: string): readonly Child[] {
  return [
    h("span", { class: "eg-chip eg-chip-warn" }, icon("warning"), "Pathogenic"),
    " ",
    h(
      "a",
      {
        class: "eg-small",
        rel: "noreferrer",
        href: `https://www.ncbi.nlm.nih.gov/clinvar/variation/${encodeURIComponent(id)}/`,
      },
      id,
    ),
  ];
}
