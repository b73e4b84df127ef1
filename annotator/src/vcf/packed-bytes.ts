import { createReadStream, type ReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { HEAD_BYTES } from "@elastic-gas/shared/vcf/foreign-file";
import { AnnotationFailure, FAILURES } from "./failure.ts";

const CHUNK_BYTES = 1 << 18;
/** An end-of-file marker of BGZF: an empty block. SAM/BAM specification, section 4.1.2. */
const BGZF_END = Buffer.from("1f8b08040000000000ff0600424302001b0003000000000000000000", "hex");
const ZEROS = Buffer.alloc(CHUNK_BYTES);

interface Ends {
  readonly head: Buffer;
  readonly tail: Buffer;
  readonly sizeBytes: number;
}

export async function readEnds(path: string): Promise<Ends> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  const head = Buffer.alloc(Math.min(size, HEAD_BYTES));
  await file.read(head, 0, head.length, 0);
  const tail = Buffer.alloc(Math.min(size, BGZF_END.length));
  await file.read(tail, 0, tail.length, size - tail.length);
  return { head, tail, sizeBytes: size };
}

/** True for a BGZF file that is cut exactly between two blocks, which zlib takes for complete. */
export function isCutBgzf({ head, tail }: Ends): boolean {
  return isBgzf(head) && !tail.equals(BGZF_END);
}

export function openChunks(path: string, start = 0): ReadStream {
  return createReadStream(path, { highWaterMark: CHUNK_BYTES, start });
}

/** The text of gzip or BGZF, whose bytes are also those at `path`. Throws AnnotationFailure. */
export async function* decompress(file: AsyncIterable<Buffer>, path: string): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // pipeline destroys both streams on an error, which the loop below then meets.
  void pipeline(file, gunzip).catch(() => undefined);
  try {
    yield* chunks(gunzip);
  } catch (error) {
    if (!gunzip.readableEnded) throw gzipFailure(error);
  }
  // zlib takes a zero behind a member for the end and leaves the rest unread. Zeros only, as disks and some downloads
  // add them, are harmless; anything else is a hole in the file, and what lies behind it would be missing unnoticed.
  for await (const chunk of chunks(openChunks(path, gunzip.bytesWritten))) {
    if (!chunk.equals(ZEROS.subarray(0, chunk.length))) throw new AnnotationFailure(FAILURES.corrupt);
  }
}

export async function* chunks(stream: Readable): AsyncGenerator<Buffer> {
  for await (const chunk of stream) {
    if (chunk instanceof Buffer) yield chunk;
  }
}

/** True when the first member carries the extra field BC of BGZF. */
function isBgzf(head: Buffer): boolean {
  return head.length >= 18 && ((head[3] ?? 0) & 4) !== 0 && head[12] === 0x42 && head[13] === 0x43;
}

/** https://nodejs.org/api/zlib.html: Z_BUF_ERROR is an unexpected end, Z_DATA_ERROR damage. */
function gzipFailure(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "Z_BUF_ERROR") return new AnnotationFailure(FAILURES.truncated, { cause: error });
  if (typeof code === "string" && code.startsWith("Z_"))
    return new AnnotationFailure(FAILURES.corrupt, { cause: error });
  return error;
}
