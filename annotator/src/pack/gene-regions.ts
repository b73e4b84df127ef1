import { type Stretch, WHOLE } from "./stretch.ts";

/** Parts of a gene from the least to the most telling; a variant that touches several gets the last. */
export const REGIONS = ["INTERGENIC", "GENE", "INTRON", "EXON", "UTR3", "UTR5", "CDS"] as const;

export const INTERGENIC = 0;
export const GENE = 1;
export const INTRON = 2;

/** A part of a gene: positions are offsets from the gene's first base, both ends included; `region` indexes REGIONS. */
export interface GenePart {
  readonly region: number;
  readonly start: number;
  readonly end: number;
}

const LETTERS = ".GNE35C";

/**
 * Text of a gene's parts for the pack: per part one letter (E exon, 3, 5, C coding, G not known), the gap since the
 * part before and its length less one, both in base 36, joined by dots. What lies between parts is intron. The empty
 * text means that the parts are not known.
 */
export function encodeParts(parts: readonly GenePart[]): string {
  let cursor = 0;
  return parts
    .map(({ region, start, end }) => {
      const text = `${LETTERS[region]}${(start - cursor).toString(36)}.${(end - start).toString(36)}`;
      cursor = end + 1;
      return text;
    })
    .join(" ");
}

/** Triples region, start, end; null when the parts are not known. */
export function decodeParts(text: string): Int32Array | null {
  if (text === "") return null;
  const words = text.split(" ");
  const parts = new Int32Array(words.length * 3);
  let cursor = 0;
  for (const [index, word] of words.entries()) {
    const dot = word.indexOf(".");
    const start = cursor + Number.parseInt(word.slice(1, dot), 36);
    const end = start + Number.parseInt(word.slice(dot + 1), 36);
    parts[index * 3] = LETTERS.indexOf(word.charAt(0));
    parts[index * 3 + 1] = start;
    parts[index * 3 + 2] = end;
    cursor = end + 1;
  }
  return parts;
}

/** The most telling region of the stretch [start, end], offsets from the gene's first base. */
export function regionOfStretch(parts: Int32Array | null, start: number, end: number): number {
  if (parts === null) return GENE;
  let best = GENE;
  let cursor = start;
  for (
    let index = firstEndingFrom(parts, start) * 3;
    index < parts.length && (parts[index + 1] ?? 0) <= end;
    index += 3
  ) {
    best = Math.max(best, parts[index] ?? 0, (parts[index + 1] ?? 0) > cursor ? INTRON : GENE);
    cursor = (parts[index + 2] ?? 0) + 1;
  }
  return cursor <= end ? Math.max(best, INTRON) : best;
}

/** The offsets around `offset` that lie in the same part, or between the same two parts. */
export function partStretch(parts: Int32Array | null, offset: number): Stretch {
  if (parts === null) return { from: 0, to: WHOLE.to };
  const index = firstEndingFrom(parts, offset) * 3;
  const [start, end] = [parts[index + 1] ?? WHOLE.to, parts[index + 2] ?? WHOLE.to];
  if (start <= offset) return { from: start, to: end };
  return { from: index === 0 ? 0 : (parts[index - 1] ?? 0) + 1, to: start - 1 };
}

/** Index of the first part that ends at the offset or after it. */
function firstEndingFrom(parts: Int32Array, offset: number): number {
  let low = 0;
  let high = parts.length / 3;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((parts[middle * 3 + 2] ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Lays parts that overlap over one another, the most telling on top: sorted, without overlap, neighbours of one kind
 * joined. Regions are those of REGIONS.
 */
export function flattenParts(parts: readonly GenePart[]): GenePart[] {
  const edges = [...new Set(parts.flatMap((part) => [part.start, part.end + 1]))].sort((a, b) => a - b);
  const sorted = [...parts].sort((a, b) => a.start - b.start);
  const flat: GenePart[] = [];
  let open: GenePart[] = [];
  let next = 0;
  for (const [index, start] of edges.entries()) {
    const after = edges[index + 1];
    if (after === undefined) break;
    for (let part = sorted[next]; part !== undefined && part.start <= start; part = sorted[++next]) open.push(part);
    open = open.filter((part) => part.end >= start);
    const region = open.reduce((best, part) => Math.max(best, part.region), -1);
    if (region === -1) continue;
    const last = flat.at(-1);
    if (last?.region === region && last.end === start - 1) flat[flat.length - 1] = { ...last, end: after - 1 };
    else flat.push({ region, start, end: after - 1 });
  }
  return flat;
}
