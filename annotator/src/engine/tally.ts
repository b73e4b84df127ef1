import type { JobSummary } from "@elastic-gas/shared/jobs/summary";
import { REGIONS } from "../pack/gene-regions.ts";
import { type Allele, indelLength, isTransition, SUBSTITUTIONS, substitutionOf } from "../vcf/alleles.ts";
import { detached } from "../vcf/lines.ts";
import type { RecordColumns } from "../vcf/record.ts";
import { type Annotation, mainRegion } from "./annotate-record.ts";

const FIRST_RECORDS = 200;
const TOP_GENES = 50;
const MAX_NAMES = 1_000; // contig names and indel lengths kept apart; a file can hold any number of either
const MAX_TEXT = 60; // characters of an allele or a list shown in the table of first records

export interface RunFacts {
  readonly pack: string;
  readonly build: string;
  readonly buildReason: string;
  readonly durationMs: number;
}

/** Figures beyond the summary that only the log has. */
export interface LogFigures {
  readonly inDbsnp: number;
  readonly annotatedRecords: number;
  readonly recordsWithGeneData: number;
  readonly malformed: number;
  readonly alleles: number;
  readonly consequences: readonly { readonly name: string; readonly count: number }[];
}

/** Counts what the engine sees, record by record. */
export class Tally {
  #records = 0;
  #inGenes = 0;
  #inDbsnp = 0;
  #clinvar = 0;
  #annotated = 0;
  #withGeneData = 0;
  #unmatched = 0;
  #malformed = 0;
  #alleles = 0;
  readonly #chromosomes = new Map<string, number>();
  readonly #unmatchedContigs = new Map<string, number>();
  readonly #regions = new Map<string, number>();
  readonly #classes = new Map<string, number>();
  readonly #substitutions = new Map<string, number>();
  readonly #indelLengths = new Map<number, number>();
  readonly #genes = new Map<string, number>();
  readonly #consequences = new Map<string, number>();
  readonly #warnings = new Map<string, number>();
  readonly #firstRecords: JobSummary["firstRecords"] = [];

  get records(): number {
    return this.#records;
  }

  get malformed(): number {
    return this.#malformed;
  }

  get inGenes(): number {
    return this.#inGenes;
  }

  get withGeneData(): number {
    return this.#withGeneData;
  }

  warn(sentence: string, count = 1): void {
    add(this.#warnings, sentence, count);
  }

  /** A record that cannot be read; it passes through unchanged. */
  addMalformed(): void {
    this.#records += 1;
    this.#malformed += 1;
  }

  /** `annotation` is null when the pack has nothing at the record's place. `id` is the one written. */
  add(
    record: RecordColumns,
    seen: { id: string; alleles: readonly Allele[]; annotation: Annotation | null; contigKnown: boolean },
  ): void {
    const { alleles, annotation } = seen;
    this.#records += 1;
    addName(this.#chromosomes, record.chrom);
    if (/(?:^|;)rs\d/.test(seen.id)) this.#inDbsnp += 1;
    for (const allele of alleles) this.#addAllele(allele);
    if (!seen.contigKnown) addName(this.#unmatchedContigs, record.chrom);
    if (annotation === null) this.#unmatched += 1;
    else this.#addAnnotation(annotation);
    if (this.#firstRecords.length < FIRST_RECORDS) this.#firstRecords.push(firstRecord(record, seen.id, annotation));
  }

  addConsequence(name: string): void {
    add(this.#consequences, name, 1);
  }

  summary(facts: RunFacts): JobSummary {
    const transitions = this.#substitutionCount(true);
    const transversions = this.#substitutionCount(false);
    return {
      ...facts,
      records: this.#records,
      inGenes: this.#inGenes,
      clinvarPathogenic: this.#clinvar,
      tiTv: transversions === 0 ? null : transitions / transversions,
      transitions,
      transversions,
      unmatchedRecords: this.#unmatched,
      unmatchedContigs: [...this.#unmatchedContigs.keys()].map(shown),
      chromosomes: counts(this.#chromosomes),
      regions: [...REGIONS]
        .reverse()
        .flatMap((name) => (this.#regions.has(name) ? [{ name, count: this.#regions.get(name) ?? 0 }] : [])),
      classes: byCount(this.#classes),
      substitutions: SUBSTITUTIONS.map((name) => ({ name, count: this.#substitutions.get(name) ?? 0 })),
      indelLengths: [...this.#indelLengths].sort(([a], [b]) => a - b).map(([length, count]) => ({ length, count })),
      topGenes: byCount(this.#genes).slice(0, TOP_GENES),
      warnings: [...this.#warnings].map(([sentence, count]) => ({ sentence: utf8(sentence), count })),
      firstRecords: this.#firstRecords,
    };
  }

  logFigures(): LogFigures {
    return {
      inDbsnp: this.#inDbsnp,
      annotatedRecords: this.#annotated,
      recordsWithGeneData: this.#withGeneData,
      malformed: this.#malformed,
      alleles: this.#alleles,
      consequences: byCount(this.#consequences),
    };
  }

  #addAllele(allele: Allele): void {
    this.#alleles += 1;
    add(this.#classes, allele.class, 1);
    if (allele.minimal === null) return;
    if (allele.class === "SNV") {
      const substitution = substitutionOf(allele.minimal);
      if (substitution !== undefined) add(this.#substitutions, substitution, 1);
      return;
    }
    const length = indelLength(allele.minimal);
    if (length !== 0 && (this.#indelLengths.has(length) || this.#indelLengths.size < MAX_NAMES))
      add(this.#indelLengths, length, 1);
  }

  #addAnnotation(annotation: Annotation): void {
    this.#annotated += 1;
    if (annotation.clinvar.length > 0) this.#clinvar += 1;
    const region = mainRegion(annotation);
    if (region === undefined) return;
    this.#withGeneData += 1;
    add(this.#regions, region, 1);
    if (annotation.genes.length > 0) this.#inGenes += 1;
    for (const gene of annotation.genes) add(this.#genes, gene, 1);
  }

  #substitutionCount(transitions: boolean): number {
    return [...this.#substitutions].reduce(
      (sum, [name, count]) => (isTransition(name) === transitions ? sum + count : sum),
      0,
    );
  }
}

function firstRecord(
  record: RecordColumns,
  id: string,
  annotation: Annotation | null,
): JobSummary["firstRecords"][number] {
  const [clinvar] = annotation?.clinvar.filter((entry) => entry !== undefined) ?? [];
  return {
    chrom: shown(record.chrom),
    pos: record.pos,
    id: shown(id),
    ref: shown(record.ref),
    alt: shown(record.alt),
    gene: shown(annotation?.genes.join(", ") ?? ""),
    region: annotation === null ? "" : (mainRegion(annotation) ?? ""),
    band: annotation?.band ?? "",
    clinvar: clinvar === undefined ? "" : clinvar.variationId,
  };
}

/** A copy that does not keep the whole block of the file alive, read as UTF-8, cut to what a table shows. */
function shown(text: string): string {
  return utf8(text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 3)}...` : text);
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}

function add<Key>(counters: Map<Key, number>, key: Key, count: number): void {
  counters.set(key, (counters.get(key) ?? 0) + count);
}

const OTHERS = "(others)";

function addName(counters: Map<string, number>, name: string): void {
  const count = counters.get(name);
  if (count !== undefined) counters.set(name, count + 1);
  else if (counters.size < MAX_NAMES) counters.set(detached(name), 1);
  else add(counters, OTHERS, 1);
}

function counts(counters: ReadonlyMap<string, number>): { name: string; count: number }[] {
  return [...counters].map(([name, count]) => ({ name: shown(name), count }));
}

function byCount(counters: ReadonlyMap<string, number>): { name: string; count: number }[] {
  return counts(counters).sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}
