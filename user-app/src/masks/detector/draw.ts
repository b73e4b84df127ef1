import sharp from "sharp";
import type { Face } from "./detect.ts";
import { letter } from "./lettering.ts";
import type { Picture } from "./picture.ts";

const MASKED_COLOUR = "#0b8f4d";
const UNMASKED_COLOUR = "#d92d20";
const OUTLINE_COLOUR = "#101820";
const FRAME_PIXELS = 4;
const THUMBNAIL_EDGE = 360;
const THUMBNAIL_FRAME_PIXELS = 3;

/** The picture with a frame and a tag around each face, as JPEG. */
export async function drawAnnotated(picture: Picture, faces: readonly Face[]): Promise<Buffer> {
  const { width, height, originalWidth } = picture;
  const scale = width / originalWidth;
  const tagHeight = Math.min(32, Math.max(16, Math.round(Math.max(width, height) / 50)));
  const marks = faces.map((face) => frame(face, scale, FRAME_PIXELS) + tag(face, scale, { width, height, tagHeight }));
  return (
    sharp(picture.pixels, { raw: { width, height, channels: 3 } })
      .composite([{ input: overlay(marks, { width, height }) }])
      // Colour at full resolution: thin red and green lines smear otherwise.
      .jpeg({ quality: 88, chromaSubsampling: "4:4:4" })
      .toBuffer()
  );
}

/** A small copy with frames and no tags, as JPEG. */
export async function drawThumbnail(picture: Picture, faces: readonly Face[]): Promise<Buffer> {
  const { data, info } = await sharp(picture.pixels, {
    raw: { width: picture.width, height: picture.height, channels: 3 },
  })
    .resize({ width: THUMBNAIL_EDGE, height: THUMBNAIL_EDGE, fit: "inside", withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const marks = faces.map((face) => frame(face, info.width / picture.originalWidth, THUMBNAIL_FRAME_PIXELS));
  return sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } })
    .composite([{ input: overlay(marks, info) }])
    .jpeg({ quality: 80, chromaSubsampling: "4:4:4" })
    .toBuffer();
}

function overlay(marks: readonly string[], { width, height }: { width: number; height: number }): Buffer {
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${marks.join("")}</svg>`,
  );
}

function frame(face: Face, scale: number, pixels: number): string {
  const box = `x="${face.left * scale}" y="${face.top * scale}" width="${face.width * scale}" height="${face.height * scale}" fill="none"`;
  return (
    `<rect ${box} stroke="${OUTLINE_COLOUR}" stroke-opacity="0.8" stroke-width="${pixels + 2}"/>` +
    `<rect ${box} stroke="${colour(face)}" stroke-width="${pixels}"/>`
  );
}

/** Above the frame, or inside its top when there is no room above; never outside the picture. */
function tag(face: Face, scale: number, place: { width: number; height: number; tagHeight: number }): string {
  const { tagHeight } = place;
  const text = `${face.masked ? "✓ mask" : "✕ no mask"} ${face.confidence.toFixed(2)}`;
  const padding = tagHeight / 4;
  const letterHeight = tagHeight / 2;
  const width = letter(text, { left: 0, top: 0, height: letterHeight }).width + 2 * padding;
  const frameTop = face.top * scale - FRAME_PIXELS / 2;
  const top = frameTop >= tagHeight ? frameTop - tagHeight : Math.max(0, frameTop);
  const left = Math.max(0, Math.min(face.left * scale - FRAME_PIXELS / 2, place.width - width));
  const words = letter(text, { left: left + padding, top: top + (tagHeight - letterHeight) / 2, height: letterHeight });
  return `<rect x="${left}" y="${top}" width="${width}" height="${tagHeight}" fill="${colour(face)}"/>${words.svg}`;
}

function colour(face: Face): string {
  return face.masked ? MASKED_COLOUR : UNMASKED_COLOUR;
}
