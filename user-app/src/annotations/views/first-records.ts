import { formatCount } from "@elastic-gas/shared/format/numbers";
import type { JobSummary } from "@elastic-gas/shared/jobs/summary";
import { icon } from "@elastic-gas/shared/ui/parts";
import { isPathogenic } from "@elastic-gas/shared/vcf/clinvar";
import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import { REGION_MEANINGS } from "../../web/meanings.ts";

const HEADS = ["ID", "Ref", "Alt", "Gene", "Region", "Band", "ClinVar"] as const;
/** What only some packs hold: a column where the job's pack could be asked for it. */
const HELD = [
  { key: "consequences", head: "Consequence" },
  { key: "rs", head: "dbSNP" },
  { key: "frequencies", head: "Frequency" },
] as const;
type Held = (typeof HELD)[number];

/** The first annotated records; the page's script adds a filter and a button for all of them. */
export function firstRecords(
  { firstRecords: records, records: total, lookedUp }: JobSummary,
  allHref: string | undefined,
): Html {
  const held = HELD.filter(({ key }) => (lookedUp?.[key] ?? 0) > 0);
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
        { class: "eg-end app-records-filter" },
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
            held.map(({ head }) => h("th", { scope: "col" }, head)),
          ),
        ),
        h(
          "tbody",
          {},
          records.map((record) => row(record, held)),
        ),
      ),
    ),
    h(
      "p",
      { class: "app-records-more", "data-records-more": "", hidden: true },
      h("button", { class: "eg-button eg-button-small", type: "button" }, "Show all"),
    ),
  );
}

type FirstRecord = JobSummary["firstRecords"][number];

function row(record: FirstRecord, held: readonly Held[]): Html {
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
    h("td", { title: REGION_MEANINGS[record.region] }, orDash(record.region)),
    h("td", {}, orDash(record.band)),
    h("td", {}, record.clinvar === "" ? "–" : clinvar(record)),
    held.map(({ key }) => h("td", {}, orDash(heldText(record, key)))),
  );
}

function heldText({ consequence = "", rs = "", frequency = "" }: FirstRecord, key: Held["key"]): string {
  switch (key) {
    case "consequences":
      return consequence.replaceAll("_", " ").replaceAll("&", ", ");
    case "rs":
      return rs;
    case "frequencies":
      return frequency;
  }
}

/** ClinVar's class; summaries of version 0.1 have only pathogenic ones. */
function clinvar({ clinvar: id, clinvarClass = "Pathogenic" }: FirstRecord): readonly Child[] {
  const words = clinvarClass.replaceAll("_", " ").replaceAll("|", ", ");
  return [
    isPathogenic(clinvarClass) ? h("span", { class: "eg-chip eg-chip-warn" }, icon("warning"), words) : words,
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
