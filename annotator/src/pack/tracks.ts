import { decodeParts, partStretch, regionOfStretch } from "./gene-regions.ts";
import { firstAbove, type Stretch, WHOLE, within } from "./stretch.ts";

/** Genes of one chromosome by start. Positions are 1-based, both ends included. */
export class GeneTrack {
  readonly symbols: readonly string[];
  /** False when the parts of no gene are known, so that no region can be told. */
  readonly hasParts: boolean;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #sortedEnds: Int32Array;
  /**
   * Largest end of this gene and all before it: where it lies left of a position, no earlier gene reaches that
   * position.
   */
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
    this.hasParts = partTexts.some((text) => text !== "");
    this.#sortedEnds = this.#ends.slice().sort();
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

  /** Whether a gene lies at `pos`, and up to which position the answer is the same for certain. */
  covers(pos: number): { readonly isCovered: boolean; readonly until: number } {
    const genes = this.overlapping(pos, pos);
    if (genes.length === 0)
      return { isCovered: false, until: (this.#starts[firstAbove(this.#starts, pos)] ?? WHOLE.to) - 1 };
    return { isCovered: true, until: Math.max(...genes.map((index) => this.#ends[index] ?? 0)) };
  }

  /** The most telling region (index into REGIONS) of gene `index` that [start, end] touches. */
  region(index: number, start: number, end: number): number {
    const origin = this.#starts[index] ?? 0;
    return regionOfStretch(this.#partsOf(index), start - origin, end - origin);
  }

  /** The positions around `pos` that lie in the same genes and in the same part of each. */
  stretch(pos: number): Stretch {
    const [starts, ends] = [firstAbove(this.#starts, pos), firstAbove(this.#sortedEnds, pos - 1)];
    let stretch: Stretch = {
      from: Math.max(this.#starts[starts - 1] ?? 1, (this.#sortedEnds[ends - 1] ?? 0) + 1),
      to: Math.min((this.#starts[starts] ?? WHOLE.to) - 1, this.#sortedEnds[ends] ?? WHOLE.to),
    };
    for (const index of this.overlapping(pos, pos)) {
      const origin = this.#starts[index] ?? 0;
      const part = partStretch(this.#partsOf(index), pos - origin);
      stretch = within(stretch, { from: part.from + origin, to: part.to + origin });
    }
    return stretch;
  }

  #partsOf(index: number): Int32Array | null {
    let parts = this.#parts[index];
    if (parts === undefined) {
      parts = decodeParts(this.#partTexts[index] ?? "");
      this.#parts[index] = parts;
    }
    return parts;
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

  /** The positions of the band that holds `pos`. */
  stretch(pos: number): Stretch {
    const above = firstAbove(this.#starts, pos);
    return { from: this.#starts[above - 1] ?? 1, to: (this.#starts[above] ?? WHOLE.to) - 1 };
  }
}
