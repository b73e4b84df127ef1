import { canonicalContig, genomeOfContig, isChromosome } from "@elastic-gas/shared/vcf/contigs";
import { genomeOfLength, genomesNamed, OTHER_SUBJECT_LINE, REFERENCE_LINE } from "@elastic-gas/shared/vcf/genomes";
import type { BuildLengths } from "../../pack/pack.ts";
import type { Header } from "../../vcf/header.ts";
import { excerpt } from "../../vcf/lines.ts";

/** A genome that some text of the file names. */
export interface Statement {
  readonly genome: string;
  /** The genome as the file writes it. */
  readonly word: string;
  /** Where, as part of a sentence. */
  readonly where: string;
  readonly by: "reference" | "accession" | "header text";
}

/** What the header's contig lengths tell. */
export interface LengthEvidence {
  /** Chromosomes with a length. */
  readonly chromosomes: number;
  /** Per genome, how many of them have exactly its length; most first. */
  readonly matches: readonly { readonly genome: string; readonly count: number; readonly example: string }[];
  /** Per build, a chromosome that is longer in the header than in the build. */
  readonly tooLong: ReadonlyMap<string, string>;
  /** How many builds the header was compared with. */
  readonly builds: number;
}

/** What a header says of the genome that its records belong to, by rank. */
export interface HeaderEvidence {
  /** `##reference`, `##assembly`, assembly and species of contigs. */
  readonly stated: readonly Statement[];
  /** RefSeq and GenBank accessions as names of contigs. */
  readonly accessions: readonly Statement[];
  readonly lengths: LengthEvidence;
  /** All other lines, such as command lines, which also name what was converted from or compared with. */
  readonly mentioned: readonly Statement[];
  /** Length of the mitochondrion, null when the header does not say. */
  readonly mitochondrionLength: number | null;
}

const CONTIG_LINE = /^##contig=/i;
/** Names of files of reads and regions, where `RN6` is a sample rather than a rat. */
const DATA_FILE = /[^\s,="']*\.(?:bam|cram|sam|fastq|fq|bed)(?![a-z])\S*/gi;
/** `Bos indicus`, `Ciona_intestinalis`. */
const BINOMIAL = /^[A-Z][a-z]+[ _][a-z]+/;
const EXCERPT_CHARACTERS = 100;
const NO_LENGTH = 2 ** 31 - 1;

export function readHeaderEvidence({ metaLines, contigs }: Header, builds: readonly BuildLengths[]): HeaderEvidence {
  const references = metaLines.filter((line) => REFERENCE_LINE.test(line));
  const others = metaLines.filter((line) =>
    [REFERENCE_LINE, CONTIG_LINE, OTHER_SUBJECT_LINE].every((pattern) => !pattern.test(line)),
  );
  // A header may have 100,000 contigs; their assemblies and species are a handful of words.
  const ofContigs = new Map<string, string>();
  for (const { name, assembly, species } of contigs) {
    for (const [key, value] of [
      ["assembly", assembly],
      ["species", species],
    ] as const) {
      if (value !== null && !ofContigs.has(value)) ofContigs.set(value, `##contig=<ID=${name},${key}=${value}>`);
    }
    if (/^hs3[78]d/i.test(name) && !ofContigs.has(name)) ofContigs.set(name, `##contig=<ID=${name}>`);
  }
  const accessions = new Map<string, Statement>();
  for (const { name, otherNames } of contigs) {
    for (const word of [name, ...otherNames]) {
      const genome = genomeOfContig(word);
      if (genome !== undefined && !accessions.has(genome))
        accessions.set(genome, { genome, word, where: `the header has the contig ${word}`, by: "accession" });
    }
  }
  return {
    stated: distinct([
      ...references.flatMap((line) => statements(line, line, "reference")),
      ...[...ofContigs].flatMap(([value, line]) => [
        ...statements(value, line, "reference"),
        ...speciesStatement(value, line),
      ]),
    ]),
    accessions: [...accessions.values()],
    lengths: readLengths(contigs, builds),
    mentioned: distinct(others.flatMap((line) => mentions(line, builds))),
    mitochondrionLength:
      contigs.find(({ name, length }) => length !== null && canonicalContig(name) === "MT")?.length ?? null,
  };
}

function statements(text: string, line: string, by: Statement["by"]): Statement[] {
  return genomesNamed(text).map(({ name, word }) => ({
    genome: name,
    word,
    where: `the header has "${excerpt(line.replace(/\r$/, ""), EXCERPT_CHARACTERS)}"`,
    by,
  }));
}

/** What a line says by the way. Genomes that no pack has are taken from less of it. */
function mentions(line: string, builds: readonly BuildLengths[]): Statement[] {
  const found = statements(line, line, "header text");
  if (found.every(({ genome }) => builds.some(({ name }) => name === genome))) return found;
  const named = new Set(genomesNamed(line.replace(DATA_FILE, "")).map(({ name }) => name));
  return found.filter(({ genome }) => named.has(genome) || builds.some(({ name }) => name === genome));
}

/** A species that is not human and has no genome of a name that is known. */
function speciesStatement(value: string, line: string): Statement[] {
  if (!BINOMIAL.test(value) || /^homo[ _]/i.test(value) || genomesNamed(value).length > 0) return [];
  const where = `the header has "${excerpt(line.replace(/\r$/, ""), EXCERPT_CHARACTERS)}"`;
  return [{ genome: "another genome", word: value, where, by: "reference" }];
}

function readLengths(contigs: Header["contigs"], builds: readonly BuildLengths[]): LengthEvidence {
  const matches = new Map<string, { count: number; example: string }>();
  const tooLong = new Map<string, string>();
  let chromosomes = 0;
  const match = (genome: string, example: string) => {
    const found = matches.get(genome);
    if (found === undefined) matches.set(genome, { count: 1, example });
    else found.count += 1;
  };
  const isPlaceholder = placeholders(contigs);
  for (const { name, length } of contigs) {
    const chromosome = canonicalContig(name);
    if (length === null || !isChromosome(chromosome) || isPlaceholder(length)) continue;
    chromosomes += 1;
    const example = `${name} has ${length.toLocaleString("en-US")} bases`;
    for (const build of builds) {
      const known = build.lengths.get(chromosome);
      if (known === length) match(build.name, example);
      else if (known !== undefined && known < length && !tooLong.has(build.name)) tooLong.set(build.name, example);
    }
    const other = genomeOfLength(chromosome, length);
    if (other !== undefined && !builds.some((build) => build.name === other)) match(other, example);
  }
  return {
    chromosomes,
    matches: [...matches].map(([genome, found]) => ({ genome, ...found })).sort((a, b) => b.count - a.count),
    tooLong,
    builds: builds.length,
  };
}

/** Tells a length that several chromosomes have, or the largest that fits 32 bits: programs write it that know none. */
function placeholders(contigs: Header["contigs"]): (length: number) => boolean {
  const first = new Map<number, string>();
  const shared = new Set([NO_LENGTH]);
  for (const { name, length } of contigs) {
    const chromosome = canonicalContig(name);
    if (length === null || !isChromosome(chromosome)) continue;
    if ((first.get(length) ?? chromosome) !== chromosome) shared.add(length);
    first.set(length, chromosome);
  }
  return (length) => shared.has(length);
}

/** The first statement of each genome. */
function distinct(statements: readonly Statement[]): Statement[] {
  const byGenome = new Map<string, Statement>();
  for (const statement of statements) if (!byGenome.has(statement.genome)) byGenome.set(statement.genome, statement);
  return [...byGenome.values()];
}
