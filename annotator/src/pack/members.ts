import { closeSync, openSync, readSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/**
 * Lines of one gzip member of a file of several. Latin-1, as the engine treats all text: bytes pass through unchanged.
 */
export function readMember(path: string, [offset, length]: readonly [number, number]): string[] {
  const member = Buffer.alloc(length);
  const file = openSync(path, "r");
  try {
    const read = readSync(file, member, 0, length, offset);
    if (read !== length)
      throw new Error(`The annotation pack's ${path} ends after ${offset + read} bytes. Make the pack again.`);
  } finally {
    closeSync(file);
  }
  const lines = gunzipSync(member).toString("latin1").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
