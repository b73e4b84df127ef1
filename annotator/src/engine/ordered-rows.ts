import { LINE_FEED, lineBefore, numberAt } from "../vcf/lines.ts";
import { ByteSink } from "./byte-sink.ts";

const SINK_BYTES = 1 << 18;
/** So many bytes of rows are held back: some 1,000 records, over which an indel seldom moves. */
const HELD_BYTES = 1 << 15;
const TAKEN_BYTES = 1 << 17;
const NO_ROWS = Buffer.alloc(0);

/** The rows are not in the order of their positions, nor nearly so. */
export class NotSorted extends Error {
  override message = "the records are not sorted";
}

/**
 * Rows of a VCF in the order of their positions. The last ones are held back, for a row that comes later may belong
 * before them: indels move to the left, and what REF and ALT have in common at their start is cut off.
 */
export class OrderedRows {
  readonly #sink = new ByteSink(SINK_BYTES);
  /** Leave the rows as they come: they are sorted later. */
  readonly #isSortedLater: boolean;
  readonly #seen = new Set<string>();
  /** Of the last row. */
  #contig = "";
  #pos = 0;
  /** Where the rows of its contig begin in the sink; below 0 when the first of them are not in it any more. */
  #contigStart = 0;

  constructor(isSortedLater: boolean) {
    this.#isSortedLater = isSortedLater;
  }

  /**
   * Where to write a row that comes behind all others; null when it does not, and is to be inserted. Throws NotSorted.
   */
  behindAll(contig: string, pos: number): ByteSink | null {
    if (this.#isSortedLater) return this.#sink;
    if (contig !== this.#contig) {
      if (this.#seen.has(contig)) throw new NotSorted();
      this.#seen.add(contig);
      this.#contig = contig;
      this.#contigStart = this.#sink.bytes.length;
    } else if (pos < this.#pos) return null;
    this.#pos = pos;
    return this.#sink;
  }

  /** Puts a row of the last row's contig behind those with a position up to its own. Throws NotSorted. */
  insert(pos: number, row: string): void {
    const { bytes } = this.#sink;
    let at = bytes.length;
    while (at > this.#contigStart) {
      if (at <= bytes.length - HELD_BYTES) throw new NotSorted();
      const before = lineBefore(bytes, at);
      if (numberAt(bytes, before + this.#contig.length + 1) <= pos) break;
      at = before;
    }
    this.#sink.insert(at, row);
  }

  /** Rows that no other will be put before, when there are many; at the end all of them. */
  take(isEnd: boolean): Buffer {
    const { bytes } = this.#sink;
    if (!isEnd && bytes.length < TAKEN_BYTES) return NO_ROWS;
    const left = isEnd || this.#isSortedLater ? 0 : HELD_BYTES;
    const end = bytes.length === 0 ? 0 : bytes.lastIndexOf(LINE_FEED, bytes.length - left - 1) + 1;
    const taken = Buffer.from(bytes.subarray(0, end));
    this.#sink.drop(end);
    this.#contigStart -= end;
    return taken;
  }
}
