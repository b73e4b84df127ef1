import type { JobSummary } from "@elastic-gas/shared/jobs/summary";
import type { LogFigures } from "./tally.ts";

/**
 * The count log, plain text. Its first part has the lines of AnnTools' log in AnnTools' order, for scripts that read those; a figure that the pack cannot give
 * prints `n/a`. The total counts records, once each.
 */
export function countLog(summary: JobSummary, figures: LogFigures, fileName: string): string {
  return [
    ...annToolsPart(summary, figures),
    "",
    ...facts(summary, figures, fileName),
    ...tables(summary, figures),
    ...warnings(summary),
    "",
  ].join("\n");
}

function annToolsPart(summary: JobSummary, figures: LogFigures): string[] {
  const hasGenes = figures.recordsWithGeneData > 0 || summary.records === 0;
  const region = (name: string) =>
    hasGenes ? String(summary.regions.find((row) => row.name === name)?.count ?? 0) : "n/a";
  return [
    "## Each record is counted once, in the most telling region that it touches",
    "## dbSNP: records whose ID is an rs number, the file's own or ClinVar's",
    `Total: ${summary.records}`,
    `In dbSNP: ${figures.inDbsnp} (${percent(figures.inDbsnp, summary.records)})`,
    "Variants located:",
    `In interGenic ${region("INTERGENIC")}`,
    `In CDS ${region("CDS")}`,
    `In '3 UTR ${region("UTR3")}`,
    `In '5 UTR ${region("UTR5")}`,
    `In Intronic ${region("INTRON")}`,
    "In Non_coding_intronic n/a",
    `In Exonic ${region("EXON")}`,
    "In Non_coding_exonic n/a",
    "In Putative Promoter Region n/a",
    `In Gene (parts not known) ${region("GENE")}`,
  ];
}

function facts(summary: JobSummary, figures: LogFigures, fileName: string): string[] {
  const matched = summary.records - figures.malformed - summary.unmatchedRecords;
  const inGenes =
    figures.recordsWithGeneData === 0
      ? "n/a"
      : `${summary.inGenes} (${percent(summary.inGenes, figures.recordsWithGeneData)})`;
  return [
    `File: ${fileName}`,
    `Annotation pack: ${summary.pack}`,
    `Build: ${summary.build}`,
    `Build decided: ${summary.buildReason}`,
    `Records annotated: ${matched} (${percent(matched, summary.records)})`,
    `Records in genes: ${inGenes}`,
    `Records in ClinVar (likely pathogenic): ${summary.clinvarPathogenic}`,
    `Records without a match in the pack: ${summary.unmatchedRecords}`,
    `Unmatched contigs: ${summary.unmatchedContigs.length === 0 ? "none" : summary.unmatchedContigs.join(", ")}`,
    `ALT alleles: ${figures.alleles}`,
    `Ti/Tv: ${summary.tiTv === null ? "n/a" : summary.tiTv.toFixed(3)} (${summary.transitions} transitions, ${summary.transversions} transversions)`,
    `Run time: ${(summary.durationMs / 1000).toFixed(2)} s`,
  ];
}

function tables(summary: JobSummary, figures: LogFigures): string[] {
  return [
    ...table("Records per chromosome", summary.chromosomes),
    ...table("Records per region", summary.regions),
    ...table("ALT alleles per class", summary.classes),
    ...table("Substitutions (from the pyrimidine)", summary.substitutions),
    ...table(
      "Indel lengths (bases gained or lost)",
      summary.indelLengths.map(({ length, count }) => ({ name: length > 0 ? `+${length}` : String(length), count })),
    ),
    ...table("Genes with most records", summary.topGenes),
    ...table("Consequences", figures.consequences),
  ];
}

function warnings({ warnings }: JobSummary): string[] {
  return [
    "",
    "Warnings:",
    ...(warnings.length === 0 ? ["  none"] : warnings.map(({ sentence, count }) => `  ${count}  ${sentence}`)),
  ];
}

function table(title: string, rows: readonly { readonly name: string; readonly count: number }[]): string[] {
  return rows.length === 0 ? [] : ["", `${title}:`, ...rows.map(({ name, count }) => `  ${name}\t${count}`)];
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "n/a" : `${Number(((part / whole) * 100).toFixed(10))}%`;
}
