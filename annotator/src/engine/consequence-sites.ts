import { once } from "node:events";
import type { Writable } from "node:stream";
import { canonicalContig } from "@elastic-gas/shared/vcf/contigs";
import { otherColumns, type RecordColumns, readRecord } from "@elastic-gas/shared/vcf/record";
import type { BuildData } from "../pack/pack.ts";
import type { Sequence } from "../pack/sequence.ts";
import type { GeneTrack } from "../pack/tracks.ts";
import { allelesOf } from "../vcf/alleles.ts";
import { TabCounter } from "../vcf/count-tabs.ts";
import type { Input } from "../vcf/input.ts";
import { headEnd, LINE_FEED, lineBlocks, MAX_HEAD_BYTES } from "../vcf/lines.ts";
import { liftRecord } from "./lift-record.ts";
import { leftmost } from "./match-alleles.ts";
import { OrderedRows } from "./ordered-rows.ts";
import { placesOf } from "./places.ts";
import { SUBSTITUTION_CODES } from "./tally.ts";

export interface SiteSetting {
  /** How many columns the #CHROM line names; null when it does not tell. */
  readonly columns: number | null;
  /** The FASTA's contigs by our canonical names. */
  readonly contigs: ReadonlyMap<string, { readonly name: string; readonly length: number }>;
  readonly sequenceOf: (canonical: string) => Sequence | null;
  /** The genes of a contig when no consequence lies outside them; null otherwise. */
  readonly genesOf: (canonical: string) => GeneTrack | null;
  /** The file's build when its records are lifted to that of the reference. */
  readonly lifted: BuildData | null;
  /** Leave the rows in the order of the records: they are sorted later. */
  readonly isSortedLater: boolean;
}

/** Ends the ID of a row that stands before rows of earlier records. */
export const EARLY = "<";
const BASES = /^[ACGT]+$/;
const [TAB, RETURN, HASH, ZERO] = [9, 13, 35, 48];
const EMPTY_COLUMNS = Buffer.from("\t.\t.\t.\n", "latin1");

/**
 * Writes a VCF that has sites only: a row for each ALT that csq can take, in minimal form, indels leftmost, in the
 * order of their positions. Its ID is the record's ordinal (0 = first readable record, as LineAnnotator counts them),
 * with `.` and the index of the ALT where it may not be the only one. Rows whose REF is not the reference's, and
 * records that pass through for their columns, are left out. Returns for how many records csq could tell something.
 * Throws NotSorted.
 */
export async function writeSites(input: Input, setting: SiteSetting, output: Writable): Promise<number> {
  const declared = [...setting.contigs.values()].map(({ name, length }) => `##contig=<ID=${name},length=${length}>\n`);
  const header = `##fileformat=VCFv4.2\n${declared.join("")}#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n`;
  output.write(header, "latin1");
  const rows = new OrderedRows(setting.isSortedLater);
  const sites = new Sites(setting, rows);
  const write = async (bytes: Buffer) => {
    if (bytes.length > 0 && !output.write(bytes)) await once(output, "drain");
  };
  for await (const block of lineBlocks(input.read())) {
    sites.block(block);
    await write(rows.take(false));
  }
  await write(rows.take(true));
  return sites.asked;
}

/** A contig of the file, by the name that it has there. */
interface Contig {
  readonly name: string;
  readonly bytes: Buffer;
  /** Null: the FASTA lacks it. */
  readonly found: {
    /** Its name in the FASTA. */
    readonly name: string;
    readonly bytes: Buffer;
    readonly sequence: Sequence;
    readonly genes: GeneTrack | null;
  } | null;
}

/** A line of a block, without its line feed. */
interface Line {
  readonly start: number;
  readonly end: number;
  readonly tabs: TabCounter;
}

class Sites {
  asked = 0;
  readonly #setting: SiteSetting;
  readonly #rows: OrderedRows;
  #contig: Contig = { name: "", bytes: Buffer.alloc(0), found: null };
  #isHeader = true;
  #ordinal = 0;
  /** From the position where it was asked for up to `until`, every base lies in a gene, or none does. */
  #covered = { from: 1, until: 0, isCovered: false };

  constructor(setting: SiteSetting, rows: OrderedRows) {
    this.#setting = setting;
    this.#rows = rows;
  }

  /** Takes a block of whole lines. */
  block(bytes: Buffer): void {
    const { lifted } = this.#setting;
    const tabs = new TabCounter(bytes);
    for (let start = 0; start < bytes.length; ) {
      const feed = bytes.indexOf(LINE_FEED, start);
      const end = feed === -1 ? bytes.length : feed;
      if (this.#isHeader || bytes[start] === HASH) {
        if (bytes.toString("latin1", start, Math.min(end, start + 6)) === "#CHROM") this.#isHeader = false;
      } else if (this.#hasOtherColumns(bytes, { start, end, tabs })) this.#pass(bytes, start, end);
      else if (lifted !== null || !this.#substitution(bytes, start, end)) this.#any(bytes, start, end);
      start = end + 1;
    }
  }

  #hasOtherColumns(bytes: Buffer, { start, end, tabs }: Line): boolean {
    const { columns } = this.#setting;
    if (columns === null || tabs.count(start, end) === columns - 1) return false;
    return otherColumns(bytes.toString("latin1", start, bytes[end - 1] === RETURN ? end - 1 : end), columns) !== null;
  }

  /** A record that passes through has an ordinal like others. */
  #pass(bytes: Buffer, start: number, end: number): void {
    if (recordIn(bytes, start, end) !== null) this.#ordinal += 1;
  }

  /** A substitution of one base on the contig of the line before, in bytes alone. False: not handled. */
  #substitution(bytes: Buffer, start: number, end: number): boolean {
    const { bytes: name, found } = this.#contig;
    // What is before the samples may be too long to be a record.
    if (found === null || end - start > MAX_HEAD_BYTES) return false;
    let at = start;
    for (let index = 0; index < name.length; index += 1) if (bytes[at++] !== name[index]) return false;
    if (bytes[at++] !== TAB) return false;
    const [posStart, posEnd] = [at, at + 9];
    let pos = 0;
    for (let byte = bytes[at] ?? 0; byte !== TAB; byte = bytes[++at] ?? 0) {
      if (byte < ZERO || byte > ZERO + 9 || at >= posEnd) return false;
      pos = pos * 10 + byte - ZERO;
    }
    if (pos < 1 || bytes[posStart] === ZERO || pos > found.sequence.length) return false;
    const digitsEnd = at;
    at = tabFrom(bytes, at + 1, end);
    if (at + 4 >= end || bytes[at + 2] !== TAB || bytes[at + 4] !== TAB) return false;
    const [ref, alt] = [bytes[at + 1] ?? 0, bytes[at + 3] ?? 0];
    if ((SUBSTITUTION_CODES[(ref << 8) | alt] ?? -1) < 0) return false;
    // A record has QUAL, FILTER and INFO; whether they make sense is not asked here.
    if (tabFrom(bytes, tabFrom(bytes, at + 5, end) + 1, end) >= end) return false;

    if (this.#isCovered(found.genes, pos) && found.sequence.base(pos) === ref) {
      const sink = this.#rows.behindAll(found.name, pos);
      if (sink === null) return false;
      sink.copy(found.bytes, 0, found.bytes.length);
      sink.byte(TAB);
      sink.copy(bytes, posStart, digitsEnd);
      sink.byte(TAB);
      sink.digits(this.#ordinal);
      sink.copy(bytes, at, at + 4);
      sink.copy(EMPTY_COLUMNS, 0, EMPTY_COLUMNS.length);
    }
    this.asked += 1;
    this.#ordinal += 1;
    return true;
  }

  #any(bytes: Buffer, start: number, end: number): void {
    const record = recordIn(bytes, start, end);
    if (record === null) return;
    const { lifted } = this.#setting;
    const placed = lifted === null ? record : liftedRecord(record, lifted);
    if (placed !== null && this.#write(placed)) this.asked += 1;
    this.#ordinal += 1;
  }

  /** A row for each ALT that csq can take. False without any; true also where it is known that csq says nothing. */
  #write(record: RecordColumns): boolean {
    const { found } = this.#contigOf(record.chrom);
    const ref = record.ref.toUpperCase();
    if (found === null || !BASES.test(ref)) return false;
    const { name, sequence, genes } = found;
    const end = record.pos + ref.length - 1;
    if (record.pos < 1 || end > sequence.length) return false;
    const taken = allelesOf(record).flatMap(({ minimal }, index) =>
      minimal !== null && BASES.test(minimal.alt) ? [{ minimal, index }] : [],
    );
    if (taken.length === 0) return false;
    if (!sequence.has(record.pos, ref)) return true;
    const placed = taken.map(({ minimal, index }) => ({
      allele: leftmost(minimal, (pos) => sequence.base(pos)) ?? minimal,
      index,
    }));
    const start = placed.reduce((first, { allele: { pos } }) => Math.min(first, pos), record.pos);
    if (genes !== null && genes.overlapping(start, end).length === 0) return true;
    for (const { allele, index } of placed) {
      const id = `${this.#ordinal}.${index}`;
      const row = (rowId: string) => `${name}\t${allele.pos}\t${rowId}\t${allele.ref}\t${allele.alt}\t.\t.\t.\n`;
      const sink = this.#rows.behindAll(name, allele.pos);
      if (sink === null) this.#rows.insert(allele.pos, row(id + EARLY));
      else sink.write(row(id));
    }
    return true;
  }

  #isCovered(genes: GeneTrack | null, pos: number): boolean {
    if (genes === null) return true;
    if (pos < this.#covered.from || pos > this.#covered.until) this.#covered = { from: pos, ...genes.covers(pos) };
    return this.#covered.isCovered;
  }

  #contigOf(name: string): Contig {
    if (this.#contig.name === name) return this.#contig;
    const canonical = canonicalContig(name);
    const { contigs, sequenceOf, genesOf } = this.#setting;
    const [contig, sequence] = [contigs.get(canonical), sequenceOf(canonical)];
    this.#contig = {
      name,
      bytes: Buffer.from(name, "latin1"),
      found:
        contig === undefined || sequence === null
          ? null
          : {
              name: contig.name,
              bytes: Buffer.from(contig.name, "latin1"),
              sequence,
              genes: genesOf(canonical),
            },
    };
    this.#covered = { from: 1, until: 0, isCovered: false };
    return this.#contig;
  }
}

/** The record of a line; null when it cannot be read or is too long. */
function recordIn(bytes: Buffer, start: number, end: number): RecordColumns | null {
  const lineEnd = headEnd(bytes, start, end);
  if (lineEnd - start > MAX_HEAD_BYTES) return null;
  const record = readRecord(bytes.toString("latin1", start, lineEnd));
  return "problem" in record ? null : record;
}

/** Where the next tab is; `end` or more without one. */
function tabFrom(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== TAB) at += 1;
  return at;
}

/** The record in the build of the reference; null where that lacks its place. */
function liftedRecord(record: RecordColumns, lifted: BuildData): RecordColumns | null {
  const places = placesOf(record, allelesOf(record));
  return places === null ? null : (liftRecord(record, places, lifted)?.record ?? null);
}
