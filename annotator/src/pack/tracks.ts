import { decodeParts, regionOfStretch } from "./gene-regions.ts";

/** Genes of one chromosome by start. Positions are 1-based, both ends included. */
export class GeneTrack {
  readonly symbols: readonly string[];
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  /** Largest end of this gene and all before it: where it lies left of a position, no earlier gene reaches that position. */
  readonly #reach: Int32Array;
  readonly #partTexts: readonly string[];
  readonly #parts: (Int32Array | null | undefined)[];

  constructor(lines: readonly string[]) {
    const symbols: string[] = [];
    const partTexts: string[] = [];
    this.#starts = new Int32Array(lines.length);
    this.#ends = new Int32Array(lines.length);
    this.#reach = new Int32Array(lines.length);
    let reach = 0;
    for (const [index, line] of lines.entries()) {
      const [start, end, symbol = "", , , parts = ""] = line.split("\t");
      this.#starts[index] = Number(start);
      this.#ends[index] = Number(end);
      reach = Math.max(reach, Number(end));
      this.#reach[index] = reach;
      symbols.push(symbol);
      partTexts.push(parts);
    }
    this.symbols = symbols;
    this.#partTexts = partTexts;
    this.#parts = new Array<undefined>(lines.length).fill(undefined);
  }

  /** Indices of the genes that share a base with [start, end], in order. */
  overlapping(start: number, end: number): number[] {
    const found: number[] = [];
    for (let index = firstAbove(this.#starts, end) - 1; index >= 0 && (this.#reach[index] ?? 0) >= start; index -= 1) {
      if ((this.#ends[index] ?? 0) >= start) found.push(index);
    }
    return found.length > 1 ? found.reverse() : found;
  }

  /** The most telling region (index into REGIONS) of gene `index` that [start, end] touches. */
  region(index: number, start: number, end: number): number {
    let parts = this.#parts[index];
    if (parts === undefined) {
      parts = decodeParts(this.#partTexts[index] ?? "");
      this.#parts[index] = parts;
    }
    const origin = this.#starts[index] ?? 0;
    return regionOfStretch(parts, start - origin, end - origin);
  }
}

/** Cytobands of one chromosome, adjoining, by start. */
export class BandTrack {
  readonly #starts: Int32Array;
  readonly #names: readonly string[];

  constructor(lines: readonly string[]) {
    const rows = lines.map((line) => line.split("\t"));
    this.#starts = Int32Array.from(rows, ([start]) => Number(start));
    this.#names = rows.map(([, , name = ""]) => name);
  }

  /** `1p36.33`, or `1p36.33-1p36.31` for a stretch over several bands. */
  name(start: number, end: number): string {
    const first = this.#names[Math.max(0, firstAbove(this.#starts, start) - 1)] ?? "";
    if (end === start) return first;
    const last = this.#names[Math.max(0, firstAbove(this.#starts, end) - 1)] ?? "";
    return first === last ? first : `${first}-${last}`;
  }
}

export interface ClinvarEntry {
  readonly variationId: string;
  /** dbSNP number without `rs`; empty when ClinVar gives none. */
  readonly rs: string;
  readonly significance: number;
  readonly diseases: readonly number[];
}

/** ClinVar's pathogenic variants of one chromosome by position; alleles in minimal form. */
export class ClinvarTrack {
  readonly #positions: Int32Array;
  readonly #lines: readonly string[];

  constructor(lines: readonly string[]) {
    this.#lines = lines;
    this.#positions = Int32Array.from(lines, (line) => Number(line.slice(0, line.indexOf("\t"))));
  }

  /** The entry for an allele in minimal form. */
  find(pos: number, ref: string, alt: string): ClinvarEntry | undefined {
    let index = firstAbove(this.#positions, pos - 1);
    if (this.#positions[index] !== pos) return undefined;
    const wanted = `${pos}\t${ref}\t${alt}\t`;
    for (; this.#positions[index] === pos; index += 1) {
      const line = this.#lines[index];
      if (line?.startsWith(wanted) !== true) continue;
      const [variationId = "", rs = "", significance = "", diseases = ""] = line.slice(wanted.length).split("\t");
      return {
        variationId,
        rs,
        significance: Number(significance),
        diseases: diseases
          .split(",")
          .filter((text) => text !== "")
          .map(Number),
      };
    }
    return undefined;
  }
}

/** Index of the first element that is greater than `value`; elements are sorted. */
function firstAbove(sorted: Int32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
