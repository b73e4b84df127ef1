import type { AnnotatedAllele } from "./annotated-record.ts";

export type TableFormat = "tsv" | "csv";

const COLUMNS: readonly (readonly [string, keyof AnnotatedAllele])[] = [
  ["chrom", "chrom"],
  ["pos", "pos"],
  ["id", "id"],
  ["ref", "ref"],
  ["alt", "alt"],
  ["qual", "qual"],
  ["filter", "filter"],
  ["gene", "genes"],
  ["region", "regions"],
  ["band", "band"],
  ["consequence", "consequences"],
  ["transcript", "transcripts"],
  ["protein_change", "proteinChanges"],
  ["clinvar_id", "clinvarId"],
  ["clinvar_class", "clinvarClass"],
  ["clinvar_review", "clinvarReview"],
  ["clinvar_conditions", "clinvarConditions"],
  ["rs", "rs"],
  ["frequency", "frequency"],
  ["population_frequencies", "populations"],
  ["tracks", "tracks"],
];

export function tableHead(format: TableFormat): string {
  return lineOf(
    COLUMNS.map(([name]) => name),
    format,
  );
}

export function tableRow(allele: AnnotatedAllele, format: TableFormat): string {
  return lineOf(
    COLUMNS.map(([, key]) => harmless(allele[key])),
    format,
  );
}

function lineOf(cells: readonly string[], format: TableFormat): string {
  return format === "tsv"
    ? `${cells.map((cell) => cell.replace(/[\t\r\n]/g, " ")).join("\t")}\n`
    : `${cells.map(quoted).join(",")}\r\n`; // https://www.rfc-editor.org/rfc/rfc4180#section-2
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/**
 * A cell that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay:
 * https://owasp.org/www-community/attacks/CSV_Injection
 */
function harmless(cell: string): string {
  return /^[=+\-@\t\r]/.test(cell) && !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell) ? `'${cell}` : cell;
}
