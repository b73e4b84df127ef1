import { canonicalContig } from "@elastic-gas/shared/vcf/contigs";
import { z } from "zod";
import type { AnnotatedAllele } from "./annotated-record.ts";

/** Too long a text, or several, stay a filter: without one everything would be shown as what was asked for. */
const text = (most: number) =>
  z.preprocess(
    (value) => (value === undefined ? "" : [value].flat().join(",").trim().slice(0, most)),
    z.string().catch(""),
  );

/** Columns of the page beside chromosome and position. */
export const COLUMN_NAMES = [
  "id",
  "ref",
  "alt",
  "quality",
  "filter",
  "gene",
  "region",
  "consequence",
  "transcript",
  "band",
  "clinvar",
  "conditions",
  "review",
  "dbsnp",
  "frequency",
  "populations",
  "tracks",
] as const;
export type ColumnName = (typeof COLUMN_NAMES)[number];

/** What the records of a result can be narrowed to, an empty text lets all through; and the columns to show. */
export const RecordFilter = z.object({
  /** One or several, any of which is enough. */
  gene: text(500),
  region: text(20),
  consequence: text(50),
  /** `any`, `none`, or words of a class. */
  clinvar: text(50),
  /** `chr7`, or `chr7:1-2000`. */
  place: text(100),
  /** Largest frequency (INFO/AF), 0 to 1; ALTs without one are let through. */
  frequency: text(20),
  /** None: those that usually matter. One ticked box comes as a text, several as a list. */
  columns: z
    .preprocess((value) => (value === undefined ? [] : [value].flat()), z.array(z.enum(COLUMN_NAMES)).max(50))
    .catch([]),
});
export type RecordFilter = z.infer<typeof RecordFilter>;

/** A test for the ALTs of a result; a sentence for a filter that says nothing. */
export function makeFilter(filter: RecordFilter): ((allele: AnnotatedAllele) => boolean) | string {
  const place = readPlace(filter.place);
  if (typeof place === "string") return place;
  const most = filter.frequency === "" ? Number.POSITIVE_INFINITY : Number(filter.frequency);
  if (Number.isNaN(most) || most < 0) return "The frequency is a number from 0 to 1, such as 0.01.";
  const [region, consequence, clinvar] = [filter.region, filter.consequence, filter.clinvar].map((each) =>
    each.toLowerCase(),
  );
  const genes = new Set(
    filter.gene
      .toLowerCase()
      .split(/[\s,;]+/)
      .filter((gene) => gene !== ""),
  );
  return (allele) =>
    (filter.gene === "" ||
      allele.genes
        .toLowerCase()
        .split(",")
        .some((gene) => genes.has(gene))) &&
    (region === "" ||
      allele.regions
        .toLowerCase()
        .split(",")
        .includes(region ?? "")) &&
    (consequence === "" || allele.consequences.toLowerCase().includes(consequence ?? "")) &&
    isOfClass(allele.clinvarClass, clinvar ?? "") &&
    (allele.frequency === "" || !(Number(allele.frequency) > most)) &&
    (place === null ||
      (canonicalContig(allele.chrom) === place.chrom &&
        Number(allele.pos) >= place.from &&
        Number(allele.pos) <= place.to));
}

function isOfClass(clinvarClass: string, wanted: string): boolean {
  if (wanted === "") return true;
  if (wanted === "any") return clinvarClass !== "";
  if (wanted === "none") return clinvarClass === "";
  // Whole words: "pathogenic" is not part of "Conflicting classifications of pathogenicity".
  const words = (text: string) =>
    ` ${text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, " ")
      .trim()} `;
  return words(clinvarClass).includes(words(wanted));
}

function readPlace(
  place: string,
): { readonly chrom: string; readonly from: number; readonly to: number } | null | string {
  if (place === "") return null;
  const match = /^([^:\s]+)(?::([\d,]+)(?:-([\d,]+))?)?$/.exec(place);
  if (match === null) return "The place is a chromosome, or a stretch such as chr7:117480000-117670000.";
  const [, chrom = "", from, to] = match;
  const number = (digits: string) => Number(digits.replaceAll(",", ""));
  const start = from === undefined ? 0 : number(from);
  const end = to === undefined ? (from === undefined ? Number.POSITIVE_INFINITY : start) : number(to);
  if (start > end) return "The place ends before it begins. Give the smaller position first.";
  return { chrom: canonicalContig(chrom), from: start, to: end };
}
