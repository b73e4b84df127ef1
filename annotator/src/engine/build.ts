import type { BuildLengths } from "../pack/pack.ts";
import { buildOfAccession, canonicalContig, isChromosome } from "../vcf/contigs.ts";
import type { Header } from "../vcf/header.ts";

export const UNKNOWN_BUILD = "unknown";

export interface BuildDecision {
  /** A build's name, or `unknown`: then nothing is annotated. */
  readonly build: string;
  /** How it was decided, a sentence. */
  readonly reason: string;
  /** False when nothing in the file speaks for this build. */
  readonly certain: boolean;
  /** A sentence when the file contradicts the decision. */
  readonly warning: string | null;
}

/** Largest POS of the file's records by canonical contig name. */
export type LargestPositions = ReadonlyMap<string, number>;

const NAMES: readonly { readonly build: string; readonly pattern: RegExp }[] = [
  {
    build: "GRCh38",
    pattern: /grch38|hg38|hs38|(?<![a-z0-9])b38|build[ _-]?38|GC[AF]_000001405\.(?:1[5-9]|2[6-9]|[34]\d)(?!\d)/i,
  },
  {
    build: "GRCh37",
    pattern: /grch37|hg19|hs37|(?<![a-z0-9])b37|build[ _-]?37|g1k_v37|GCF_000001405\.(?:1[3-9]|2[0-5])(?!\d)/i,
  },
  { build: "NCBI36", pattern: /ncbi[ _-]?36|hg18|(?<![a-z0-9])b36|build[ _-]?36|GCF_000001405\.12(?!\d)/i },
];
const T2T_CHROMOSOME_1 = 248_387_328; // T2T-CHM13v2.0, GCF_009914755.1

/**
 * What the header alone says about the build: contig lengths, then accessions, then names in the text. Undefined when it says nothing.
 */
export function buildFromHeader(header: Header, builds: readonly BuildLengths[]): BuildDecision | undefined {
  return fromLengths(header, builds) ?? fromAccessions(header, builds) ?? fromText(header, builds);
}

/** The build when the header is silent: builds in which a position would lie beyond a chromosome's end are out. */
export function buildFromPositions(
  positions: LargestPositions,
  builds: readonly BuildLengths[],
  preferred: string,
): BuildDecision {
  const assumed = (reason: string): BuildDecision => ({ build: preferred, reason, certain: false, warning: null });
  const chromosomes = [...positions.keys()].filter(isChromosome);
  if (chromosomes.length === 0) {
    if (positions.size === 0) return assumed(`The file has no records; ${preferred} is assumed.`);
    if (positions.has("MT") && positions.size === 1) {
      return {
        ...assumed(
          `All records are on the mitochondrion, whose sequence is the same in GRCh38 and GRCh37; ${preferred} is used.`,
        ),
        certain: true,
      };
    }
    return assumed(`No record is on a chromosome that tells the builds apart; ${preferred} is assumed.`);
  }
  const fitting = builds.filter(({ lengths }) => beyondEnd(positions, lengths) === undefined);
  const names = fitting.map((build) => build.name);
  const [only] = names;
  if (only === undefined) {
    const closest =
      [...builds].sort((a, b) => countBeyond(positions, a.lengths) - countBeyond(positions, b.lengths))[0]?.name ??
      preferred;
    return {
      build: closest,
      reason: `No build of the pack holds every position of the file; ${closest} fits best.`,
      certain: false,
      warning: "Positions lie beyond the chromosomes' ends in every known build: is this human data?",
    };
  }
  if (names.length === 1 && builds.length > 1) {
    const excluded = builds
      .filter((build) => !fitting.includes(build))
      .map(({ name, lengths }) => {
        const beyond = beyondEnd(positions, lengths);
        return `${name} (position ${beyond?.position} of chromosome ${beyond?.chromosome} lies beyond its end)`;
      });
    return {
      build: only,
      reason: `The positions fit ${only} only, not ${excluded.join(" nor ")}.`,
      certain: true,
      warning: null,
    };
  }
  const build = names.includes(preferred) ? preferred : only;
  return {
    build,
    reason: `Nothing in the file tells ${listed(names)} apart; ${build} is assumed. If that is wrong, choose the build when you submit the file.`,
    certain: false,
    warning: null,
  };
}

/** The user's choice, with a warning when the header says otherwise. */
export function chosenBuild(choice: string, header: Header, builds: readonly BuildLengths[]): BuildDecision {
  const said = buildFromHeader(header, builds);
  const contradicts = said !== undefined && said.build !== choice;
  return {
    build: choice,
    reason: `${choice} was chosen with the file.`,
    certain: true,
    warning: contradicts ? `${choice} was chosen, but the file says otherwise: ${said.reason}` : null,
  };
}

function fromLengths(header: Header, builds: readonly BuildLengths[]): BuildDecision | undefined {
  const stated = header.contigs.flatMap(({ name, length }) =>
    length === null ? [] : [{ chromosome: canonicalContig(name), length }],
  );
  const telling = stated.filter(({ chromosome }) => isChromosome(chromosome));
  const [first] = telling;
  if (first === undefined) return undefined;
  const scored = builds.map(({ name, lengths }) => ({
    name,
    matches: telling.filter((contig) => lengths.get(contig.chromosome) === contig.length).length,
  }));
  const best = scored.reduce((a, b) => (b.matches > a.matches ? b : a), { name: UNKNOWN_BUILD, matches: 0 });
  if (best.matches > 0) {
    return {
      build: best.name,
      reason: `The contig lengths in the header are those of ${best.name} (${best.matches} of ${telling.length} chromosomes).`,
      certain: true,
      warning: null,
    };
  }
  const t2t = telling.some(({ chromosome, length }) => chromosome === "1" && length === T2T_CHROMOSOME_1);
  const fact = t2t
    ? "are those of T2T-CHM13, which the annotation pack does not hold"
    : `fit no build of the annotation pack (${first.chromosome} has ${first.length} bases)`;
  return {
    build: UNKNOWN_BUILD,
    reason: `The contig lengths in the header ${fact}.`,
    certain: true,
    warning: "Nothing was annotated because the file's build is not in the annotation pack.",
  };
}

function fromAccessions(header: Header, builds: readonly BuildLengths[]): BuildDecision | undefined {
  const found = new Set(header.contigs.flatMap(({ name }) => buildOfAccession(name) ?? []));
  const [build] = found;
  if (found.size !== 1 || build === undefined || !isIn(builds, build)) return undefined;
  return { build, reason: `The header's contigs are RefSeq accessions of ${build}.`, certain: true, warning: null };
}

function fromText(header: Header, builds: readonly BuildLengths[]): BuildDecision | undefined {
  const reference = header.metaLines.filter((line) => /^##(?:reference|assembly|contig|build|genome)/i.test(line));
  const rest = header.metaLines.filter((line) => !reference.includes(line));
  for (const lines of [reference, rest]) {
    const hits = NAMES.flatMap(({ build, pattern }) => {
      const line = lines.find((text) => pattern.test(text));
      return line === undefined || !isIn(builds, build) ? [] : [{ build, line }];
    });
    const [hit] = hits;
    if (hits.length === 1 && hit !== undefined) {
      const text = hit.line.length > 80 ? `${hit.line.slice(0, 79)}…` : hit.line;
      return { build: hit.build, reason: `The header names ${hit.build}: ${text}`, certain: true, warning: null };
    }
  }
  return undefined;
}

function isIn(builds: readonly BuildLengths[], name: string): boolean {
  return builds.some((build) => build.name === name);
}

function beyondEnd(
  positions: LargestPositions,
  lengths: ReadonlyMap<string, number>,
): { chromosome: string; position: number } | undefined {
  for (const [chromosome, position] of positions) {
    const length = isChromosome(chromosome) ? lengths.get(chromosome) : undefined;
    if (length !== undefined && position > length) return { chromosome, position };
  }
  return undefined;
}

function countBeyond(positions: LargestPositions, lengths: ReadonlyMap<string, number>): number {
  return [...positions].filter(
    ([chromosome, position]) => isChromosome(chromosome) && position > (lengths.get(chromosome) ?? position),
  ).length;
}

function listed(names: readonly string[]): string {
  return names.length < 3 ? names.join(" and ") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
