import { once } from "node:events";
import type { Writable } from "node:stream";
import { type RecordColumns, readRecord } from "@elastic-gas/shared/vcf/record";
import type { BuildData } from "../pack/pack.ts";
import type { GeneTrack } from "../pack/tracks.ts";
import { allelesOf } from "../vcf/alleles.ts";
import { canonicalContig } from "../vcf/contigs.ts";
import type { Input } from "../vcf/input.ts";
import { headEnd, LINE_FEED, lineBlocks, MAX_HEAD_BYTES } from "../vcf/lines.ts";
import { ByteSink } from "./byte-sink.ts";
import { liftRecord } from "./lift-record.ts";
import { placesOf } from "./places.ts";
import { SUBSTITUTION_CODES } from "./tally.ts";

export interface SiteSetting {
  /** The FASTA's sequences by our canonical names. */
  readonly contigs: ReadonlyMap<string, { readonly name: string; readonly length: number }>;
  /** The genes of a contig when no consequence lies outside them; null otherwise. */
  readonly genesOf: (canonical: string) => GeneTrack | null;
  /** The file's build when its records are lifted to that of the reference. */
  readonly lifted: BuildData | null;
  /** Go on with rows that are not in order: they are sorted later. */
  readonly isSortedLater: boolean;
}

export interface WrittenSites {
  /** For how many records csq could tell something. */
  readonly asked: number;
  /** False when csq's rows, unless they are sorted, may not be in the order of the records: indels move to the left. */
  readonly isInOrder: boolean;
}

/** The rows are not in the order of their positions. */
export class NotSorted extends Error {
  override message = "the records are not sorted";
}

/** An indel may be moved to the left by as much, into a gene that ends before it. */
export const MARGIN = 1_000;
const BASES = /^[ACGT]+$/;
const SINK_BYTES = 1 << 17;
const [TAB, HASH, ZERO] = [9, 35, 48];
const EMPTY_COLUMNS = Buffer.from("\t.\t.\t.\n", "latin1");

/**
 * Writes a VCF that has sites only: a row for each ALT that csq can take, whose ID is the record's ordinal (0 = first
 * readable record, as LineAnnotator counts them), with `.` and the number of the ALT where it may not be the only one.
 * Throws NotSorted.
 */
export async function writeSites(input: Input, setting: SiteSetting, output: Writable): Promise<WrittenSites> {
  const declared = [...setting.contigs.values()].map(({ name, length }) => `##contig=<ID=${name},length=${length}>\n`);
  const header = `##fileformat=VCFv4.2\n${declared.join("")}#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n`;
  output.write(header, "latin1");
  const rows = new SiteRows(setting);
  for await (const block of lineBlocks(input.read())) {
    rows.block(block);
    const { bytes } = rows.sink;
    if (bytes.length > 0 && !output.write(Buffer.from(bytes))) await once(output, "drain");
    rows.sink.clear();
  }
  return rows;
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
    readonly length: number;
    readonly genes: GeneTrack | null;
  } | null;
}

class SiteRows implements WrittenSites {
  readonly sink = new ByteSink(SINK_BYTES);
  asked = 0;
  isInOrder = true;
  readonly #setting: SiteSetting;
  readonly #seen = new Set<string>();
  #contig: Contig = { name: "", bytes: Buffer.alloc(0), found: null };
  #isHeader = true;
  #ordinal = 0;
  /** Where the last row is. */
  #lastName = "";
  #lastPos = 0;
  /** From the position where it was asked for up to `until`, every base is near a gene, or none is. */
  #near = { from: 1, until: 0, isNear: false };

  constructor(setting: SiteSetting) {
    this.#setting = setting;
  }

  /** Writes the rows of a block of whole lines into `sink`. */
  block(bytes: Buffer): void {
    for (let start = 0; start < bytes.length; ) {
      const feed = bytes.indexOf(LINE_FEED, start);
      const end = feed === -1 ? bytes.length : feed;
      if (this.#isHeader || bytes[start] === HASH) {
        if (bytes.toString("latin1", start, Math.min(end, start + 6)) === "#CHROM") this.#isHeader = false;
      } else if (this.#setting.lifted !== null || !this.#substitution(bytes, start, end)) {
        const lineEnd = headEnd(bytes, start, end);
        if (lineEnd - start <= MAX_HEAD_BYTES) this.#any(bytes.toString("latin1", start, lineEnd));
      }
      start = end + 1;
    }
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
    if (pos < 1 || bytes[posStart] === ZERO || pos > found.length) return false;
    const digitsEnd = at;
    at = bytes.indexOf(TAB, at + 1);
    if (at === -1 || at + 4 >= end || bytes[at + 2] !== TAB || bytes[at + 4] !== TAB) return false;
    const [ref, alt] = [bytes[at + 1] ?? 0, bytes[at + 3] ?? 0];
    if ((SUBSTITUTION_CODES[(ref << 8) | alt] ?? -1) < 0) return false;
    // A record has QUAL, FILTER and INFO; whether they make sense is not asked here.
    const qualEnd = bytes.indexOf(TAB, at + 5);
    const filterEnd = qualEnd === -1 ? -1 : bytes.indexOf(TAB, qualEnd + 1);
    if (filterEnd === -1 || filterEnd >= end) return false;

    if (this.#isNear(found.genes, pos)) {
      this.#follow(found.name, pos);
      const { sink } = this;
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

  #any(line: string): void {
    if (line.trim() === "") return;
    const record = readRecord(line);
    if ("problem" in record) return;
    const { lifted } = this.#setting;
    const placed = lifted === null ? record : liftedRecord(record, lifted);
    if (placed !== null && this.#rows(placed)) this.asked += 1;
    this.#ordinal += 1;
  }

  /** A row for each ALT that csq can take. False without any; true also where it is known that csq says nothing. */
  #rows(record: RecordColumns): boolean {
    const { found } = this.#contigOf(record.chrom);
    const ref = record.ref.toUpperCase();
    if (found === null || !BASES.test(ref)) return false;
    const end = record.pos + ref.length - 1;
    if (record.pos < 1 || end > found.length) return false;
    const alts = record.alt.toUpperCase().split(",");
    const taken = allelesOf(record).flatMap(({ minimal }, index) => {
      const alt = alts[index] ?? "";
      return minimal !== null && BASES.test(alt) ? [alt] : [];
    });
    if (taken.length === 0) return false;
    const { genes } = found;
    if (genes !== null && genes.overlapping(record.pos - MARGIN, end).length === 0) return true;
    this.#follow(found.name, record.pos);
    // bcftools may move an indel, and is free to order rows of one position as it likes.
    if (taken.length > 1 || taken.some((alt) => ref.length > 1 || alt.length > 1)) this.isInOrder = false;
    for (const [index, alt] of taken.entries())
      this.sink.write(`${found.name}\t${record.pos}\t${this.#ordinal}.${index}\t${ref}\t${alt}\t.\t.\t.\n`);
    return true;
  }

  #isNear(genes: GeneTrack | null, pos: number): boolean {
    if (genes === null) return true;
    if (pos < this.#near.from || pos > this.#near.until) this.#near = { from: pos, ...genes.nearness(pos, MARGIN) };
    return this.#near.isNear;
  }

  /** Notes where the next row is. */
  #follow(name: string, pos: number): void {
    const isSame = name === this.#lastName;
    const isBehind = isSame ? pos < this.#lastPos : this.#seen.has(name);
    if (isBehind && !this.#setting.isSortedLater) throw new NotSorted();
    if (!isSame) this.#seen.add(name);
    this.#lastName = name;
    this.#lastPos = pos;
  }

  #contigOf(name: string): Contig {
    if (this.#contig.name === name) return this.#contig;
    const canonical = canonicalContig(name);
    const contig = this.#setting.contigs.get(canonical);
    this.#contig = {
      name,
      bytes: Buffer.from(name, "latin1"),
      found:
        contig === undefined
          ? null
          : {
              name: contig.name,
              bytes: Buffer.from(contig.name, "latin1"),
              length: contig.length,
              genes: this.#setting.genesOf(canonical),
            },
    };
    this.#near = { from: 1, until: 0, isNear: false };
    return this.#contig;
  }
}

/** The record in the build of the reference; null where that lacks its place. */
function liftedRecord(record: RecordColumns, lifted: BuildData): RecordColumns | null {
  const places = placesOf(record, allelesOf(record));
  return places === null ? null : (liftRecord(record, places, lifted)?.record ?? null);
}
