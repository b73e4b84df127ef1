import { closeSync, fstatSync, ftruncateSync, openSync, readSync, statSync, writeSync } from "node:fs";

/** EC2 answers with the last 64 KiB. */
export const CONSOLE_TAIL_BYTES = 64 * 1024;

/** The last bytes of a log; empty when there is none. */
export function readTail(path: string, maxBytes: number): Buffer {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return Buffer.alloc(0); // not started yet, or removed
  }
  try {
    const { size } = fstatSync(file);
    const length = Math.min(size, maxBytes);
    const tail = Buffer.alloc(length);
    return tail.subarray(0, readSync(file, tail, 0, length, size - length));
  } finally {
    closeSync(file);
  }
}

/**
 * Cuts a log that outgrew its limit to its newer half. The writers hold it open for appending and go on at the new end;
 * a line
 * written in the instant between reading and cutting is lost.
 */
export function boundLog(path: string, maxBytes: number): void {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) <= maxBytes) return;
  const tail = readTail(path, Math.floor(maxBytes / 2));
  const file = openSync(path, "r+");
  try {
    ftruncateSync(file, 0);
    writeSync(file, tail.subarray(tail.indexOf(10) + 1), 0, undefined, 0);
  } finally {
    closeSync(file);
  }
}
