import type { BlockTrack } from "./block-track.ts";
import { firstAbove, type Stretch, WHOLE, within } from "./stretch.ts";

export interface ClinvarEntry {
  readonly variationId: string;
  /** dbSNP number without `rs`; empty when ClinVar gives none. */
  readonly rs: string;
  /** In ClinVar's words, as are the others: `Likely_pathogenic`. */
  readonly significance: string;
  /** Review status; empty when the pack does not hold it. */
  readonly review: string;
  readonly conditions: readonly string[];
}

/** ClinVar's variants of one chromosome by position; alleles in minimal form, indels leftmost as ClinVar has them. */
export interface ClinvarVariants {
  /** The entry for an allele in minimal form. */
  find(pos: number, ref: string, alt: string): ClinvarEntry | undefined;
  /** The entry that inserts or deletes `sequence` right after position `pos`, whatever base stands there. */
  findIndel(pos: number, sequence: string, isDeletion: boolean): ClinvarEntry | undefined;
  /** True when a variant begins at `pos`. */
  has(pos: number): boolean;
  /** False where nobody knows whether ClinVar has a variant: "not there" is then no answer. */
  covers(pos: number): boolean;
  /** Positions around `pos` at which no variant begins, or `pos` alone when one begins there; all covered, or none. */
  stretch(pos: number): Stretch;
}

/** ClinVar's words for the numbers in its rows. */
export interface ClinvarWords {
  significance(index: number): string;
  disease(index: number): string;
}

/** The variants in memory: rows `pos, ref, alt, variation id, rs, significance, diseases`, the last two by number. */
export class ClinvarTrack implements ClinvarVariants {
  readonly #positions: Int32Array;
  readonly #lines: readonly string[];
  #bases: ReadonlyMap<number, number> | undefined;
  #rsPositions: ReadonlyMap<string, number> | undefined;

  /** First and last positions, in turn, between which variants are known. */
  readonly #covered: Int32Array;

  readonly #words: ClinvarWords;

  /** `covered`: where variants are known, sorted; everywhere without it. */
  constructor(
    lines: readonly string[],
    words: ClinvarWords,
    covered: readonly (readonly [number, number])[] = [[WHOLE.from, WHOLE.to - 1]],
  ) {
    this.#lines = lines;
    this.#words = words;
    this.#covered = Int32Array.from(covered.flatMap(([from, to]) => [from, to + 1]));
    this.#positions = Int32Array.from(lines, (line) => Number(line.slice(0, line.indexOf("\t"))));
  }

  find(pos: number, ref: string, alt: string): ClinvarEntry | undefined {
    const wanted = `${pos}\t${ref}\t${alt}\t`;
    for (const line of this.#at(pos)) if (line.startsWith(wanted)) return this.#entryOf(line);
    return undefined;
  }

  findIndel(pos: number, sequence: string, isDeletion: boolean): ClinvarEntry | undefined {
    const line = findIndelRow(this.#at(pos), sequence, isDeletion);
    return line === undefined ? undefined : this.#entryOf(line);
  }

  has(pos: number): boolean {
    return this.#positions[firstAbove(this.#positions, pos - 1)] === pos;
  }

  covers(pos: number): boolean {
    return firstAbove(this.#covered, pos) % 2 === 1;
  }

  stretch(pos: number): Stretch {
    const next = firstAbove(this.#positions, pos - 1);
    if (this.#positions[next] === pos) return { from: pos, to: pos };
    const edge = firstAbove(this.#covered, pos);
    return within(
      { from: (this.#positions[next - 1] ?? 0) + 1, to: (this.#positions[next] ?? WHOLE.to) - 1 },
      { from: this.#covered[edge - 1] ?? WHOLE.from, to: (this.#covered[edge] ?? WHOLE.to) - 1 },
    );
  }

  /** Character code of the reference's base at `pos`, as far as the REFs of ClinVar's variants tell it. */
  base(pos: number): number | undefined {
    this.#bases ??= this.#readBases();
    return this.#bases.get(pos);
  }

  /** Where ClinVar has the substitution with this dbSNP number (without `rs`). */
  positionOf(rs: string): number | undefined {
    this.#rsPositions ??= this.#readRsPositions();
    return this.#rsPositions.get(rs);
  }

  *#at(pos: number): Generator<string> {
    for (let index = firstAbove(this.#positions, pos - 1); this.#positions[index] === pos; index += 1)
      yield this.#lines[index] ?? "";
  }

  #readBases(): ReadonlyMap<number, number> {
    const bases = new Map<number, number>();
    for (const line of this.#lines) {
      const [pos, ref = ""] = line.split("\t", 2);
      for (let index = 0; index < ref.length; index += 1) bases.set(Number(pos) + index, ref.charCodeAt(index));
    }
    return bases;
  }

  #readRsPositions(): ReadonlyMap<string, number> {
    return new Map(
      this.#lines.flatMap((line) => {
        const [pos, ref = "", alt = "", , rs = ""] = line.split("\t", 5);
        return rs !== "" && ref.length === 1 && alt.length === 1 ? [[rs, Number(pos)]] : [];
      }),
    );
  }

  #entryOf(line: string): ClinvarEntry {
    const [, , , variationId = "", rs = "", significance = "", diseases = ""] = line.split("\t");
    return {
      variationId,
      rs,
      significance: this.#words.significance(Number(significance)),
      review: "",
      conditions: diseases
        .split(",")
        .filter((text) => text !== "")
        .map((text) => this.#words.disease(Number(text))),
    };
  }
}

/**
 * All of ClinVar on disk: rows `pos, ref, alt, variation id, rs, significance, review status, conditions joined by |`.
 */
export class ClinvarBlocks implements ClinvarVariants {
  readonly #rows: BlockTrack;

  constructor(rows: BlockTrack) {
    this.#rows = rows;
  }

  find(pos: number, ref: string, alt: string): ClinvarEntry | undefined {
    const wanted = `${pos}\t${ref}\t${alt}\t`;
    const row = this.#rows.rowsAt(pos).find((each) => each.startsWith(wanted));
    return row === undefined ? undefined : wholeEntry(row);
  }

  findIndel(pos: number, sequence: string, isDeletion: boolean): ClinvarEntry | undefined {
    const row = findIndelRow(this.#rows.rowsAt(pos), sequence, isDeletion);
    return row === undefined ? undefined : wholeEntry(row);
  }

  has(pos: number): boolean {
    return this.#rows.has(pos);
  }

  covers(): boolean {
    return true;
  }

  stretch(pos: number): Stretch {
    return this.#rows.gap(pos);
  }
}

function findIndelRow(rows: Iterable<string>, sequence: string, isDeletion: boolean): string | undefined {
  for (const row of rows) {
    const [, ref = "", alt = ""] = row.split("\t", 3);
    const [long, short] = isDeletion ? [ref, alt] : [alt, ref];
    if (short.length === 1 && long.length === sequence.length + 1 && long.endsWith(sequence)) return row;
  }
  return undefined;
}

function wholeEntry(row: string): ClinvarEntry {
  const [, , , variationId = "", rs = "", significance = "", review = "", conditions = ""] = row.split("\t");
  return { variationId, rs, significance, review, conditions: conditions === "" ? [] : conditions.split("|") };
}
