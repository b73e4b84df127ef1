import { firstAbove } from "./stretch.ts";

/** Where a stretch of one build lies in another. */
export interface Lifted {
  readonly contig: string;
  readonly from: number;
  readonly to: number;
  /** True when it is the other strand there. */
  readonly isReverse: boolean;
}

/**
 * The stretches of one chromosome that another build has without a gap: rows `first, last, contig, first there,
 * strand`, sorted, without overlap. On the reverse strand the first base here is the last there.
 */
export class LiftTrack {
  readonly #firsts: Int32Array;
  readonly #rows: readonly string[];

  constructor(rows: readonly string[]) {
    this.#rows = rows;
    this.#firsts = Int32Array.from(rows, (row) => Number(row.slice(0, row.indexOf("\t"))));
  }

  /** Null where the other build does not have all of it in one piece. */
  place(from: number, to: number): Lifted | null {
    const row = this.#rows[firstAbove(this.#firsts, from) - 1];
    if (row === undefined) return null;
    const [first = "", last = "", contig = "", there = "", strand = ""] = row.split("\t");
    if (Number(last) < to) return null;
    const isReverse = strand === "-";
    const begin = isReverse ? Number(there) + (Number(last) - to) : Number(there) + (from - Number(first));
    return { contig, from: begin, to: begin + (to - from), isReverse };
  }
}
