import { openSync, readSync } from "node:fs";
import { inflateRawSync } from "node:zlib";
import { LINE_FEED, numberAt } from "../vcf/lines.ts";
import { firstAbove, type Stretch, WHOLE } from "./stretch.ts";

const KEPT_BLOCKS = 4;
const TAB = 9;
const NO_ROWS: readonly string[] = [];

/** Rows that begin with a position, sorted by it. */
interface Block {
  readonly bytes: Buffer;
  /** Of each row. */
  readonly positions: Int32Array;
  /** Where each row begins, and where the last one ends. */
  readonly starts: Int32Array;
}

/** A file of blocks, each of them deflated rows of one chromosome; the last few that were read are kept. */
export class BlockFile {
  readonly #path: string;
  readonly #kept = new Map<number, Block>();
  #file: number | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** The block that lies at `offset`. */
  read(offset: number, length: number): Block {
    const kept = this.#kept.get(offset);
    if (kept !== undefined) return kept;
    this.#file ??= openSync(this.#path, "r");
    const packed = Buffer.allocUnsafe(length);
    const bytes = readSync(this.#file, packed, 0, length, offset);
    if (bytes !== length)
      throw new Error(`The annotation pack's ${this.#path} ends after ${offset + bytes} bytes. Make the pack again.`);
    const block = blockOf(inflateRawSync(packed));
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
    const block = this.#blockFor(pos);
    if (block === null) return NO_ROWS;
    const rows: string[] = [];
    for (let row = firstAbove(block.positions, pos - 1); block.positions[row] === pos; row += 1)
      rows.push(textOf(block, row));
    return rows;
  }

  /** The columns of a row that begins with `pos` and the text, behind the text; undefined without one. */
  find(pos: number, text: string): string | undefined {
    const block = this.#blockFor(pos);
    if (block === null) return undefined;
    const { bytes, positions, starts } = block;
    for (let row = firstAbove(positions, pos - 1); positions[row] === pos; row += 1) {
      const at = bytes.indexOf(TAB, starts[row] ?? 0) + 1;
      let same = 0;
      while (same < text.length && bytes[at + same] === text.charCodeAt(same)) same += 1;
      if (same === text.length) return bytes.toString("latin1", at + same, (starts[row + 1] ?? 0) - 1);
    }
    return undefined;
  }

  /** The rows that begin from the last one at or before `start` up to `end`. */
  rowsFromLastBefore(start: number, end: number): readonly string[] {
    const rows: string[] = [];
    const first = Math.max(0, firstAbove(this.#firsts, start) - 1);
    for (let number = first; number < this.#firsts.length && (this.#firsts[number] ?? 0) <= end; number += 1) {
      const block = this.#block(number);
      const { positions } = block;
      let row = number === first ? Math.max(0, firstAbove(positions, start) - 1) : 0;
      for (; row < positions.length && (positions[row] ?? 0) <= end; row += 1) rows.push(textOf(block, row));
    }
    return rows;
  }

  has(pos: number): boolean {
    const positions = this.#blockFor(pos)?.positions;
    return positions !== undefined && positions[firstAbove(positions, pos - 1)] === pos;
  }

  /**
   * The positions around `pos` at which no row begins, as far as its block tells; `pos` alone when one begins there.
   */
  gap(pos: number): Stretch {
    const number = firstAbove(this.#firsts, pos) - 1;
    const next = (this.#firsts[number + 1] ?? WHOLE.to) - 1;
    if (number < 0) return { from: 1, to: next };
    const { positions } = this.#block(number);
    const row = firstAbove(positions, pos - 1);
    if (positions[row] === pos) return { from: pos, to: pos };
    return { from: (positions[row - 1] ?? 0) + 1, to: row === positions.length ? next : (positions[row] ?? 0) - 1 };
  }

  /** The block that holds the rows of `pos`; null when it lies before all of them. */
  #blockFor(pos: number): Block | null {
    const number = firstAbove(this.#firsts, pos) - 1;
    return number < 0 ? null : this.#block(number);
  }

  #block(number: number): Block {
    return this.#file.read(this.#offsets[number] ?? 0, this.#lengths[number] ?? 0);
  }
}

function blockOf(bytes: Buffer): Block {
  const positions: number[] = [];
  const starts: number[] = [];
  for (let start = 0; start < bytes.length; ) {
    positions.push(numberAt(bytes, start));
    starts.push(start);
    const feed = bytes.indexOf(LINE_FEED, start);
    start = feed === -1 ? bytes.length : feed + 1;
  }
  starts.push(bytes.length);
  return { bytes, positions: Int32Array.from(positions), starts: Int32Array.from(starts) };
}

function textOf({ bytes, starts }: Block, row: number): string {
  return bytes.toString("latin1", starts[row], (starts[row + 1] ?? 0) - 1);
}
