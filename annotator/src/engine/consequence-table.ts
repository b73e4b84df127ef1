import { closeSync, openSync, readSync } from "node:fs";
import { LINE_FEED } from "../vcf/lines.ts";
import type { Consequences } from "./annotate-lines.ts";

const CHUNK_BYTES = 1 << 18;
const [TAB, ZERO] = [9, 48];

/** Rows `ordinal` or `ordinal.alt`, `consequences`, by ordinal, read as the records come by. */
export class ConsequenceTable implements Consequences {
  readonly #file: number;
  /** What was read and not handed out: from `#at` to `#end`. */
  #bytes = Buffer.allocUnsafe(CHUNK_BYTES);
  #at = 0;
  #end = 0;
  #isOver = false;
  /** Of the next row; infinite after the last. */
  #ordinal = -1;
  #values = "";

  constructor(path: string) {
    this.#file = openSync(path, "r");
    this.#next();
  }

  take(ordinal: number): readonly string[] {
    while (this.#ordinal < ordinal) this.#next();
    if (this.#ordinal > ordinal) return [];
    const found = valuesOf(this.#values);
    for (this.#next(); this.#ordinal === ordinal; this.#next()) found.push(...valuesOf(this.#values));
    return found.length < 2 ? found : [...new Set(found)];
  }

  #next(): void {
    let feed = this.#feed();
    while (feed === -1 && !this.#isOver) {
      this.#read();
      feed = this.#feed();
    }
    if (feed === -1) {
      this.#ordinal = Number.POSITIVE_INFINITY;
      return;
    }
    let at = this.#at;
    let ordinal = 0;
    for (let byte = this.#bytes[at] ?? 0; byte >= ZERO && byte <= ZERO + 9; byte = this.#bytes[++at] ?? 0)
      ordinal = ordinal * 10 + byte - ZERO;
    this.#ordinal = ordinal;
    // The number of the ALT.
    at = this.#bytes.indexOf(TAB, at);
    this.#values = this.#bytes.toString("latin1", at + 1, feed);
    this.#at = feed + 1;
  }

  /** Where the next row ends; -1 when its end was not read. */
  #feed(): number {
    const feed = this.#bytes.indexOf(LINE_FEED, this.#at);
    // What lies behind `#end` is old.
    return feed < this.#end ? feed : -1;
  }

  /** Moves what is left to the front and reads on behind it. */
  #read(): void {
    const left = this.#end - this.#at;
    if (left > this.#bytes.length / 2) {
      const larger = Buffer.allocUnsafe(this.#bytes.length * 2);
      this.#bytes.copy(larger, 0, this.#at, this.#end);
      this.#bytes = larger;
    } else {
      this.#bytes.copyWithin(0, this.#at, this.#end);
    }
    const read = readSync(this.#file, this.#bytes, left, this.#bytes.length - left, null);
    [this.#at, this.#end] = [0, left + read];
    if (read > 0) return;
    this.#isOver = true;
    closeSync(this.#file);
  }
}

/** csq writes `@position` on a row whose consequence it tells at another one of the same haplotype: nothing to join. */
function valuesOf(text: string): string[] {
  if (!text.includes(",") && !text.startsWith("@")) return text === "" ? [] : [text];
  return text.split(",").filter((value) => value !== "" && !value.startsWith("@"));
}
