import { AnnotationFailure, FAILURES } from "./failure.ts";

const MAX_LINE_BYTES = 256 * 2 ** 20;

/**
 * Cuts a stream of bytes into texts of whole lines (each ends with a line feed, except perhaps the last). Latin-1: every byte is one character and comes out
 * again as it was, whatever the file's encoding.
 */
export async function* lineBlocks(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(10) + 1;
    if (end === 0) {
      waiting.push(chunk);
      waitingBytes += chunk.length;
      if (waitingBytes > MAX_LINE_BYTES) throw new AnnotationFailure(FAILURES.lineTooLong);
      continue;
    }
    waiting.push(chunk.subarray(0, end));
    yield join(waiting);
    waiting = end < chunk.length ? [chunk.subarray(end)] : [];
    waitingBytes = chunk.length - end;
  }
  if (waitingBytes > 0) yield join(waiting);
}

/** The lines of a text without their line feeds; a last line without one counts. */
export function* linesOf(block: string): Generator<string> {
  for (let start = 0; start < block.length; ) {
    const feed = block.indexOf("\n", start);
    const end = feed === -1 ? block.length : feed;
    yield block.slice(start, end);
    start = end + 1;
  }
}

/** The same text without a tie to the block it was cut from (V8's slices keep their whole parent in memory). */
export function detached(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}

function join(pieces: readonly Buffer[]): string {
  const [only] = pieces;
  return (pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)).toString("latin1");
}
