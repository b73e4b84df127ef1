import { BLOCK_BYTES, bgzip } from "./bgzip.ts";

/** Positions from here on do not fit into such an index: the format ends at 2^29. */
const MAX_POSITION = 2 ** 29;
const WINDOW_SHIFT = 14;
const TAB = 9;
const LINE_FEED = 10;
const HASH = 35;

/** Why a result can have no index, a sentence. */
export class NotIndexable extends Error {
  override readonly name = "NotIndexable";
}

/** Bytes of the text, of which `virtualOffset` makes places in the packed file. */
interface Chunk {
  readonly from: number;
  to: number;
}

interface Contig {
  readonly name: string;
  readonly bins: Map<number, Chunk[]>;
  /** Where the first record that touches each window of 16,384 bases begins. */
  readonly windows: (number | undefined)[];
  last: number;
}

/**
 * The index (`.tbi`) of the file that `bgzip` makes of the same text: https://samtools.github.io/hts-specs/tabix.pdf.
 * Throws NotIndexable for a text that is not sorted, and what `check` throws, which is called now and then.
 */
export async function tabixIndex(text: AsyncIterable<Uint8Array>, check: () => void): Promise<Buffer> {
  const contigs: Contig[] = [];
  let [at, rest] = [0, Buffer.alloc(0)];
  const reading = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of text) {
      check();
      const bytes = Buffer.concat([rest, chunk]);
      const end = bytes.lastIndexOf(LINE_FEED) + 1;
      addLines(contigs, bytes.subarray(0, end), at);
      at += end;
      rest = bytes.subarray(end);
      yield chunk;
    }
    if (rest.length > 0) addLines(contigs, Buffer.concat([rest, Buffer.of(LINE_FEED)]), at);
  };
  const starts: number[] = [];
  let packed = 0;
  for await (const block of bgzip(reading())) {
    starts.push(packed);
    packed += block.length;
  }
  const parts: Buffer[] = [];
  for await (const block of bgzip([indexBytes(contigs, starts)])) parts.push(block);
  return Buffer.concat(parts);
}

/** Takes whole lines that begin at byte `start` of the text. */
function addLines(contigs: Contig[], lines: Buffer, start: number): void {
  for (let at = 0; at < lines.length; ) {
    const end = lines.indexOf(LINE_FEED, at) + 1;
    if (lines[at] !== HASH && end - at > 1)
      addRecord(contigs, lines.subarray(at, end - 1), { from: start + at, to: start + end });
    at = end;
  }
}

function addRecord(contigs: Contig[], line: Buffer, place: Chunk): void {
  const columns = headOf(line);
  const [name = "", position = "", , ref = "", , , , info = ""] = columns;
  const first = Number(position) - 1;
  if (!Number.isSafeInteger(first) || first < -1 || columns.length < 8)
    throw new NotIndexable("It has lines that are no records.");
  const begin = Math.max(0, first);
  const end = Math.max(begin + Math.max(1, ref.length), Number(/(?:^|;)END=(\d+)/.exec(info)?.[1] ?? 0));
  if (end > MAX_POSITION) throw new NotIndexable("It has positions beyond 536,870,912.");
  let contig = contigs.at(-1);
  if (contig?.name !== name) {
    if (contigs.some((other) => other.name === name)) throw new NotIndexable(UNSORTED);
    contig = { name, bins: new Map(), windows: [], last: 0 };
    contigs.push(contig);
  }
  if (begin < contig.last) throw new NotIndexable(UNSORTED);
  contig.last = begin;
  const bin = binOf(begin, end);
  const chunks = contig.bins.get(bin) ?? [];
  contig.bins.set(bin, chunks);
  const before = chunks.at(-1);
  if (before?.to === place.from) before.to = place.to;
  else chunks.push(place);
  for (let window = begin >> WINDOW_SHIFT; window <= (end - 1) >> WINDOW_SHIFT; window += 1)
    contig.windows[window] ??= place.from;
}

const UNSORTED = "Its records are not sorted by position.";

/** The first eight columns: samples may have many megabytes. */
function headOf(line: Buffer): string[] {
  let at = -1;
  for (let tabs = 0; tabs < 8; tabs += 1) {
    const tab = line.indexOf(TAB, at + 1);
    if (tab === -1) return line.toString("latin1").replace(/\r$/, "").split("\t");
    at = tab;
  }
  return line.toString("latin1", 0, at).split("\t");
}

/** The smallest bin that holds [begin, end), counted from 0: SAM specification, section 5.3. */
function binOf(begin: number, end: number): number {
  const last = end - 1;
  for (let [shift, first] = [WINDOW_SHIFT, 4_681]; shift < 29; shift += 3, first = (first - 1) / 8)
    if (begin >> shift === last >> shift) return first + (begin >> shift);
  return 0;
}

function indexBytes(contigs: readonly Contig[], starts: readonly number[]): Buffer {
  const offset = (at: number) => {
    const block = Math.floor(at / BLOCK_BYTES);
    return (BigInt(starts[block] ?? starts.at(-1) ?? 0) << 16n) | BigInt(at % BLOCK_BYTES);
  };
  const names = Buffer.from(contigs.map(({ name }) => `${name}\0`).join(""), "latin1");
  const head = Buffer.from("TBI\x01", "latin1");
  // VCF: contig in column 1, position in column 2, no column with an end, comments begin with #, no lines to skip.
  const parts = [head, int32(contigs.length, 2, 1, 2, 0, HASH, 0, names.length), names];
  for (const { bins, windows } of contigs) {
    parts.push(int32(bins.size));
    for (const [bin, chunks] of bins) {
      parts.push(bin32(bin), int32(chunks.length));
      for (const { from, to } of chunks) parts.push(uint64(offset(from)), uint64(offset(to)));
    }
    parts.push(int32(windows.length));
    let before = 0n;
    for (let window = 0; window < windows.length; window += 1) {
      const from = windows[window];
      if (from !== undefined) before = offset(from);
      parts.push(uint64(before));
    }
  }
  return Buffer.concat(parts);
}

function int32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeInt32LE(value, index * 4);
  return bytes;
}

function bin32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
