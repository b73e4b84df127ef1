import { foreignFile, isGzip, REFUSALS } from "@elastic-gas/shared/vcf/foreign-file";
import { AnnotationFailure, FAILURES, refused } from "./failure.ts";
import { chunks, decompress, isCutBgzf, openChunks, readEnds } from "./packed-bytes.ts";

export interface Input {
  readonly sizeBytes: number;
  readonly compressed: boolean;
  /**
   * The file's text from its start, decompressed. Bytes of the file taken so far are told to `onBytes`. Throws
   * AnnotationFailure.
   */
  read(onBytes?: (bytes: number) => void): AsyncGenerator<Buffer>;
}

/** What a file may hold once it is unpacked, and what to say of one that holds more. */
export interface TextLimit {
  readonly bytes: number;
  readonly sentence: string;
}

/** Looks at a file's first and last bytes. Throws AnnotationFailure for what is clearly no VCF. */
export async function openInput(path: string, limit: TextLimit | null = null): Promise<Input> {
  const ends = await readEnds(path);
  const { head, sizeBytes } = ends;
  const foreign = foreignFile(head, false);
  if (foreign !== null) throw refused(foreign);
  const compressed = isGzip(head);
  if (compressed && isCutBgzf(ends)) throw new AnnotationFailure(FAILURES.truncated);
  return {
    sizeBytes,
    compressed,
    async *read(onBytes = () => undefined) {
      const file = openChunks(path);
      let textBytes = 0;
      for await (const chunk of compressed ? decompress(file, path) : chunks(file)) {
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
