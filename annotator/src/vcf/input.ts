import { createReadStream, type ReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { foreignFile, HEAD_BYTES, isGzip, REFUSALS } from "@elastic-gas/shared/vcf/foreign-file";
import { AnnotationFailure, FAILURES, refused } from "./failure.ts";

const CHUNK_BYTES = 1 << 18;
/** An end-of-file marker of BGZF: an empty block. SAM/BAM specification, section 4.1.2. */
const BGZF_END = Buffer.from("1f8b08040000000000ff0600424302001b0003000000000000000000", "hex");

export interface Input {
  readonly sizeBytes: number;
  readonly compressed: boolean;
  /** The file's text from its start, decompressed. Bytes of the file taken so far are told to `onBytes`. Throws AnnotationFailure. */
  read(onBytes?: (bytes: number) => void): AsyncGenerator<Buffer>;
}

/** What a file may hold once it is unpacked, and what to say of one that holds more. */
export interface TextLimit {
  readonly bytes: number;
  readonly sentence: string;
}

/** Looks at a file's first and last bytes. Throws AnnotationFailure for what is clearly no VCF. */
export async function openInput(path: string, limit: TextLimit | null = null): Promise<Input> {
  const { head, tail, sizeBytes } = await readEnds(path);
  const foreign = foreignFile(head, false);
  if (foreign !== null) throw refused(foreign);
  const compressed = isGzip(head);
  // zlib takes a BGZF file that is cut exactly between two blocks for complete.
  if (compressed && isBgzf(head) && !tail.equals(BGZF_END)) throw new AnnotationFailure(FAILURES.truncated);
  return {
    sizeBytes,
    compressed,
    async *read(onBytes = () => undefined) {
      const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
      let textBytes = 0;
      for await (const chunk of compressed ? decompress(file) : chunks(file)) {
        if (textBytes === 0 && compressed) {
          const inner = foreignFile(chunk, true);
          if (inner !== null) throw refused(inner);
        }
        textBytes += chunk.length;
        if (limit !== null && textBytes > limit.bytes) throw new AnnotationFailure(limit.sentence);
        onBytes(file.bytesRead);
        yield chunk;
      }
      if (textBytes === 0) throw refused(REFUSALS.empty);
    },
  };
}

/** True when the first member carries the extra field BC of BGZF. */
function isBgzf(head: Buffer): boolean {
  return head.length >= 18 && ((head[3] ?? 0) & 4) !== 0 && head[12] === 0x42 && head[13] === 0x43;
}

async function readEnds(path: string): Promise<{ head: Buffer; tail: Buffer; sizeBytes: number }> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  const head = Buffer.alloc(Math.min(size, HEAD_BYTES));
  await file.read(head, 0, head.length, 0);
  const tail = Buffer.alloc(Math.min(size, BGZF_END.length));
  await file.read(tail, 0, tail.length, size - tail.length);
  return { head, tail, sizeBytes: size };
}

async function* decompress(file: ReadStream): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // pipeline destroys both streams on an error, which the loop below then meets.
  const fed = pipeline(file, gunzip).catch((error: unknown) => error);
  try {
    yield* chunks(gunzip);
  } catch (error) {
    throw gzipFailure(error);
  }
  const error = await fed;
  if (error !== undefined) throw gzipFailure(error);
}

async function* chunks(stream: Readable): AsyncGenerator<Buffer> {
  for await (const chunk of stream) {
    if (chunk instanceof Buffer) yield chunk;
  }
}

/** https://nodejs.org/api/zlib.html: Z_BUF_ERROR is an unexpected end, Z_DATA_ERROR damage. */
function gzipFailure(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "Z_BUF_ERROR") return new AnnotationFailure(FAILURES.truncated, { cause: error });
  if (typeof code === "string" && code.startsWith("Z_"))
    return new AnnotationFailure(FAILURES.corrupt, { cause: error });
  return error;
}
