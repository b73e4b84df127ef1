import { randomUUID } from "node:crypto";
import { closeSync, createReadStream, mkdirSync, openSync, readdirSync, readSync, rmSync } from "node:fs";
import { copyFile, type FileHandle, mkdir, open, rename, rm, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import type { Disk } from "./disk.ts";
import { isSmallBlob, type SmallBlobs } from "./small-blobs.ts";

const PREFETCH_BYTES = 256 * 1024;
const WRITE_BYTES = 256 * 1024;
/** So few bytes are read at once: from the page cache that takes less CPU time than one trip to another thread. */
const SMALL_BYTES = 64 * 1024;

/** A blob and how many bytes of it there are. */
export interface BlobSegment {
  readonly blob: string;
  readonly sizeBytes: number;
}

export interface BlobStoreOptions {
  readonly disk: Pick<Disk, "checkRoom">;
  /** Where blobs lie that are no files; whoever names one in a row has inserted it with that row. */
  readonly small?: SmallBlobs;
}

/**
 * Immutable files of bytes. A blob appears whole or not at all: it is written under `tmp`, synced and renamed. Which
 * blobs count is the index's
 * matter; what no row names is removed at the next start.
 */
export class BlobStore {
  readonly #folder: string;
  readonly #disk: Pick<Disk, "checkRoom">;
  readonly #small: SmallBlobs | undefined;
  readonly #readers = new Map<string, number>();
  // Replaced while somebody read them: removed when the last reader is done.
  readonly #condemned = new Set<string>();
  /** Folders of blobs that are known to be there. */
  readonly #shards = new Set<string>();

  constructor(folder: string, { disk, small }: BlobStoreOptions) {
    this.#folder = folder;
    this.#disk = disk;
    this.#small = small;
    rmSync(join(folder, "tmp"), { recursive: true, force: true });
    mkdirSync(join(folder, "tmp"), { recursive: true });
    mkdirSync(join(folder, "blobs"), { recursive: true });
  }

  /** Throws when the disk is full. */
  checkRoom(): void {
    this.#disk.checkRoom();
  }

  /** Throws when the disk is full. */
  async startBlob(): Promise<BlobWriter> {
    this.#disk.checkRoom();
    const blob = randomUUID();
    const temporary = join(this.#folder, "tmp", blob);
    const path = this.#path(blob);
    await this.#makeFolder(path);
    return new BlobWriter({ blob, temporary, path, file: await open(temporary, "wx") });
  }

  /** A blob with the same bytes, sharing them where the file system can. */
  async copy(source: string): Promise<string> {
    const blob = randomUUID();
    const temporary = join(this.#folder, "tmp", blob);
    await copyFile(this.#path(source), temporary, 2 /* COPYFILE_FICLONE */);
    await this.#makeFolder(this.#path(blob));
    await rename(temporary, this.#path(blob));
    return blob;
  }

  /**
   * Bytes `start` to `end` (inclusive) of the segments in a row: as `read` gives them, or at once when they are few.
   */
  readFast(segments: readonly BlobSegment[], start: number, end: number): Readable | Buffer {
    if (end - start >= SMALL_BYTES) return this.read(segments, start, end);
    const [first, ...rest] = slice(segments, start, end).map((piece) => this.#readNow(piece));
    if (!first) return Buffer.alloc(0);
    return rest.length === 0 ? first : Buffer.concat([first, ...rest]);
  }

  /**
   * Bytes `start` to `end` (inclusive) of the segments in a row. The blobs stay readable until the stream ends, even
   * when they are removed.
   */
  read(segments: readonly BlobSegment[], start: number, end: number): Readable {
    const pieces = slice(segments, start, end);
    const [piece] = pieces;
    if (pieces.length === 1 && piece && isSmallBlob(piece.blob)) return Readable.from([this.#readNow(piece)]);
    const release = this.hold(pieces.map(({ blob }) => blob));
    const stream = Readable.from(this.#chunks(pieces), { objectMode: false, highWaterMark: PREFETCH_BYTES });
    stream.once("close", release);
    return stream;
  }

  /** Keeps blobs from being removed until the returned function is called. */
  hold(blobs: readonly string[]): () => void {
    for (const blob of blobs) this.#readers.set(blob, (this.#readers.get(blob) ?? 0) + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      for (const blob of blobs) this.#release(blob);
    };
  }

  /** Removes blobs that no row names any more. A crash before this leaves them to the next start. */
  remove(blobs: readonly string[]): void {
    for (const blob of blobs) {
      if (isSmallBlob(blob)) this.#small?.delete(blob);
      else if (this.#readers.has(blob)) this.#condemned.add(blob);
      else void unlink(this.#path(blob)).catch(() => undefined); // the next start tries again
    }
  }

  /** At start: removes every blob that is not in use. */
  sweep(inUse: ReadonlySet<string>): void {
    this.#small?.sweep(inUse);
    const root = join(this.#folder, "blobs");
    for (const shard of readdirSync(root)) {
      for (const blob of readdirSync(join(root, shard))) {
        if (!inUse.has(blob)) rmSync(join(root, shard, blob), { force: true });
      }
    }
  }

  #readNow({ blob, start, end }: Piece): Buffer {
    if (this.#small && isSmallBlob(blob)) return this.#small.get(blob).subarray(start, end + 1);
    const bytes = Buffer.allocUnsafe(end - start + 1);
    const file = openSync(this.#path(blob), "r");
    try {
      for (let filled = 0; filled < bytes.length; ) {
        const count = readSync(file, bytes, filled, bytes.length - filled, start + filled);
        if (count === 0) throw new Error(`The file of blob ${blob} is shorter than its row says.`);
        filled += count;
      }
    } finally {
      closeSync(file);
    }
    return bytes;
  }

  async #makeFolder(path: string): Promise<void> {
    const folder = dirname(path);
    if (this.#shards.has(folder)) return;
    await mkdir(folder, { recursive: true });
    this.#shards.add(folder);
  }

  async *#chunks(pieces: readonly Piece[]): AsyncGenerator<Buffer> {
    for (const { blob, start, end } of pieces) {
      if (isSmallBlob(blob)) yield this.#readNow({ blob, start, end });
      else yield* createReadStream(this.#path(blob), { start, end, highWaterMark: PREFETCH_BYTES });
    }
  }

  #release(blob: string): void {
    const readers = (this.#readers.get(blob) ?? 1) - 1;
    if (readers > 0) {
      this.#readers.set(blob, readers);
      return;
    }
    this.#readers.delete(blob);
    if (this.#condemned.delete(blob)) this.remove([blob]);
  }

  #path(blob: string): string {
    return join(this.#folder, "blobs", blob.slice(0, 2), blob);
  }
}

interface BlobWriterOptions {
  readonly blob: string;
  readonly temporary: string;
  readonly path: string;
  readonly file: FileHandle;
}

/** A blob that is being written. Ends with either `keep` or `discard`. */
export class BlobWriter {
  readonly blob: string;
  readonly #options: BlobWriterOptions;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  constructor(options: BlobWriterOptions) {
    this.blob = options.blob;
    this.#options = options;
  }

  /** Bytes may wait in memory until there are enough for one call of the system. */
  async write(chunk: Uint8Array): Promise<void> {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes >= WRITE_BYTES) await this.#flush();
  }

  async keep(): Promise<void> {
    const { file, temporary, path } = this.#options;
    await this.#flush();
    await file.sync();
    await file.close();
    await rename(temporary, path);
  }

  async discard(): Promise<void> {
    await this.#options.file.close();
    await rm(this.#options.temporary, { force: true });
  }

  async #flush(): Promise<void> {
    const { file } = this.#options;
    const chunks = this.#waiting;
    if (chunks.length === 0) return;
    const { bytesWritten } = await file.writev(chunks);
    // Not all at once on a disk that is nearly full, for example: then the rest piece by piece, until that fails.
    if (bytesWritten < this.#waitingBytes) {
      const rest = Buffer.concat(chunks).subarray(bytesWritten);
      for (let offset = 0; offset < rest.length; ) offset += (await file.write(rest, offset)).bytesWritten;
    }
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}

interface Piece {
  readonly blob: string;
  readonly start: number;
  readonly end: number;
}

function slice(segments: readonly BlobSegment[], start: number, end: number): readonly Piece[] {
  const pieces: Piece[] = [];
  let offset = 0;
  for (const { blob, sizeBytes } of segments) {
    const first = Math.max(start - offset, 0);
    const last = Math.min(end - offset, sizeBytes - 1);
    if (first <= last) pieces.push({ blob, start: first, end: last });
    offset += sizeBytes;
  }
  return pieces;
}
