import { canonicalContig, genomeOfContig } from "@elastic-gas/shared/vcf/contigs";
import { genomesNamed } from "@elastic-gas/shared/vcf/genomes";
import type { PackBuild, PackManifestSource } from "../manifest.ts";
import type { BuildLengths } from "../pack.ts";
import type { Members } from "./block-writer.ts";
import type { SourceFile } from "./source-file.ts";

/** What a pack is made for. */
export interface Target {
  readonly directory: string;
  readonly build: string;
  /** Stem of the files' names: packs of several builds can share a folder. */
  readonly stem: string;
  readonly lengths: ReadonlyMap<string, number>;
  /** All builds whose lengths are known, this one among them. */
  readonly builds: readonly BuildLengths[];
}

type MemberKind = "genes" | "clinvarBlocks" | "rs" | "frequencies" | "intervals" | "lift";

/** What came of one kind of source. */
export interface Part {
  readonly files: Partial<PackBuild["files"]>;
  readonly members: Partial<Readonly<Record<MemberKind, Members>>>;
  readonly sources: readonly PackManifestSource[];
  readonly counts: Readonly<Record<string, number>>;
  readonly fasta?: string;
  readonly gff3?: string;
  /** What the maker should know, sentences. */
  readonly notes: readonly string[];
}

/**
 * The names of a source's contigs as the pack has them: null for what is no chromosome of the build. Throws SourceError
 * for one of another genome.
 */
export function contigNames({ build, lengths }: Target, file: SourceFile) {
  const known = new Map<string, string | null>();
  return (name: string, line: number): string | null => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const genome = genomeOfContig(name);
    if (genome !== undefined && genome !== build) throw otherGenome(file, line, { genome, build, text: name });
    const canonical = canonicalContig(name);
    const contig = lengths.has(canonical) ? canonical : null;
    known.set(name, contig);
    return contig;
  };
}

/**
 * Throws SourceError when a line of a header names another genome than the target's, or gives a chromosome the length
 * that it has in another.
 */
export function checkGenome(
  line: string,
  number: number,
  { target, file }: { target: Target; file: SourceFile },
): void {
  const { build, builds } = target;
  const named = genomesNamed(line);
  if (named.length > 0 && !named.some(({ name }) => name === build))
    throw otherGenome(file, number, { genome: named[0]?.name ?? "", build, text: line.slice(0, 100) });
  const [, contig, digits] = /^##contig=<ID=([^,>]+),.*?length=(\d+)/.exec(line) ?? [];
  if (contig === undefined) return;
  const canonical = canonicalContig(contig);
  const other = otherBuildOfLength({ builds, build, canonical, length: Number(digits) });
  if (other !== undefined) throw otherGenome(file, number, { genome: other, build, text: line.slice(0, 100) });
}

/** The build, not the target's, in which a chromosome has this length; undefined when it has it in the target's too. */
export function otherBuildOfLength({
  builds,
  build,
  canonical,
  length,
}: Pick<Target, "builds" | "build"> & { readonly canonical: string; readonly length: number }): string | undefined {
  const having = builds.filter(({ lengths }) => lengths.get(canonical) === length).map(({ name }) => name);
  return having.includes(build) ? undefined : having[0];
}

export function otherGenome(
  file: SourceFile,
  line: number,
  { genome, build, text }: { genome: string; build: string; text: string },
): Error {
  return file.problem(
    line,
    `"${text}" belongs to ${genome}, and the pack is for ${build}.`,
    `Take the file for ${build}, or make the pack with --build ${genome}.`,
  );
}

export function noChromosome(file: SourceFile, { build }: Target, first: { name: string; line: number }): Error {
  return file.problem(
    first.line,
    `"${first.name}" is no chromosome of ${build}, and neither is any other contig of the file.`,
    "Names such as 1, chr1 and NC_000001.11 are understood.",
  );
}

/** `20241215`, `2024-12-15`, `2024/12/15` as `2024-12-15`; other texts as they are. */
export function dateText(text: string): string {
  const match = /^(\d{4})[-/]?(\d{2})[-/]?(\d{2})$/.exec(text.trim());
  return match === null ? text.trim() : `${match[1]}-${match[2]}-${match[3]}`;
}
