/** For tests: the drawn pictures that come with the project, and the photos beside it on machines that have them. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { crc32, deflateSync } from "node:zlib";

const PICTURES = new URL("../../../samples/pictures/", import.meta.url);
const PHOTOS = new URL("../../../../shared/samples/masks/", import.meta.url);

/** Folders with pictures and a truth.csv. */
export const TRUTH_FOLDERS = [PICTURES, PHOTOS]
  .filter((folder) => existsSync(folder))
  .map((folder) => fileURLToPath(folder));

export function readSample(file: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(new URL(file, PICTURES)));
}

/** A few KB that say they are a picture of 400 megapixels. */
export function hugePicture(): Uint8Array<ArrayBuffer> {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(20_000, 0);
  head.writeUInt32BE(20_000, 4);
  head[8] = 1; // bits a pixel; greyscale
  const rows = deflateSync(Buffer.alloc(1_000_000));
  const parts = [chunk("IHDR", head), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))];
  return Uint8Array.from(Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), ...parts]));
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type), data]);
  const framed = Buffer.alloc(typed.length + 8);
  framed.writeUInt32BE(data.length, 0);
  typed.copy(framed, 4);
  framed.writeUInt32BE(crc32(typed), typed.length + 4);
  return framed;
}
