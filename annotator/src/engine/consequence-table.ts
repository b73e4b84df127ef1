import { closeSync, openSync, readSync } from "node:fs";
import { REPEATED } from "../pack/repeated-name.ts";
import { LINE_FEED } from "../vcf/lines.ts";
import { type Called, type Consequences, NONE_CALLED } from "./annotate-lines.ts";
import { EARLY } from "./consequence-sites.ts";

const CHUNK_BYTES = 1 << 18;
const [TAB, HASH, DOT, ZERO] = [9, 35, 46, 48];
const EARLY_BYTE = EARLY.charCodeAt(0);
const KEY = "BCSQ=";
const REPEATS = new RegExp(`${REPEATED}\\d+(?=\\|)`, "g");

/**
 * What csq wrote for the rows of consequence-sites.ts, read as the records come by. Rows are in the order of their
 * records, but for those that are marked as early: these are kept until it is their record's turn.
 */
export class ConsequenceTable implements Consequences {
  readonly #file: number;
  /** What was read and not handed out: from `#at` to `#end`. */
  #bytes = Buffer.allocUnsafe(CHUNK_BYTES);
  #at = 0;
  #end = 0;
  #isOver = false;
  /** Of the next row that is not early; infinite after the last. */
  #ordinal = -1;
  #called = NONE_CALLED;
  readonly #early = new Map<number, Called[]>();
  /** What the row read last says: most rows say the same as the one before. */
  #text = Buffer.alloc(0);
  #textAlt = 1;
  #textCalled = NONE_CALLED;

  constructor(path: string) {
    this.#file = openSync(path, "r");
    this.#next();
  }

  take(ordinal: number): Called {
    while (this.#ordinal < ordinal) this.#next();
    const first = this.#ordinal === ordinal ? this.#called : null;
    if (first !== null) this.#next();
    if (this.#ordinal !== ordinal && this.#early.size === 0) return first ?? NONE_CALLED;
    const found = first === null ? [] : [first];
    for (; this.#ordinal === ordinal; this.#next()) found.push(this.#called);
    found.push(...(this.#early.get(ordinal) ?? []));
    this.#early.delete(ordinal);
    return found.length < 2 ? (found[0] ?? NONE_CALLED) : together(found);
  }

  /** Goes to the next row that is not early and has consequences. */
  #next(): void {
    for (let end = this.#lineEnd(); end !== -1; end = this.#lineEnd()) {
      const start = this.#at;
      this.#at = end + 1;
      if (this.#bytes[start] !== HASH && !this.#row(start, end)) return;
    }
    this.#ordinal = Number.POSITIVE_INFINITY;
  }

  /** Reads a row. True when it is early, or has no consequences. */
  #row(start: number, end: number): boolean {
    const bytes = this.#bytes;
    const id = behindTabs(bytes, { start, end, tabs: 2 });
    const idEnd = behindTabs(bytes, { start: id, end, tabs: 1 }) - 1;
    const values = behindTabs(bytes, { start: idEnd, end, tabs: 5 }) + KEY.length;
    if (end < values) return true;
    let ordinal = 0;
    let at = id;
    for (let byte = bytes[at] ?? 0; byte >= ZERO && byte <= ZERO + 9; byte = bytes[++at] ?? 0)
      ordinal = ordinal * 10 + byte - ZERO;
    const alt = bytes[at] === DOT ? Number.parseInt(bytes.toString("latin1", at + 1, idEnd), 10) + 1 : 1;
    const called = this.#calledAt(values, end, alt);
    if (bytes[idEnd - 1] === EARLY_BYTE) {
      const known = this.#early.get(ordinal);
      if (known === undefined) this.#early.set(ordinal, [called]);
      else known.push(called);
      return true;
    }
    this.#ordinal = ordinal;
    this.#called = called;
    return false;
  }

  #calledAt(start: number, end: number, alt: number): Called {
    if (alt !== this.#textAlt || !isSame(this.#bytes, start, end, this.#text)) {
      // A copy: the buffer is used again.
      this.#text = Buffer.from(this.#bytes.subarray(start, end));
      this.#textAlt = alt;
      const values = valuesOf(this.#text.toString("latin1"));
      const alts = [alt];
      this.#textCalled = { values, alts: values.map(() => alts) };
    }
    return this.#textCalled;
  }

  /** Where the line at `#at` ends; -1 after the last. */
  #lineEnd(): number {
    for (;;) {
      const feed = this.#bytes.indexOf(LINE_FEED, this.#at);
      // What lies behind `#end` is old.
      if (feed !== -1 && feed < this.#end) return feed;
      if (this.#isOver) return -1;
      this.#read();
    }
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

/** What is said of several ALTs of a record, in their order. */
function together(called: readonly Called[]): Called {
  const found = new Map<string, number[]>();
  const first = ({ alts }: Called) => alts[0]?.[0] ?? 0;
  for (const { values, alts } of called.toSorted((a, b) => first(a) - first(b)))
    for (const [index, value] of values.entries()) {
      const known = found.get(value);
      if (known === undefined) found.set(value, [...(alts[index] ?? [])]);
      else known.push(...(alts[index] ?? []));
    }
  return { values: [...found.keys()], alts: [...found.values()] };
}

/** Where the column behind so many tabs begins. */
function behindTabs(bytes: Buffer, { start, end, tabs }: { start: number; end: number; tabs: number }): number {
  let at = start;
  for (let left = tabs; left > 0 && at < end; at += 1) if (bytes[at] === TAB) left -= 1;
  return at;
}

function isSame(bytes: Buffer, start: number, end: number, other: Buffer): boolean {
  if (end - start !== other.length) return false;
  for (let index = 0; index < other.length; index += 1) if (bytes[start + index] !== other[index]) return false;
  return true;
}

/** csq writes `@position` on a row whose consequence it tells at another one of the same haplotype: nothing to join. */
function valuesOf(called: string): readonly string[] {
  const text = called.includes(REPEATED) ? called.replaceAll(REPEATS, "") : called;
  if (!text.includes(",") && !text.startsWith("@")) return text === "" ? [] : [text];
  return [...new Set(text.split(",").filter((value) => value !== "" && !value.startsWith("@")))];
}
