import type { BlockTrack } from "./block-track.ts";
import type { Stretch } from "./stretch.ts";
import { WHOLE } from "./stretch.ts";

/** Named stretches, laid over one another when the pack is made: rows `first, last, names`, without overlap. */
export class IntervalTrack {
  readonly #rows: BlockTrack;

  constructor(rows: BlockTrack) {
    this.#rows = rows;
  }

  /** The names of what [start, end] touches, each once, in order. */
  names(start: number, end: number): readonly string[] {
    const found = new Set<string>();
    for (const row of this.#rows.rowsFromLastBefore(start, end)) {
      const [first = "", last = "", names = ""] = row.split("\t");
      if (Number(first) <= end && Number(last) >= start) for (const name of names.split(",")) found.add(name);
    }
    return [...found];
  }

  /** The positions around `pos` that have the same names. */
  stretch(pos: number): Stretch {
    const [row] = this.#rows.rowsFromLastBefore(pos, pos);
    const { from, to } = this.#rows.gap(pos);
    const [first, last] = (row ?? "").split("\t", 2).map(Number);
    if (first === undefined || last === undefined || first > pos) return { from: 1, to };
    if (last >= pos) return { from: first, to: last };
    return { from: Math.max(from, last + 1), to: Math.min(to, WHOLE.to) };
  }
}
