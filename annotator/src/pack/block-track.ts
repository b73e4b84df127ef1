import { openSync, readSync } from "node:fs";
import { inflateRawSync } from "node:zlib";
import { LINE_FEED, lineBefore, numberAt } from "../vcf/lines.ts";
import { firstAbove, type Stretch, WHOLE } from "./stretch.ts";

const KEPT_BLOCKS = 4;

/** A file of blocks, each of them deflated rows of one chromosome; the last few that were read are kept. */
export class BlockFile {
  readonly #path: string;
  readonly #kept = new Map<number, Buffer>();
  #file: number | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** The rows of the block that lies at `offset`, each ended by a line feed. */
  read(offset: number, length: number): Buffer {
    const kept = this.#kept.get(offset);
    if (kept !== undefined) return kept;
    this.#file ??= openSync(this.#path, "r");
    const packed = Buffer.allocUnsafe(length);
    const bytes = readSync(this.#file, packed, 0, length, offset);
    if (bytes !== length)
      throw new Error(`The annotation pack's ${this.#path} ends after ${offset + bytes} bytes. Make the pack again.`);
    const block = inflateRawSync(packed);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size < KEPT_BLOCKS) break;
      this.#kept.delete(oldest);
    }
    this.#kept.set(offset, block);
    return block;
  }
}

/**
 * Rows of one chromosome that begin with a position, sorted by it, in blocks: only those that are asked for are in
 * memory, however large the source is. Rows of one position are never in two blocks.
 */
export class BlockTrack {
  readonly #file: BlockFile;
  /** First position, offset and length of each block. */
  readonly #firsts: Int32Array;
  readonly #offsets: Float64Array;
  readonly #lengths: Int32Array;

  constructor(file: BlockFile, index: readonly string[]) {
    this.#file = file;
    const rows = index.map((line) => line.split("\t"));
    this.#firsts = Int32Array.from(rows, ([first]) => Number(first));
    this.#offsets = Float64Array.from(rows, ([, offset]) => Number(offset));
    this.#lengths = Int32Array.from(rows, ([, , length]) => Number(length));
  }

  /** The rows that begin at `pos`. */
  rowsAt(pos: number): readonly string[] {
    const number = firstAbove(this.#firsts, pos) - 1;
    if (number < 0) return NO_ROWS;
    const block = this.#block(number);
    let at = firstLineFrom(block, pos);
    if (at === block.length || numberAt(block, at) !== pos) return NO_ROWS;
    const rows: string[] = [];
    while (at < block.length && numberAt(block, at) === pos) {
      const end = block.indexOf(LINE_FEED, at);
      rows.push(block.toString("latin1", at, end));
      at = end + 1;
    }
    return rows;
  }

  /** The rows that begin from the last one at or before `start` up to `end`. */
  rowsFromLastBefore(start: number, end: number): readonly string[] {
    const rows: string[] = [];
    let number = Math.max(0, firstAbove(this.#firsts, start) - 1);
    for (let isFirst = true; number < this.#firsts.length && (this.#firsts[number] ?? 0) <= end; number += 1) {
      const block = this.#block(number);
      let at = isFirst ? lineBefore(block, firstLineFrom(block, start + 1)) : 0;
      isFirst = false;
      while (at < block.length && numberAt(block, at) <= end) {
        const lineEnd = block.indexOf(LINE_FEED, at);
        rows.push(block.toString("latin1", at, lineEnd));
        at = lineEnd + 1;
      }
    }
    return rows;
  }

  has(pos: number): boolean {
    const number = firstAbove(this.#firsts, pos) - 1;
    if (number < 0) return false;
    const block = this.#block(number);
    const at = firstLineFrom(block, pos);
    return at < block.length && numberAt(block, at) === pos;
  }

  /**
   * The positions around `pos` at which no row begins, as far as its block tells; `pos` alone when one begins there.
   */
  gap(pos: number): Stretch {
    const number = firstAbove(this.#firsts, pos) - 1;
    const next = (this.#firsts[number + 1] ?? WHOLE.to) - 1;
    if (number < 0) return { from: 1, to: next };
    const block = this.#block(number);
    const at = firstLineFrom(block, pos);
    if (at < block.length && numberAt(block, at) === pos) return { from: pos, to: pos };
    return {
      from: numberAt(block, lineBefore(block, at)) + 1,
      to: at === block.length ? next : numberAt(block, at) - 1,
    };
  }

  #block(number: number): Buffer {
    return this.#file.read(this.#offsets[number] ?? 0, this.#lengths[number] ?? 0);
  }
}

const NO_ROWS: readonly string[] = [];

/** Where the first row at `pos` or after it begins; the block's length without one. */
function firstLineFrom(block: Buffer, pos: number): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const start = middle === 0 ? 0 : Math.max(low, block.lastIndexOf(LINE_FEED, middle - 1) + 1);
    if (numberAt(block, start) < pos) low = block.indexOf(LINE_FEED, start) + 1;
    else high = start;
  }
  return low;
}
