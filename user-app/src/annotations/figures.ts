import type { JobSummary } from "@elastic-gas/shared/jobs/summary";

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

/** Records on 1 to 22, X, Y and MT in this order, whatever the file calls them (`chr1`, `chrM`); everything else is `other`. */
export function perChromosome(
  counts: JobSummary["chromosomes"],
): readonly { readonly name: string; readonly count: number }[] {
  const sums = new Map<string, number>(CHROMOSOMES.map((name) => [name, 0]));
  let other = 0;
  for (const { name, count } of counts) {
    const bare = name.replace(/^chr/i, "").toUpperCase();
    const known = bare === "M" ? "MT" : bare;
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

/** Below this share in genes a human file was probably read with the wrong build. */
const SUSPICIOUS_SHARE = 0.2;
const ENOUGH_RECORDS = 50;

/** A warning when hardly anything lies in a gene: a wrong build is silent otherwise. */
export function buildDoubt(summary: Pick<JobSummary, "records" | "inGenes" | "build">): string | undefined {
  if (summary.records < ENOUGH_RECORDS || summary.inGenes / summary.records >= SUSPICIOUS_SHARE) return undefined;
  return `Few records lie in a gene. Perhaps the file is not ${summary.build}: send it again with another genome build.`;
}
