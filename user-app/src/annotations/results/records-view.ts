import { formatCount, formatCountOf } from "@elastic-gas/shared/format/numbers";
import { type FieldProps, field } from "@elastic-gas/shared/ui/field";
import { emptyState, note } from "@elastic-gas/shared/ui/parts";
import { type Child, fragment, type Html, h } from "@elastic-gas/shared/web/html";
import { REGION_MEANINGS } from "../../web/meanings.ts";
import type { AnnotatedAllele } from "./annotated-record.ts";
import type { FoundRecords } from "./find-records.ts";
import { COLUMN_NAMES, type ColumnName, type RecordFilter } from "./record-filter.ts";

export interface RecordsProps {
  readonly jobId: string;
  readonly name: string;
  readonly filter: RecordFilter;
  /** Undefined when the filter could not be understood: then `problem` says why. */
  readonly found: FoundRecords | undefined;
  readonly problem: string | undefined;
  /** How long one search may take. */
  readonly searchSeconds: number;
}

/** The records of a whole result by filters, each ALT a row. */
export function recordsView(props: RecordsProps): Html {
  const { jobId, name, found, problem } = props;
  const href = `/annotations/${jobId}`;
  return fragment(
    h(
      "nav",
      { class: "app-crumbs", "aria-label": "Path" },
      h("a", { href: "/annotations" }, "Annotations"),
      " / ",
      h("a", { class: "eg-mono", href }, jobId.slice(0, 8)),
      " / records",
    ),
    h(
      "div",
      { class: "app-head" },
      h("h1", { class: "app-break" }, `Records of ${name}`),
      h("a", { class: "eg-button app-head-end", href }, "Back to the job"),
    ),
    filterForm(props),
    problem !== undefined && note({ tone: "bad", start: "This filter says nothing.", text: problem }),
    found !== undefined && foundPanel(found, props),
  );
}

function filterForm({ jobId, filter }: RecordsProps): Html {
  const text = (name: Exclude<keyof RecordFilter, "columns">, label: string, help: string): FieldProps => ({
    name,
    label,
    help,
    input: { value: filter[name], maxlength: 100, autocomplete: "off", spellcheck: false },
  });
  return h(
    "form",
    { class: "eg-panel eg-form", method: "get", action: `/annotations/${jobId}/records` },
    h(
      "div",
      { class: "app-three app-filters" },
      [
        text("gene", "Gene", "A symbol, or several: CFTR, BRCA2."),
        text("region", "Region", "CDS, UTR5, UTR3, EXON, INTRON, GENE or INTERGENIC."),
        text("consequence", "Consequence", "Part of a term, such as missense; with a pack that has transcripts."),
        text("clinvar", "ClinVar", "any, none, or words of a class, such as pathogenic or uncertain significance."),
        text("place", "Place", "A chromosome, or a stretch such as chr7:117480000-117670000."),
        text(
          "frequency",
          "Frequency at most",
          "0 to 1, by the pack's populations or else the file's AF; variants without one are shown.",
        ),
      ].map(field),
    ),
    columnChoice(filter.columns),
    h(
      "div",
      { class: "eg-actions" },
      h("button", { class: "eg-button eg-button-primary", type: "submit" }, "Show"),
      h("a", { class: "eg-button", href: `/annotations/${jobId}/records` }, "Clear"),
    ),
  );
}

function foundPanel(
  { alleles, matching, lookedAt, isWhole }: FoundRecords,
  { searchSeconds, filter }: RecordsProps,
): Html {
  const shown = alleles.length < matching ? `; the first ${formatCount(alleles.length)} are shown` : "";
  return fragment(
    !isWhole &&
      note({
        tone: "warn",
        start: `The search ended after ${searchSeconds}\u00a0s.`,
        text: `It looked at the first ${formatCountOf(lookedAt, "variant")}. Name a place near the start, or download the table.`,
      }),
    h(
      "section",
      { class: "eg-panel eg-panel-flush", "aria-labelledby": "found" },
      h(
        "div",
        { class: "eg-panel-head" },
        h("h2", { id: "found" }, "Variants"),
        h(
          "span",
          { class: "eg-small eg-secondary", "data-records-found": matching },
          `${formatCount(matching)} of ${formatCount(lookedAt)}${shown}`,
        ),
      ),
      alleles.length === 0
        ? emptyState("search", "No such variants", h("p", {}, "Nothing in the result matches."))
        : table(alleles, filter.columns),
    ),
  );
}

function table(alleles: readonly AnnotatedAllele[], chosen: readonly ColumnName[]): Html {
  // Unless they are asked for, columns that only some packs or files fill are left out where no shown variant has a
  // value: a phone is narrow.
  const shown = COLUMN_NAMES.filter((name) => {
    if (chosen.length > 0) return chosen.includes(name);
    const { usual, value } = COLUMNS[name];
    return usual === "always" || (usual === "filled" && alleles.some((allele) => allele[value] !== ""));
  });
  return h(
    "div",
    { class: "eg-table-box", tabindex: 0, role: "region", "aria-label": "Table of variants" },
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
          shown.map((name) => h("th", { scope: "col" }, COLUMNS[name].head)),
        ),
      ),
      h(
        "tbody",
        {},
        alleles.map((allele) => row(allele, shown)),
      ),
    ),
  );
}

function row(allele: AnnotatedAllele, shown: readonly ColumnName[]): Html {
  const position = Number(allele.pos);
  return h(
    "tr",
    {},
    h("td", {}, allele.chrom),
    h("td", { class: "eg-number" }, Number.isInteger(position) ? formatCount(position) : allele.pos),
    shown.map((name) => {
      const { value, look, title, cell } = COLUMNS[name];
      const content = cell === undefined || allele[value] === "" ? orDash(allele[value]) : cell(allele);
      return h("td", { class: look, title: title?.(allele) || undefined }, content);
    }),
  );
}

function orDash(text: string): string {
  return text === "" ? "–" : text.replaceAll(",", ", ");
}

interface Column {
  readonly head: string;
  readonly value: keyof AnnotatedAllele;
  /** Shown without being asked for: always, where a shown variant has a value, or not. */
  readonly usual: "always" | "filled" | "no";
  readonly look?: string;
  readonly title?: (allele: AnnotatedAllele) => string | undefined;
  readonly cell?: (allele: AnnotatedAllele) => Child;
}

const COLUMNS: Readonly<Record<ColumnName, Column>> = {
  id: { head: "ID", value: "id", usual: "always", look: "eg-mono" },
  ref: { head: "Ref", value: "ref", usual: "always", look: "eg-mono app-allele", cell: ({ ref }) => ref },
  alt: { head: "Alt", value: "alt", usual: "always", look: "eg-mono app-allele", cell: ({ alt }) => alt },
  quality: { head: "Quality", value: "qual", usual: "no", look: "eg-number" },
  filter: { head: "Filter", value: "filter", usual: "no" },
  gene: { head: "Gene", value: "genes", usual: "always", cell: ({ genes }) => h("b", {}, orDash(genes)) },
  region: {
    head: "Region",
    value: "regions",
    usual: "always",
    title: ({ regions }) => REGION_MEANINGS[regions],
  },
  consequence: { head: "Consequence", value: "consequences", usual: "filled", cell: consequence },
  transcript: { head: "Transcript", value: "transcripts", usual: "no", look: "eg-mono" },
  band: { head: "Band", value: "band", usual: "always" },
  clinvar: { head: "ClinVar", value: "clinvarId", usual: "always", cell: clinvar },
  conditions: { head: "Conditions", value: "clinvarConditions", usual: "no" },
  review: {
    head: "Review",
    value: "clinvarReview",
    usual: "no",
    cell: ({ clinvarReview }) => clinvarReview.replaceAll("_", " "),
  },
  dbsnp: { head: "dbSNP", value: "rs", usual: "filled", look: "eg-mono" },
  frequency: {
    head: "Frequency",
    value: "frequency",
    usual: "filled",
    look: "eg-number",
    title: ({ populations }) => populations,
  },
  populations: { head: "Populations", value: "populations", usual: "no" },
  tracks: { head: "Tracks", value: "tracks", usual: "no" },
};

function columnChoice(chosen: readonly ColumnName[]): Html {
  return h(
    "fieldset",
    { class: "app-columns" },
    h("legend", { class: "eg-label" }, "Columns"),
    COLUMN_NAMES.map((name) =>
      h(
        "label",
        { class: "eg-check" },
        h("input", { type: "checkbox", name: "columns", value: name, checked: chosen.includes(name) }),
        h("span", {}, COLUMNS[name].head),
      ),
    ),
    h("p", { class: "eg-help" }, "None ticked: those that usually matter."),
  );
}

/** What happens to the protein, with the changes that are known to the residue. */
function consequence({ consequences, proteinChanges }: AnnotatedAllele): readonly (Html | string)[] {
  const terms = consequences.replaceAll("_", " ").replaceAll("&", ", ").replaceAll(",", ", ").replaceAll(",  ", ", ");
  if (proteinChanges === "") return [terms];
  return [terms, " ", h("span", { class: "eg-small eg-secondary" }, proteinChanges.replaceAll(",", ", "))];
}

function clinvar({
  clinvarId,
  clinvarClass,
  clinvarReview,
  clinvarConditions,
}: AnnotatedAllele): readonly (Html | string)[] {
  return [
    clinvarClass.replaceAll("_", " ").replaceAll("|", ", "),
    " ",
    h(
      "a",
      {
        class: "eg-small",
        rel: "noreferrer",
        title: [clinvarConditions, clinvarReview.replaceAll("_", " ")].filter((text) => text !== "").join("; "),
        href: `https://www.ncbi.nlm.nih.gov/clinvar/variation/${encodeURIComponent(clinvarId)}/`,
      },
      clinvarId,
    ),
  ];
}
