import { crc32, deflateRawSync } from "node:zlib";

/** Of text in one block: with the largest overhead of deflate it stays below 64 KB. */
export const BLOCK_BYTES = 65_280;
/** The empty block that marks the end: SAM specification, section 4.1.2. */
const END = Buffer.from("1f8b08040000000000ff0600424302001b0003000000000000000000", "hex");

/** Packs a stream into BGZF, which is gzip that bcftools and tabix can index: SAM specification, section 4.1. */
export async function* bgzip(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    let from = 0;
    for (; bytes.length - from >= BLOCK_BYTES; from += BLOCK_BYTES)
      yield block(bytes.subarray(from, from + BLOCK_BYTES));
    rest = bytes.subarray(from);
  }
  if (rest.length > 0) yield block(rest);
  yield END;
}

function block(text: Buffer): Buffer {
  const packed = deflateRawSync(text);
  const head = Buffer.from("1f8b08040000000000ff060042430200", "hex");
  const size = Buffer.alloc(2);
  size.writeUInt16LE(head.length + 2 + packed.length + 8 - 1);
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(crc32(text), 0);
  tail.writeUInt32LE(text.length, 4);
  return Buffer.concat([head, size, packed, tail]);
}
