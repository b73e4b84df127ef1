import { openSync, readFileSync, readSync } from "node:fs";
import { canonicalContig } from "@elastic-gas/shared/vcf/contigs";

const WINDOW_BYTES = 1 << 16;

interface IndexRow {
  readonly name: string;
  readonly length: number;
  readonly offset: number;
  readonly lineBases: number;
  readonly lineBytes: number;
}

interface Window {
  number: number;
  readonly bytes: Buffer;
}

/** An uncompressed FASTA with its index (`.fai`): bases by position, read in windows. */
export class Fasta {
  readonly #path: string;
  readonly #rows: ReadonlyMap<string, IndexRow>;
  #file: number | null = null;
  /** The window in use and the one before it, which the next takes the memory of. */
  #windows: [Window, Window] = [
    { number: -1, bytes: Buffer.allocUnsafeSlow(WINDOW_BYTES) },
    { number: -1, bytes: Buffer.allocUnsafeSlow(WINDOW_BYTES) },
  ];

  constructor(path: string) {
    this.#path = path;
    this.#rows = new Map(readFastaIndex(path).map((row) => [canonicalContig(row.name), row]));
  }

  /** Null when it has no such contig. */
  sequence(canonical: string): Sequence | null {
    const row = this.#rows.get(canonical);
    if (row === undefined) return null;
    const { offset, lineBases, lineBytes, length } = row;
    return new Sequence(length, (index) =>
      this.#byte(offset + Math.floor(index / lineBases) * lineBytes + (index % lineBases)),
    );
  }

  #byte(at: number): number {
    const number = Math.floor(at / WINDOW_BYTES);
    if (number !== this.#windows[0].number) {
      this.#windows.reverse();
      if (number !== this.#windows[0].number) this.#read(number);
    }
    return this.#windows[0].bytes[at - number * WINDOW_BYTES] ?? 0;
  }

  #read(number: number): void {
    this.#file ??= openSync(this.#path, "r");
    const [window] = this.#windows;
    const read = readSync(this.#file, window.bytes, 0, WINDOW_BYTES, number * WINDOW_BYTES);
    window.bytes.fill(0, read);
    window.number = number;
  }
}

/** The reference's bases of one chromosome. */
export class Sequence {
  readonly length: number;
  readonly #byte: (index: number) => number;

  constructor(length: number, byte: (index: number) => number) {
    this.length = length;
    this.#byte = byte;
  }

  /** Character code of the base at `pos`, upper case; undefined where the sequence has none of A, C, G, T. */
  base(pos: number): number | undefined {
    if (pos < 1 || pos > this.length) return undefined;
    const byte = this.#byte(pos - 1) & 0xdf;
    return byte === 65 || byte === 67 || byte === 71 || byte === 84 ? byte : undefined;
  }

  /** Whether these bases, in upper case, are what it has from `pos` on. */
  has(pos: number, bases: string): boolean {
    for (let index = 0; index < bases.length; index += 1)
      if (this.base(pos + index) !== bases.charCodeAt(index)) return false;
    return true;
  }

  /** The bases from `pos` on, `N` where none is known. */
  bases(pos: number, count: number): string {
    return Array.from({ length: count }, (_, index) => String.fromCharCode(this.base(pos + index) ?? 78)).join("");
  }
}

/** The rows of a FASTA's index, as `samtools faidx` writes it. Throws when there is none. */
export function readFastaIndex(fasta: string): readonly IndexRow[] {
  let text: string;
  try {
    text = readFileSync(`${fasta}.fai`, "latin1");
  } catch (cause) {
    throw new Error(
      `The annotation pack's reference has no index ${fasta}.fai. Make it with: samtools faidx ${fasta}`,
      { cause },
    );
  }
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [name = "", length, offset, lineBases, lineBytes] = line.split("\t");
      return {
        name,
        length: Number(length),
        offset: Number(offset),
        lineBases: Number(lineBases),
        lineBytes: Number(lineBytes),
      };
    });
}
