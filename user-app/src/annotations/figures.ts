import { formatCount, formatCountOf, formatShare } from "@elastic-gas/shared/format/numbers";
import type { JobSummary } from "@elastic-gas/shared/jobs/summary";
import { canonicalContig } from "@elastic-gas/shared/vcf/contigs";
import { splitSentence } from "./job-words.ts";

export interface Bar {
  readonly name: string;
  readonly count: number;
  /** Of all counted, 0 to 1. */
  readonly share: number;
  /** Length of the bar in percent of the longest. */
  readonly percent: number;
}

const CHROMOSOMES = [...Array.from({ length: 22 }, (_, i) => String(i + 1)), "X", "Y", "MT"];

/** Names, numbers and bars of a list of counts, in its order. */
export function bars(counts: readonly { readonly name: string; readonly count: number }[], limit = 20): readonly Bar[] {
  const all = counts.reduce((sum, { count }) => sum + count, 0);
  const longest = Math.max(1, ...counts.map(({ count }) => count));
  return counts.slice(0, limit).map(({ name, count }) => ({
    name,
    count,
    share: all === 0 ? 0 : count / all,
    percent: Math.max(count > 0 ? 0.5 : 0, (count / longest) * 100),
  }));
}

/**
 * Records on 1 to 22, X, Y and MT in this order, whatever the file calls them (`chr1`, `chrM`, `NC_000001.11`);
 * everything else is `other`.
 */
export function perChromosome(
  counts: JobSummary["chromosomes"],
): readonly { readonly name: string; readonly count: number }[] {
  const sums = new Map<string, number>(CHROMOSOMES.map((name) => [name, 0]));
  let other = 0;
  for (const { name, count } of counts) {
    const known = canonicalContig(name);
    const sum = sums.get(known);
    if (sum === undefined) other += count;
    else sums.set(known, sum + count);
  }
  return [
    ...[...sums].map(([name, count]) => ({ name, count })),
    ...(other === 0 ? [] : [{ name: "other", count: other }]),
  ];
}

const TRANSITIONS: ReadonlySet<string> = new Set(["A>G", "G>A", "C>T", "T>C"]);
/** Lengths beyond this are gathered in the outer bars. */
const MAX_INDEL = 10;

export function substitutions(summary: Pick<JobSummary, "substitutions">) {
  return summary.substitutions.map(({ name, count }) => ({ name, count, transition: TRANSITIONS.has(name) }));
}

/** Insertions (+) and deletions (-) by length in bases, from `-10 or more` to `+10 or more`. */
export function indelLengths(
  lengths: JobSummary["indelLengths"],
): readonly { readonly name: string; readonly count: number }[] {
  const sums = new Map<number, number>();
  for (const { length, count } of lengths) {
    const place = Math.max(-MAX_INDEL, Math.min(MAX_INDEL, length));
    sums.set(place, (sums.get(place) ?? 0) + count);
  }
  if (sums.size === 0) return [];
  return Array.from({ length: 2 * MAX_INDEL + 1 }, (_, i) => i - MAX_INDEL)
    .filter((length) => length !== 0)
    .map((length) => ({
      name: `${length > 0 ? "+" : "\u2212"}${Math.abs(length)}${Math.abs(length) === MAX_INDEL ? " or more" : ""}`,
      count: sums.get(length) ?? 0,
    }));
}

export interface SummaryFigure {
  readonly key: "records" | "inGenes" | "clinvar" | "tiTv" | "unmatched";
  /** The figure as it is shown; `n/a` where nothing was looked up. */
  readonly value: string;
  readonly label: string;
  /** Why it is n/a, or of how many records it tells; empty without need. */
  readonly note: string;
}

/** The figures on top of a job's page. What the pack could not be asked for is `n/a`, never 0. */
export function summaryFigures(summary: JobSummary): readonly SummaryFigure[] {
  const { records, inGenes, clinvarPathogenic, lookedUp, tiTv, unmatchedRecords } = summary;
  const ofPack = (count: number, asked: number | undefined, what: string): Pick<SummaryFigure, "value" | "note"> => {
    if (asked === 0 && records > 0)
      return { value: "n/a", note: `None of these records could be looked up in the pack’s ${what}.` };
    const note =
      asked === undefined || asked === records ? "" : `of ${formatCountOf(asked, "record")} that could be looked up`;
    return { value: formatCount(count), note };
  };
  const genes = ofPack(inGenes, lookedUp?.genes, "genes");
  const share = formatShare(inGenes / Math.max(1, lookedUp?.genes ?? records), 1);
  return [
    { key: "records", value: formatCount(records), label: records === 1 ? "record" : "records", note: "" },
    { key: "inGenes", ...genes, label: genes.value === "n/a" ? "in genes" : `in genes (${share})` },
    {
      key: "clinvar",
      ...ofPack(clinvarPathogenic, lookedUp?.clinvar, "ClinVar variants"),
      label: "ClinVar pathogenic",
    },
    { key: "tiTv", value: tiTv === null ? "n/a" : tiTv.toFixed(2), label: "Ti/Tv", note: "" },
    { key: "unmatched", value: formatCount(unmatchedRecords), label: "not in the pack", note: "" },
  ];
}

/** Which variants of ClinVar the job's pack held, a sentence for page and help; undefined for jobs of version 0.1. */
export function clinvarSentence({ clinvarHeld, build }: Pick<JobSummary, "clinvarHeld" | "build">): string | undefined {
  if (clinvarHeld === undefined) return undefined;
  if (build === "unknown") return "Without a build of the pack nothing was looked up in ClinVar.";
  return clinvarHeld === null
    ? `The pack has no ClinVar variants for ${build}: none was looked up.`
    : `Looked up: ${clinvarHeld.replaceAll("_", " ")}.`;
}

/** Warnings as whole sentences. Those of version 0.1 lack their number. */
export function warningSentences(summary: Pick<JobSummary, "warnings" | "buildDecision">): readonly string[] {
  return summary.warnings.map(({ sentence, count }) =>
    summary.buildDecision === undefined ? `${sentence}: ${formatCount(count)}` : sentence,
  );
}

export interface BuildNotice {
  readonly tone: "warn" | "bad";
  /** Set in bold. */
  readonly start: string;
  readonly text: string;
  /** Builds to offer as "Annotate again as ...", the likeliest first. */
  readonly alternatives: readonly string[];
}

/** What belongs on top of the page about the genome build; undefined when it is certain. */
export function buildNotice({ buildDecision }: Pick<JobSummary, "buildDecision">): BuildNotice | undefined {
  if (buildDecision === undefined || buildDecision.warning === null) return undefined;
  const { first, rest } = splitSentence(buildDecision.warning);
  return {
    tone: buildDecision.build === "unknown" ? "bad" : "warn",
    start: first,
    text: rest,
    // A build with cytobands only helps nobody who doubts the other.
    alternatives: buildDecision.alternatives.filter((build) => build !== "NCBI36"),
  };
}

/** Below this share in genes a human file was probably read with the wrong build. */
const SUSPICIOUS_SHARE = 0.2;
const ENOUGH_RECORDS = 50;

/** A warning when hardly anything lies in a gene: a wrong build is silent otherwise. */
export function buildDoubt(
  summary: Pick<JobSummary, "records" | "inGenes" | "build" | "lookedUp">,
): string | undefined {
  const asked = summary.lookedUp?.genes ?? summary.records;
  if (asked < ENOUGH_RECORDS || summary.inGenes / asked >= SUSPICIOUS_SHARE) return undefined;
  return `Few records lie in a gene. Perhaps the file is not ${summary.build}: send it again with another genome build.`;
}
