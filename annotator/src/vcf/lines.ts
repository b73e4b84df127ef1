import { AnnotationFailure, FAILURES } from "./failure.ts";

/** A line of half a million samples has 10 to 25 MB. */
const MAX_LINE_BYTES = 32 * 2 ** 20;
/** A record with more than this before its samples passes through: such a text is not worth its memory. */
export const MAX_HEAD_BYTES = 4 * 2 ** 20;
export const LINE_FEED = 10;
const [TAB, CARRIAGE_RETURN] = [9, 13];

/**
 * Cuts a stream of bytes into blocks of whole lines (each ends with a line feed, except perhaps the last). Throws
 * AnnotationFailure.
 */
export async function* lineBlocks(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(LINE_FEED) + 1;
    if (end === 0) {
      waiting.push(chunk);
      waitingBytes += chunk.length;
      if (waitingBytes > MAX_LINE_BYTES) throw new AnnotationFailure(FAILURES.lineTooLong);
      continue;
    }
    // The line that two chunks share is a block of its own: to join it with the rest would copy the whole file.
    const start = waiting.length === 0 ? 0 : chunk.indexOf(LINE_FEED) + 1;
    if (start > 0) yield Buffer.concat([...waiting, chunk.subarray(0, start)]);
    if (start < end) yield chunk.subarray(start, end);
    waiting = end < chunk.length ? [chunk.subarray(end)] : [];
    waitingBytes = chunk.length - end;
  }
  if (waitingBytes > 0) yield Buffer.concat(waiting);
}

/**
 * The lines of a block without their line feeds; a last line without one counts. Latin-1: every byte is one character
 * and comes out again as it was, whatever the file's encoding.
 */
export function* linesOf(block: Buffer): Generator<string> {
  for (let start = 0; start < block.length; ) {
    const feed = block.indexOf(LINE_FEED, start);
    const end = feed === -1 ? block.length : feed;
    yield block.toString("latin1", start, end);
    start = end + 1;
  }
}

/** Like `linesOf`, but of each line only the first eight columns: a record's samples may have many megabytes. */
export function* recordHeadsOf(block: Buffer): Generator<string> {
  for (let start = 0; start < block.length; ) {
    const feed = block.indexOf(LINE_FEED, start);
    const end = feed === -1 ? block.length : feed;
    yield block.toString("latin1", start, headEnd(block, start, end));
    start = end + 1;
  }
}

/** Where the first eight columns of the line from `start` to `end` end, without a carriage return. */
export function headEnd(block: Buffer, start: number, end: number): number {
  let tabs = 0;
  for (let at = start; at < end; at += 1) {
    if (block[at] !== TAB) continue;
    tabs += 1;
    if (tabs === 8) return at;
  }
  return end > start && block[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
}

/** Where the line before the one at `at` begins; 0 for the first. */
export function lineBefore(block: Buffer, at: number): number {
  return at < 2 ? 0 : block.lastIndexOf(LINE_FEED, at - 2) + 1;
}

/** The whole number from `at` up to a tab. */
export function numberAt(block: Buffer, at: number): number {
  let number = 0;
  for (let byte = block[at]; byte !== undefined && byte !== TAB; byte = block[++at]) number = number * 10 + byte - 48;
  return number;
}

/** Latin-1 text of a file as the UTF-8 that it was. */
function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}

/** The other way: text as bytes of its UTF-8, one character each. */
export function latin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** Start of a text, for a sentence. */
export function excerpt(text: string, characters = 60): string {
  const whole = utf8(text.slice(0, characters * 4));
  return whole.length > characters ? `${whole.slice(0, characters - 1)}…` : whole;
}
