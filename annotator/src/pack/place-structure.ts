import { GENE, type GenePart, INTRON } from "./gene-regions.ts";
import type { Stretch } from "./stretch.ts";

/** A gene's coding transcripts in coordinates of their own: how far these are from the gene's start is not told. */
export interface Structure {
  /** Parts laid over one another, sorted, without overlap; what lies between them is intron. */
  readonly parts: readonly GenePart[];
  /** First and last base of all transcripts. */
  readonly span: Stretch;
  /** Bases that are coding in some transcript, sorted, without overlap. */
  readonly coding: readonly Stretch[];
  /** The two bases of an intron beside each exon, sorted. */
  readonly spliceSites: readonly number[];
}

/**
 * Single-base variants of ClinVar in the gene, by the consequence that ClinVar gives: offsets from the gene's first
 * base.
 */
export interface Observed {
  readonly coding: readonly number[];
  readonly splice: readonly number[];
}

/**
 * Where the structure's zero can lie, as offsets from the gene's first base: the transcripts lie within the gene, every
 * variant that changes a codon in coding bases, every variant of a splice site in one. First and last offset that agree
 * with all of it; null when none does.
 */
export function possibleOffsets(structure: Structure, geneLength: number, observed: Observed): Stretch | null {
  let possible: readonly Stretch[] = [{ from: 0 - structure.span.from, to: geneLength - 1 - structure.span.to }];
  for (const at of observed.coding)
    possible = common(possible, structure.coding.map(({ from, to }) => ({ from: at - to, to: at - from })).reverse());
  for (const at of observed.splice)
    possible = common(possible, structure.spliceSites.map((site) => ({ from: at - site, to: at - site })).reverse());
  const [first, last] = [possible[0], possible.at(-1)];
  return first === undefined || last === undefined ? null : { from: first.from, to: last.to };
}

/**
 * The gene's parts as far as they are the same for every possible offset; GENE where they are not, and outside the
 * coding transcripts. Offsets are from the gene's first base. Empty when nothing is certain.
 */
export function certainParts({ parts, span }: Structure, offsets: Stretch, geneLength: number): GenePart[] {
  const certain: GenePart[] = [];
  let cursor = span.from;
  const add = (region: number, from: number, to: number) => {
    const [start, end] = [from + offsets.to, to + offsets.from];
    if (start <= end) certain.push({ region, start, end });
  };
  for (const { region, start, end } of parts) {
    if (start > cursor) add(INTRON, cursor, start - 1);
    add(region, start, end);
    cursor = end + 1;
  }
  return certain.length === 0 ? [] : withGaps(certain, geneLength);
}

/** Parts with everything between them as GENE; introns are what no part covers, so they are left out. */
export function withGaps(certain: readonly GenePart[], geneLength: number): GenePart[] {
  const all: GenePart[] = [];
  let cursor = 0;
  for (const part of [...certain, { region: INTRON, start: geneLength, end: geneLength }]) {
    if (part.start > cursor) all.push({ region: GENE, start: cursor, end: part.start - 1 });
    if (part.region !== INTRON) all.push(part);
    cursor = part.end + 1;
  }
  return all;
}

/** What two sorted lists of stretches have in common. */
function common(a: readonly Stretch[], b: readonly Stretch[]): Stretch[] {
  const found: Stretch[] = [];
  for (let [i, j] = [0, 0]; ; ) {
    const [one, other] = [a[i], b[j]];
    if (one === undefined || other === undefined) return found;
    const both = { from: Math.max(one.from, other.from), to: Math.min(one.to, other.to) };
    if (both.from <= both.to) found.push(both);
    if (one.to < other.to) i += 1;
    else j += 1;
  }
}
