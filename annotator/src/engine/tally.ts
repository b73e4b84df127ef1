import type { JobSummary } from "@elastic-gas/shared/jobs/summary";
import { isPathogenic } from "@elastic-gas/shared/vcf/clinvar";
import type { RecordColumns } from "@elastic-gas/shared/vcf/record";
import type { Chromosome } from "../pack/chromosome.ts";
import { REGIONS } from "../pack/gene-regions.ts";
import { type Allele, indelLength, isTransition, SUBSTITUTIONS, substitutionOf } from "../vcf/alleles.ts";
import { excerpt } from "../vcf/lines.ts";
import { type Annotation, mainRegion } from "./annotate-record.ts";
import { type Noted, type Oddity, warningSentence } from "./warnings.ts";

/** Records whose annotation the page shows. */
export const FIRST_RECORDS = 200;
const TOP_GENES = 50;
const MAX_NAMES = 1_000; // contig names and indel lengths kept apart; a file can hold any number of either

/**
 * Index into SUBSTITUTIONS of REF and ALT as bytes, REF times 256 plus ALT; -1 for what is not a substitution of one
 * base, in upper case.
 */
export const SUBSTITUTION_CODES: Int8Array = substitutionCodes();

export interface ContigTally {
  records: number;
  annotated: number;
  /** Records at whose place ClinVar's variants are known. */
  inClinvar: number;
  /** Records whose REF could be compared with the sequence. */
  inSequence: number;
}

/** Figures beyond the summary that only the log has. */
export interface LogFigures {
  readonly inDbsnp: number;
  readonly annotatedRecords: number;
  readonly alleles: number;
}

interface Addition {
  readonly id: string;
  readonly alleles: readonly Allele[];
  readonly annotation: Annotation | null;
  /** Values of BCSQ. */
  readonly called: readonly string[];
}

type RunFacts = Pick<
  JobSummary,
  "pack" | "build" | "buildReason" | "buildDecision" | "clinvarHeld" | "packSources" | "durationMs"
>;

/** Counts what the engine sees, record by record. */
export class Tally {
  #records = 0;
  #inGenes = 0;
  #inDbsnp = 0;
  #clinvar = 0;
  #annotated = 0;
  #unmatched = 0;
  #unreadable = 0;
  #alleles = 0;
  #snvs = 0;
  #beyondEnd: { readonly chromosome: string; readonly position: number } | null = null;
  readonly #lookedUp = { genes: 0, regions: 0, clinvar: 0, rs: 0, frequencies: 0, consequences: 0, sequence: 0 };
  readonly #substitutions = new Int32Array(SUBSTITUTIONS.length);
  readonly #contigs = new Map<string, ContigTally>();
  readonly #unmatchedContigs = new Map<string, number>();
  readonly #regions = new Map<string, number>();
  readonly #classes = new Map<string, number>();
  readonly #indelLengths = new Map<number, number>();
  readonly #genes = new Map<string, number>();
  readonly #consequences = new Map<string, number>();
  readonly #clinvarClasses = new Map<string, number>();
  readonly #warnings: string[] = [];
  readonly #oddities = new Map<Oddity, Noted>();
  readonly #firstRecords: JobSummary["firstRecords"] = [];

  get records(): number {
    return this.#records;
  }

  get unreadable(): Noted | null {
    return this.#oddities.get("unreadable") ?? null;
  }

  get inGenes(): number {
    return this.#inGenes;
  }

  get annotated(): number {
    return this.#annotated;
  }

  get lookedUp(): Readonly<NonNullable<JobSummary["lookedUp"]>> {
    return this.#lookedUp;
  }

  /** The record furthest beyond the end of its chromosome. */
  get beyondEnd(): { readonly chromosome: string; readonly position: number } | null {
    return this.#beyondEnd;
  }

  /** Those about the file as a whole, then those about lines. */
  get warnings(): JobSummary["warnings"] {
    return [
      ...this.#warnings.map((sentence) => ({ sentence, count: 1 })),
      ...[...this.#oddities].map(([oddity, noted]) => ({
        sentence: warningSentence(oddity, noted),
        count: noted.count,
      })),
    ];
  }

  /** A warning about the file as a whole. */
  warn(sentence: string): void {
    this.#warnings.push(sentence);
  }

  /** Something odd in a line. */
  note(oddity: Oddity, line: number, detail = ""): void {
    const noted = this.#oddities.get(oddity);
    if (noted !== undefined) noted.count += 1;
    // A copy: a slice would keep the whole block in memory.
    else
      this.#oddities.set(oddity, {
        count: 1,
        line,
        detail: Buffer.from(detail.slice(0, 1_000), "latin1").toString("latin1"),
      });
  }

  /** A record that cannot be read; it passes through unchanged. */
  addUnreadable(line: number, problem: string): void {
    this.#records += 1;
    this.#unreadable += 1;
    this.note("unreadable", line, problem);
  }

  /** A record that is left alone on purpose. */
  addPassedThrough(): void {
    this.#records += 1;
  }

  contig(name: string | null): ContigTally {
    const key = name ?? OTHERS;
    let counts = this.#contigs.get(key);
    if (counts === undefined) {
      counts = { records: 0, annotated: 0, inClinvar: 0, inSequence: 0 };
      this.#contigs.set(key, counts);
    }
    return counts;
  }

  /** A record that is one substitution, by its index in SUBSTITUTIONS; its annotation is counted apart. */
  addSubstitution(index: number, isRs: boolean): void {
    this.#records += 1;
    this.#alleles += 1;
    this.#snvs += 1;
    this.#substitutions[index] = (this.#substitutions[index] ?? 0) + 1;
    if (isRs) this.#inDbsnp += 1;
  }

  /** Any record that can be read, its annotation counted apart. `id` is the one written. */
  addRecord(record: RecordColumns, { id, alleles, annotation, called }: Addition): void {
    this.#records += 1;
    if (/(?:^|;)rs\d/.test(id)) this.#inDbsnp += 1;
    for (const allele of alleles) this.#addAllele(allele);
    if (this.#firstRecords.length < FIRST_RECORDS)
      this.#firstRecords.push(firstRecord(record, { id, annotation, called }));
  }

  /** What was found for so many records. */
  addAnnotation(annotation: Annotation, records: number): void {
    this.#annotated += records;
    if (annotation.clinvar.length > 0) this.#addClinvar(annotation.clinvar, records);
    const region = mainRegion(annotation);
    if (region === undefined) return;
    add(this.#regions, region, records);
    if (annotation.genes.length > 0) this.#inGenes += records;
    for (const gene of annotation.genes) add(this.#genes, gene, records);
  }

  /** A record that was not looked up; `contig` when the pack does not know it. */
  addUnmatched(contig: string | null): void {
    this.#unmatched += 1;
    if (contig !== null)
      add(
        this.#unmatchedContigs,
        this.#unmatchedContigs.size < MAX_NAMES || this.#unmatchedContigs.has(contig) ? contig : OTHERS,
        1,
      );
  }

  addBeyondEnd(chromosome: string, position: number): void {
    if (position > (this.#beyondEnd?.position ?? 0)) this.#beyondEnd = { chromosome, position };
  }

  /** For so many records the chromosome's tracks could be asked. */
  addLookedUp(
    { genes, rs, frequencies }: Chromosome,
    { annotated, inClinvar, inSequence }: Omit<ContigTally, "records">,
  ): void {
    if (annotated === 0) return;
    if (genes !== null) this.#lookedUp.genes += annotated;
    if (genes?.hasParts === true) this.#lookedUp.regions += annotated;
    if (rs !== null) this.#lookedUp.rs += annotated;
    if (frequencies !== null) this.#lookedUp.frequencies += annotated;
    this.#lookedUp.sequence += inSequence;
    this.#lookedUp.clinvar += inClinvar;
  }

  /** For so many records bcftools was asked for consequences. */
  addAskedForConsequences(records: number): void {
    this.#lookedUp.consequences += records;
  }

  addConsequence(name: string, records: number): void {
    add(this.#consequences, name, records);
  }

  summary(facts: RunFacts): JobSummary {
    const substitutions = SUBSTITUTIONS.map((name, index) => ({ name, count: this.#substitutions[index] ?? 0 }));
    const sum = (transitions: boolean) =>
      substitutions.reduce((all, { name, count }) => (isTransition(name) === transitions ? all + count : all), 0);
    const [transitions, transversions] = [sum(true), sum(false)];
    const classes = new Map(this.#classes);
    if (this.#snvs > 0) add(classes, "SNV", this.#snvs);
    return {
      ...facts,
      records: this.#records,
      inGenes: this.#inGenes,
      clinvarPathogenic: this.#clinvar,
      lookedUp: { ...this.#lookedUp },
      tiTv: transversions === 0 ? null : transitions / transversions,
      transitions,
      transversions,
      unmatchedRecords: this.#unmatched,
      unmatchedContigs: [...this.#unmatchedContigs.keys()].map((name) => excerpt(name)),
      chromosomes: [...this.#contigs].map(([name, { records }]) => ({ name: excerpt(name), count: records })),
      regions: [...REGIONS]
        .reverse()
        .flatMap((name) => (this.#regions.has(name) ? [{ name, count: this.#regions.get(name) ?? 0 }] : [])),
      classes: byCount(classes),
      substitutions,
      indelLengths: [...this.#indelLengths].sort(([a], [b]) => a - b).map(([length, count]) => ({ length, count })),
      topGenes: byCount(this.#genes).slice(0, TOP_GENES),
      clinvarClasses: byCount(this.#clinvarClasses),
      consequences: byCount(this.#consequences),
      warnings: this.warnings,
      firstRecords: this.#firstRecords,
    };
  }

  logFigures(): LogFigures {
    return {
      inDbsnp: this.#inDbsnp,
      annotatedRecords: this.#annotated,
      alleles: this.#alleles,
    };
  }

  #addClinvar(entries: Annotation["clinvar"], records: number): void {
    const classes = new Set(entries.flatMap((entry) => entry?.significance ?? []));
    for (const name of classes) add(this.#clinvarClasses, name, records);
    if ([...classes].some(isPathogenic)) this.#clinvar += records;
  }

  #addAllele(allele: Allele): void {
    this.#alleles += 1;
    add(this.#classes, allele.class, 1);
    if (allele.minimal === null) return;
    if (allele.class === "SNV") {
      const index = SUBSTITUTIONS.findIndex((name) => name === substitutionOf(allele.minimal ?? NO_ALLELE));
      if (index !== -1) this.#substitutions[index] = (this.#substitutions[index] ?? 0) + 1;
      return;
    }
    const length = indelLength(allele.minimal);
    if (length !== 0 && (this.#indelLengths.has(length) || this.#indelLengths.size < MAX_NAMES))
      add(this.#indelLengths, length, 1);
  }
}

const OTHERS = "(others)";
const NO_ALLELE = { pos: 0, ref: "", alt: "" };

function firstRecord(
  record: RecordColumns,
  { id, annotation, called }: Omit<Addition, "alleles">,
): JobSummary["firstRecords"][number] {
  const [clinvar] = annotation?.clinvar.filter((entry) => entry !== undefined) ?? [];
  return {
    chrom: excerpt(record.chrom),
    pos: record.pos,
    id: excerpt(id),
    ref: excerpt(record.ref),
    alt: excerpt(record.alt),
    gene: excerpt(annotation?.genes.join(", ") ?? ""),
    region: annotation === null ? "" : (mainRegion(annotation) ?? ""),
    band: annotation?.band ?? "",
    clinvar: clinvar === undefined ? "" : clinvar.variationId,
    clinvarClass: clinvar?.significance ?? "",
    consequence: excerpt([...new Set(called.map((value) => value.split("|", 1)[0] ?? ""))].join(", ")),
    rs: (annotation?.rs ?? []).map((number) => (number === "" ? "." : `rs${number}`)).join(", "),
    frequency: (annotation?.frequencies ?? []).map((values) => values?.[0] ?? ".").join(", "),
  };
}

function substitutionCodes(): Int8Array {
  const names: readonly string[] = SUBSTITUTIONS;
  const codes = new Int8Array(1 << 16).fill(-1);
  for (const ref of "ACGT") {
    for (const alt of "ACGT") {
      codes[(ref.charCodeAt(0) << 8) | alt.charCodeAt(0)] = names.indexOf(substitutionOf({ pos: 0, ref, alt }) ?? "");
    }
  }
  return codes;
}

function add<Key>(counters: Map<Key, number>, key: Key, count: number): void {
  counters.set(key, (counters.get(key) ?? 0) + count);
}

function byCount(counters: ReadonlyMap<string, number>): { name: string; count: number }[] {
  return [...counters]
    .map(([name, count]) => ({ name: excerpt(name), count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}
