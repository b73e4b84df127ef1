import type { BuildDecision } from "@elastic-gas/shared/jobs/summary";
import { isChromosome } from "@elastic-gas/shared/vcf/contigs";
import type { BuildLengths } from "../../pack/pack.ts";
import { isBeyondEnd } from "../telomere.ts";
import type { HeaderEvidence, LengthEvidence, Statement } from "./header-evidence.ts";
import type { Fit, RecordEvidence } from "./record-evidence.ts";

const UNKNOWN_BUILD = "unknown";

/** A decision with the sentence that tells how it was made. */
export interface Decision extends BuildDecision {
  readonly reason: string;
}

export interface Question {
  readonly header: HeaderEvidence;
  readonly records: RecordEvidence;
  readonly builds: readonly BuildLengths[];
  /** The build assumed when nothing tells. */
  readonly preferred: string;
}

/** What one kind of evidence says: one genome, or several that contradict one another. */
interface Verdict {
  readonly by: BuildDecision["decidedBy"];
  readonly genomes: readonly string[];
  /** The genome in the file's words. */
  readonly word: string;
  /** As part of a sentence. */
  readonly because: string;
}

/**
 * Which build a file belongs to. Evidence by rank: what the header states and accessions in its contigs and records;
 * lengths of contigs; other lines of the header; what the records fit. Without any, the preferred build is taken and
 * that is said. Evidence that contradicts the decision is told with both sides.
 */
export function decideBuild(question: Question): Decision {
  const { header, records, builds } = question;
  const verdicts = headerVerdicts(header, records.accessions);
  const winner = verdicts.find((verdict) => isDecisive(verdict, builds));
  const [genome] = winner?.genomes ?? [];
  if (winner === undefined || genome === undefined) return decideByRecords(question, verdicts);
  const against = verdicts.filter(
    ({ by, genomes }) => by !== "header text" && (genomes.length > 1 || genomes[0] !== genome),
  );
  const contradictions = [
    ...against.map(({ because }) => `The file contradicts itself: ${winner.because}, but ${because}.`),
    ...mixedLengths(genome, header.lengths),
  ];
  if (!builds.some(({ name }) => name === genome)) return notInPack(genome, winner, contradictions);
  const doubts = [...contradictions, ...misfits(genome, records)];
  return {
    build: genome,
    decidedBy: winner.by,
    undecided: false,
    alternatives: doubts.length === 0 ? [] : namedBuilds(question, verdicts).filter((name) => name !== genome),
    reason: `${genome}, because ${winner.because}.`,
    warning: doubts.length === 0 ? null : [...doubts, `${genome} was taken.`].join(" "),
  };
}

/** The user's choice, with a warning when the file says otherwise. */
export function chosenBuild(choice: string, question: Question): Decision {
  const said = decideBuild(question);
  const isOpen = said.undecided || said.decidedBy === "mitochondrion" || said.reason === NO_RECORDS.reason;
  const otherwise = !isOpen && said.build !== choice;
  const doubts = otherwise
    ? [`${choice} was chosen, but the file says otherwise: ${said.reason}`]
    : misfits(choice, question.records);
  return {
    build: choice,
    decidedBy: "choice",
    undecided: false,
    alternatives: otherwise && said.build !== UNKNOWN_BUILD ? [said.build] : [],
    reason: `${choice} was chosen with the file.`,
    warning: doubts.length === 0 ? null : doubts.join(" "),
  };
}

/** True when the header alone decides, so that a look at the first records is enough. */
export function headerDecides(header: HeaderEvidence, builds: readonly BuildLengths[]): boolean {
  return headerVerdicts(header, []).some((verdict) => isDecisive(verdict, builds));
}

/** Where several genomes are named and the pack has none of them, it does not matter which it is. */
function isDecisive({ genomes }: Verdict, builds: readonly BuildLengths[]): boolean {
  return genomes.length === 1 || genomes.every((genome) => builds.every(({ name }) => name !== genome));
}

/** A decision that met positions beyond a chromosome's end, with the builds that would hold them. */
export function withBeyondEnd(
  decision: Decision,
  { chromosome, position }: { readonly chromosome: string; readonly position: number },
  builds: readonly BuildLengths[],
): Decision {
  const length = builds.find(({ name }) => name === decision.build)?.lengths.get(chromosome);
  if (length === undefined || !isChromosome(chromosome)) return decision;
  const holding = builds
    .filter(({ lengths }) => !isBeyondEnd(position, lengths.get(chromosome) ?? 0))
    .map(({ name }) => name);
  const where =
    holding.length === 0 ? "in every build of the pack: is this human data?" : `but not in ${listed(holding)}.`;
  const doubt = `Position ${number(position)} lies beyond the end of chromosome ${chromosome} in ${decision.build} (${number(length)} bases), ${where}`;
  return {
    ...decision,
    alternatives: [...new Set([...decision.alternatives, ...holding])],
    warning: decision.warning === null ? doubt : `${decision.warning} ${doubt}`,
  };
}

/** By rank, each kind of evidence that says something. */
function headerVerdicts(header: HeaderEvidence, ofRecords: readonly Statement[]): Verdict[] {
  return [
    named([...header.stated, ...header.accessions, ...ofRecords]),
    byLengths(header.lengths),
    named(header.mentioned),
  ].filter((verdict) => verdict !== null);
}

function named(statements: readonly Statement[]): Verdict | null {
  const [first] = statements;
  if (first === undefined) return null;
  const distinct = statements.filter(({ genome }, at) => statements.findIndex((one) => one.genome === genome) === at);
  return {
    by: first.by,
    genomes: distinct.map(({ genome }) => genome),
    word: first.word,
    because: distinct.map(({ genome, word, where }) => `${where} (${word === genome ? word : genome})`).join(" and "),
  };
}

/**
 * Lengths that are no build's but not larger than one's prove nothing: PLINK and pangenomes write the last position
 * instead.
 */
function byLengths({ chromosomes, matches, tooLong, builds }: LengthEvidence): Verdict | null {
  const [best, second] = matches;
  if (best === undefined) {
    if (chromosomes === 0 || tooLong.size < builds) return null;
    const [example = ""] = tooLong.values();
    return {
      by: "lengths",
      genomes: ["another genome"],
      word: "a genome",
      because: `its contig lengths fit no build (${example})`,
    };
  }
  if (second !== undefined && second.count === best.count)
    return {
      by: "lengths",
      genomes: [best.genome, second.genome],
      word: best.genome,
      because: `of the contig lengths in the header some are those of ${best.genome} (${best.example}), some those of ${second.genome} (${second.example})`,
    };
  return {
    by: "lengths",
    genomes: [best.genome],
    word: best.genome,
    because: `the contig lengths in the header are those of ${best.genome} (${best.count} of ${chromosomes})`,
  };
}

function mixedLengths(genome: string, { matches }: LengthEvidence): string[] {
  const [own, other] = [
    matches.find((match) => match.genome === genome),
    matches.find((match) => match.genome !== genome),
  ];
  if (own === undefined || other === undefined || own.count <= other.count) return [];
  return [
    `The contig lengths in the header contradict one another: ${own.count} are those of ${genome} (${own.example}), ${other.count} of ${other.genome} (${other.example}).`,
  ];
}

function notInPack(genome: string, { by, word, because }: Verdict, contradictions: readonly string[]): Decision {
  const called = by === "accession" ? `${word} of ${genome}` : nameOf(word, genome);
  const sentence =
    by === "lengths"
      ? `The file is on ${called} that is not in the annotation pack`
      : `The ${by === "accession" ? "file" : "header"} names ${called}, which is not in the annotation pack`;
  return {
    build: UNKNOWN_BUILD,
    decidedBy: by,
    undecided: false,
    alternatives: [],
    reason: `${sentence}: ${because}.`,
    warning: [`${sentence}: nothing was annotated.`, ...contradictions].join(" "),
  };
}

function nameOf(word: string, genome: string): string {
  return word === genome || genome.startsWith("a") ? word : `${word} (${genome})`;
}

function noChromosome(first: string): Decision {
  const sentence = "No record is on a chromosome of a human build";
  return {
    build: UNKNOWN_BUILD,
    decidedBy: "records",
    undecided: false,
    alternatives: [],
    reason: `${sentence}: the first is on ${first}.`,
    warning: `${sentence} (the first is on ${first}): nothing was annotated.`,
  };
}

/** There is nothing that a wrong build could spoil. */
const NO_RECORDS: Decision = {
  build: UNKNOWN_BUILD,
  decidedBy: "records",
  undecided: false,
  alternatives: [],
  reason: "The file has no records, and its header names no build.",
  warning: null,
};

function decideByRecords(question: Question, verdicts: readonly Verdict[]): Decision {
  const { header, records, builds, preferred } = question;
  if (records.foreign !== null) return noChromosome(records.foreign);
  const undecided = (build: string, alternatives: readonly string[], why: string): Decision => ({
    build,
    decidedBy: "assumption",
    undecided: true,
    alternatives: alternatives.filter((name) => name !== build),
    reason: `${build} was assumed: ${why}.`,
    warning: `The genome build is not known: ${why}. ${build} was assumed. If that is wrong, genes and variants are wrong too: annotate the file again with the right build.`,
  });
  const contradiction = verdicts.find(({ genomes }) => genomes.length > 1);
  const names = namedBuilds(question, verdicts);
  const chromosomes = [...records.largest.keys()].filter(isChromosome);
  if (chromosomes.length === 0 && contradiction === undefined) {
    if (records.largest.has("MT") && records.largest.size === 1)
      return {
        ...undecided(preferred, [], ""),
        decidedBy: "mitochondrion",
        undecided: false,
        reason: `All records are on the mitochondrion, whose sequence is the same in GRCh38 and GRCh37; ${preferred} is used.`,
        warning: null,
      };
    if (records.records === 0) return NO_RECORDS;
    return undecided(preferred, names, "no record is on a chromosome that tells the builds apart");
  }
  const excluded = new Map(
    builds.flatMap(({ name }) => {
      const why = exclusion(name, question);
      return why === null ? [] : [[name, why] as const];
    }),
  );
  const fitting = names.filter((name) => !excluded.has(name));
  const reasons = [...excluded].filter(([name]) => names.includes(name)).map(([name, why]) => `${name} (${why})`);
  const proven = fitting.find((name) => isProven(records.fits.get(name)));
  const [only] = fitting;
  if (proven !== undefined || (fitting.length === 1 && only !== undefined)) {
    const build = proven ?? only ?? preferred;
    const fit =
      proven === undefined ? `only ${build} fits` : `the records fit ${build} (${fitText(records.fits.get(build))})`;
    const reason = [fit, ...(reasons.length === 0 ? [] : [`not ${reasons.join(" nor ")}`])].join(", ");
    const oddLengths = header.lengths.matches.length === 0 && header.lengths.tooLong.size > 0;
    const doubts = [
      ...(contradiction === undefined
        ? []
        : [`The file contradicts itself: ${contradiction.because}. ${build} was taken: ${reason}.`]),
      ...(oddLengths
        ? [`The contig lengths in the header are those of no build of the pack. ${build} was taken: ${reason}.`]
        : []),
    ];
    return {
      build,
      decidedBy: oddLengths && proven === undefined ? "lengths" : "records",
      undecided: false,
      alternatives: doubts.length === 0 ? [] : names.filter((name) => name !== build),
      reason: `${build}: ${reason}.`,
      warning: doubts.length === 0 ? null : doubts.join(" "),
    };
  }
  const candidates = fitting.length === 0 ? names : fitting;
  const build = candidates.includes(preferred) ? preferred : (candidates[0] ?? preferred);
  const nothing =
    fitting.length === 0
      ? `no build fits: ${reasons.join(", ")}; is this human data?`
      : `nothing in the file tells ${listed(candidates)} apart`;
  return undecided(
    build,
    candidates,
    contradiction === undefined ? nothing : `the file contradicts itself, for ${contradiction.because}`,
  );
}

/** The builds of the pack that the header names, all without any. */
function namedBuilds({ header, builds, records }: Question, verdicts: readonly Verdict[]): string[] {
  const all = builds.map(({ name }) => name);
  const said = all.filter(
    (name) =>
      verdicts.some(({ by, genomes }) => by !== "header text" && genomes.includes(name)) ||
      header.lengths.matches.some(({ genome }) => genome === name),
  );
  const proven = all.filter((name) => isProven(records.fits.get(name)));
  return said.length === 0 ? all : [...new Set([...said, ...proven])];
}

/** Why a build cannot be the file's; null when it may. */
function exclusion(build: string, { header, records, builds }: Question): string | null {
  const tooLong = header.lengths.tooLong.get(build);
  if (tooLong !== undefined) return `${tooLong}, more than there`;
  const lengths = builds.find(({ name }) => name === build)?.lengths;
  for (const [chromosome, position] of records.largest) {
    const length = isChromosome(chromosome) ? lengths?.get(chromosome) : undefined;
    if (length !== undefined && isBeyondEnd(position, length))
      return `position ${number(position)} lies beyond the end of its chromosome ${chromosome}`;
  }
  const fit = records.fits.get(build);
  return fit !== undefined && isRefuted(fit) ? (fit.example ?? "the records do not fit") : null;
}

function misfits(build: string, { fits }: RecordEvidence): string[] {
  const fit = fits.get(build);
  return fit !== undefined && isRefuted(fit)
    ? [`The records do not fit ${build} (${fitText(fit)}; ${fit.example}).`]
    : [];
}

/** By chance a REF is right at every fourth position, an rs number never is. */
const RS_WEIGHT = 3;
const ENOUGH = 6;

function isProven(fit: Fit | undefined): boolean {
  if (fit === undefined) return false;
  const [right, wrong] = [fit.refEqual + RS_WEIGHT * fit.rsHere, fit.refOther + RS_WEIGHT * fit.rsElsewhere];
  return right >= ENOUGH && right >= 9 * wrong;
}

function isRefuted(fit: Fit): boolean {
  const [right, wrong] = [fit.refEqual + RS_WEIGHT * fit.rsHere, fit.refOther + RS_WEIGHT * fit.rsElsewhere];
  return wrong >= ENOUGH && wrong >= right;
}

function fitText(fit: Fit | undefined): string {
  if (fit === undefined) return "";
  const parts = [
    ...(fit.rsHere + fit.rsElsewhere > 0 ? [`${fit.rsHere} of ${fit.rsHere + fit.rsElsewhere} rs numbers`] : []),
    ...(fit.refEqual + fit.refOther > 0
      ? [`${fit.refEqual} of ${fit.refEqual + fit.refOther} known bases of REF`]
      : []),
  ];
  return `${parts.join(" and ")} agree`;
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}

function listed(names: readonly string[]): string {
  return names.length < 3 ? names.join(" and ") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
