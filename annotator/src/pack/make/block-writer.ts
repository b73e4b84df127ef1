import { type FileHandle, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { deflateRaw, gzip } from "node:zlib";

/** Of text before packing: a look-up reads and unpacks one block. */
const BLOCK_CHARACTERS = 1 << 16;
/** Blocks that are packed at the same time: the thread pool has four threads. */
const IN_WORK = 8;

export type Members = ReadonlyMap<string, readonly [number, number]>;

interface Packing {
  readonly contig: string;
  readonly first: number;
  readonly packed: Promise<Buffer>;
}

/**
 * Writes rows by chromosome and position as block-track.ts reads them. Memory holds a few blocks, whatever the number
 * of rows.
 */
export class BlockWriter {
  readonly #directory: string;
  readonly #name: string;
  readonly #file: FileHandle;
  readonly #index = new Map<string, string[]>();
  readonly #working: Packing[] = [];
  #contig = "";
  #text = "";
  #first = 0;
  #last = 0;
  #offset = 0;
  /** Rows that a record still to come may precede. */
  #waiting: { readonly pos: number; readonly row: string }[] = [];
  rows = 0;

  private constructor(directory: string, name: string, file: FileHandle) {
    this.#directory = directory;
    this.#name = name;
    this.#file = file;
  }

  static async open(directory: string, name: string): Promise<BlockWriter> {
    return new BlockWriter(directory, name, await open(join(directory, `${name}.blocks`), "w"));
  }

  get contigs(): readonly string[] {
    return [...this.#index.keys()];
  }

  /** A chromosome that no rows were written for yet. */
  begin(contig: string): void {
    this.#finishContig();
    this.#contig = contig;
    this.#index.set(contig, []);
  }

  /** A row whose first column is `pos`, which may lie behind that of the record that it comes from. */
  put(pos: number, row: string): void {
    this.#waiting.push({ pos, row });
  }

  /** No row before `pos` will come for this chromosome any more. */
  reach(pos: number): void {
    if (this.#waiting.length === 0) return;
    if (this.#waiting.length > 1) this.#waiting.sort((a, b) => a.pos - b.pos);
    let count = 0;
    for (const { pos: own, row } of this.#waiting) {
      if (own >= pos) break;
      this.#write(own, row);
      count += 1;
    }
    this.#waiting = count === this.#waiting.length ? [] : this.#waiting.slice(count);
  }

  /** Waits until few blocks are in work. */
  async settle(): Promise<void> {
    while (this.#working.length > IN_WORK) await this.#append();
  }

  /** Writes what is left, and the index; returns where each chromosome's part of it lies. */
  async close(): Promise<{ readonly files: { blocks: string; index: string }; readonly members: Members }> {
    this.#finishContig();
    while (this.#working.length > 0) await this.#append();
    await this.#file.close();
    const files = { blocks: `${this.#name}.blocks`, index: `${this.#name}.index.gz` };
    return { files, members: await writeMembers(join(this.#directory, files.index), this.#index) };
  }

  #write(pos: number, row: string): void {
    if (this.#text.length >= BLOCK_CHARACTERS && pos !== this.#last) this.#finishBlock();
    if (this.#text === "") this.#first = pos;
    this.#text += `${row}\n`;
    this.#last = pos;
    this.rows += 1;
  }

  #finishContig(): void {
    this.reach(Number.POSITIVE_INFINITY);
    this.#finishBlock();
  }

  #finishBlock(): void {
    if (this.#text === "") return;
    const packed = packBlock(Buffer.from(this.#text, "latin1"));
    // Awaited by #append; a rejection before that is no unhandled one.
    packed.catch(() => undefined);
    this.#working.push({ contig: this.#contig, first: this.#first, packed });
    this.#text = "";
  }

  async #append(): Promise<void> {
    const next = this.#working.shift();
    if (next === undefined) return;
    const packed = await next.packed;
    await this.#file.appendFile(packed);
    this.#index.get(next.contig)?.push(`${next.first}\t${this.#offset}\t${packed.length}`);
    this.#offset += packed.length;
  }
}

const packBlock: (text: Buffer) => Promise<Buffer> = promisify(deflateRaw);
const packMember: (text: Buffer) => Promise<Buffer> = promisify(gzip);

/** Writes lines by chromosome, each chromosome a gzip member: where each lies. */
export async function writeMembers(path: string, lines: ReadonlyMap<string, readonly string[]>): Promise<Members> {
  const members = new Map<string, readonly [number, number]>();
  const parts: Buffer[] = [];
  let offset = 0;
  for (const [contig, own] of lines) {
    if (own.length === 0) continue;
    const packed = await packMember(Buffer.from(`${own.join("\n")}\n`, "latin1"));
    members.set(contig, [offset, packed.length]);
    parts.push(packed);
    offset += packed.length;
  }
  await writeFile(path, Buffer.concat(parts));
  return members;
}
