import { formatCount, formatCountOf } from "@elastic-gas/shared/format/numbers";
import { type FieldProps, field } from "@elastic-gas/shared/ui/field";
import { emptyState, note } from "@elastic-gas/shared/ui/parts";
import { fragment, type Html, h } from "@elastic-gas/shared/web/html";
import type { AnnotatedAllele } from "./annotated-record.ts";
import type { FoundRecords } from "./find-records.ts";
import type { RecordFilter } from "./record-filter.ts";

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
  const text = (name: keyof RecordFilter, label: string, help: string): FieldProps => ({
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
        text("gene", "Gene", "A symbol, such as CFTR."),
        text("region", "Region", "CDS, UTR5, UTR3, EXON, INTRON, GENE or INTERGENIC."),
        text("consequence", "Consequence", "Part of a term, such as missense; with a pack that has transcripts."),
        text("clinvar", "ClinVar", "any, none, or part of a class, such as pathogenic."),
        text("place", "Place", "A chromosome, or a stretch such as chr7:117480000-117670000."),
        text(
          "frequency",
          "Frequency at most",
          "0 to 1, by the pack's populations or else the file's AF; variants without one are shown.",
        ),
      ].map(field),
    ),
    h(
      "div",
      { class: "eg-actions" },
      h("button", { class: "eg-button eg-button-primary", type: "submit" }, "Show"),
      h("a", { class: "eg-button", href: `/annotations/${jobId}/records` }, "Clear"),
    ),
  );
}

function foundPanel({ alleles, matching, lookedAt, isWhole }: FoundRecords, { searchSeconds }: RecordsProps): Html {
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
        : table(alleles),
    ),
  );
}

const HEADS = ["ID", "Ref", "Alt", "Gene", "Region", "Consequence", "Band", "ClinVar", "dbSNP", "Frequency"] as const;
/** Columns that only some packs fill. Where no shown variant has a value they are left out: a phone is narrow. */
const OPTIONAL: Readonly<Partial<Record<(typeof HEADS)[number], keyof AnnotatedAllele>>> = {
  Consequence: "consequences",
  dbSNP: "rs",
  Frequency: "frequency",
};

function table(alleles: readonly AnnotatedAllele[]): Html {
  const heads = HEADS.filter((head) => {
    const value = OPTIONAL[head];
    return value === undefined || alleles.some((allele) => allele[value] !== "");
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
          heads.map((name) => h("th", { scope: "col" }, name)),
        ),
      ),
      h(
        "tbody",
        {},
        alleles.map((allele) => row(allele, new Set(heads))),
      ),
    ),
  );
}

function row(allele: AnnotatedAllele, shown: ReadonlySet<string>): Html {
  const orDash = (text: string) => (text === "" ? "–" : text.replaceAll(",", ", "));
  const position = Number(allele.pos);
  return h(
    "tr",
    {},
    h("td", {}, allele.chrom),
    h("td", { class: "eg-number" }, Number.isInteger(position) ? formatCount(position) : allele.pos),
    h("td", { class: "eg-mono" }, orDash(allele.id)),
    h("td", { class: "eg-mono app-allele" }, allele.ref),
    h("td", { class: "eg-mono app-allele" }, allele.alt),
    h("td", {}, h("b", {}, orDash(allele.genes))),
    h("td", {}, orDash(allele.regions)),
    shown.has("Consequence") && h("td", {}, allele.consequences === "" ? "–" : consequence(allele)),
    h("td", {}, orDash(allele.band)),
    h("td", {}, allele.clinvarId === "" ? "–" : clinvar(allele)),
    shown.has("dbSNP") && h("td", { class: "eg-mono" }, orDash(allele.rs)),
    shown.has("Frequency") &&
      h("td", { class: "eg-number", title: allele.populations || undefined }, orDash(allele.frequency)),
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
    clinvarClass.replaceAll("_", " "),
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
