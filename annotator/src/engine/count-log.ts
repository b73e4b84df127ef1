import type { JobSummary } from "@elastic-gas/shared/jobs/summary";
import type { LogFigures } from "./tally.ts";

/**
 * The count log, plain text. Its first part has the lines of AnnTools' log in AnnTools' order, for scripts that read
 * those; a figure that the pack cannot give prints `n/a`. The total counts records, once each.
 */
export function countLog(summary: JobSummary, figures: LogFigures, fileName: string): string {
  return [
    ...annToolsPart(summary, figures),
    "",
    ...facts(summary, figures, fileName),
    ...warnings(summary),
    ...tables(summary),
    ...packSources(summary),
    "",
  ].join("\n");
}

/** A figure, or `n/a` where the pack could not be asked for any record. */
function figure(count: number | string, lookedUp: number | undefined, records: number): string {
  return lookedUp === 0 && records > 0 ? "n/a" : String(count);
}

function annToolsPart(summary: JobSummary, figures: LogFigures): string[] {
  const { records, lookedUp } = summary;
  const count = (name: string) => summary.regions.find((row) => row.name === name)?.count ?? 0;
  const place = (name: string) => figure(count(name), lookedUp?.genes, records);
  const part = (name: string) => figure(count(name), lookedUp?.regions, records);
  return [
    "## Each record is counted once, in the most specific region that it overlaps",
    "## dbSNP: records whose ID is an rs number, the file's own or the pack's",
    `Total: ${records}`,
    `In dbSNP: ${figures.inDbsnp} (${percent(figures.inDbsnp, records)})`,
    "Variants located:",
    `In interGenic ${place("INTERGENIC")}`,
    `In CDS ${part("CDS")}`,
    `In '3 UTR ${part("UTR3")}`,
    `In '5 UTR ${part("UTR5")}`,
    `In Intronic ${part("INTRON")}`,
    "In Non_coding_intronic n/a",
    `In Exonic ${part("EXON")}`,
    "In Non_coding_exonic n/a",
    "In Putative Promoter Region n/a",
    `In Gene (parts not known) ${place("GENE")}`,
  ];
}

function facts(summary: JobSummary, figures: LogFigures, fileName: string): string[] {
  const { records, lookedUp, buildDecision, clinvarHeld } = summary;
  const inGenes = `${summary.inGenes} (${percent(summary.inGenes, lookedUp?.genes ?? 0, 3)})`;
  return [
    ...(buildDecision?.warning ? [`ATTENTION: ${buildDecision.warning}`, ""] : []),
    `File: ${fileName}`,
    `Annotation pack: ${summary.pack}`,
    `Build: ${summary.build}${buildDecision?.undecided === true ? " (assumed)" : ""}`,
    `Build decided: ${summary.buildReason}`,
    `Records annotated: ${figures.annotatedRecords} (${percent(figures.annotatedRecords, records, 3)})`,
    `Records in genes: ${figure(inGenes, lookedUp?.genes, records)}`,
    `Records in ClinVar (likely pathogenic): ${figure(summary.clinvarPathogenic, lookedUp?.clinvar, records)}`,
    `Records looked up in ClinVar: ${lookedUp?.clinvar ?? 0} of ${records}`,
    ...askedOnly("dbSNP", lookedUp?.rs, records),
    ...askedOnly("population frequencies", lookedUp?.frequencies, records),
    ...askedOnly("transcripts (consequences)", lookedUp?.consequences, records),
    ...askedOnly("the reference sequence", lookedUp?.sequence, records),
    `ClinVar variants of the pack: ${clinvarHeld ?? "none for this build"}`,
    `Records without a match in the pack: ${summary.unmatchedRecords}`,
    `Unmatched contigs: ${summary.unmatchedContigs.length === 0 ? "none" : summary.unmatchedContigs.join(", ")}`,
    `ALT alleles: ${figures.alleles}`,
    `Ti/Tv: ${summary.tiTv === null ? "n/a" : summary.tiTv.toFixed(3)} (${summary.transitions} transitions, ${summary.transversions} transversions)`,
    `Run time: ${(summary.durationMs / 1000).toFixed(2)} s`,
  ];
}

/** A line on what only some packs hold. */
function askedOnly(what: string, asked: number | undefined, records: number): string[] {
  return [`Records looked up in ${what}: ${figure(`${asked ?? 0} of ${records}`, asked ?? 0, records)}`];
}

function tables(summary: JobSummary): string[] {
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
    ...table("Records per ClinVar class", summary.clinvarClasses ?? []),
    ...table("Consequences", summary.consequences ?? []),
  ];
}

/** For citation. */
function packSources({ packSources = [] }: JobSummary): string[] {
  return packSources.length === 0
    ? []
    : ["", "Sources of the annotation pack:", ...packSources.map((source) => `  ${sourceText(source)}`)];
}

function sourceText({ name, release, date, from }: NonNullable<JobSummary["packSources"]>[number]): string {
  const parts = [`${name} ${release}`.trim(), release.includes(date) ? "" : date, from];
  return parts.filter((part) => part !== "").join("; ");
}

function warnings({ warnings }: JobSummary): string[] {
  return ["", "Warnings:", ...(warnings.length === 0 ? ["  none"] : warnings.map(({ sentence }) => `  ${sentence}`))];
}

function table(title: string, rows: readonly { readonly name: string; readonly count: number }[]): string[] {
  return rows.length === 0 ? [] : ["", `${title}:`, ...rows.map(({ name, count }) => `  ${name}\t${count}`)];
}

/** With the ten digits of AnnTools in its own lines, with fewer in ours. */
function percent(part: number, whole: number, digits = 10): string {
  return whole === 0 ? "n/a" : `${Number(((part / whole) * 100).toFixed(digits))}%`;
}
