import sharp, { type OutputInfo, type Sharp } from "sharp";

/** An upright picture, ready for the detector and for drawing: RGB, 8 bits, at most WORKING_EDGE pixels long. */
export interface Picture {
  readonly pixels: Buffer;
  readonly width: number;
  readonly height: number;
  /** Size of the upright original. */
  readonly originalWidth: number;
  readonly originalHeight: number;
  readonly contentType: string;
}

export type PictureProblem = "not a picture" | "too many pixels" | "damaged";

/** The bytes are no picture that we take; the message is a sentence for the user. */
export class PictureUnusable extends Error {
  override name = "PictureUnusable";
  readonly problem: PictureProblem;
  constructor(problem: PictureProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

export const MAX_PIXELS = 50_000_000;
/** Long edge of the annotated picture: enough for a screen, and faces lose nothing at the model's 260 pixels. */
const WORKING_EDGE = 1600;

type Format = "jpeg" | "png" | "webp" | "gif" | "avif";

// What browsers show and libvips reads with care. Never svg: it can name other files.
const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  gif: "image/gif",
  avif: "image/avif",
};

/** Decodes by content, whatever the name says. Of an animation, the first frame. Throws PictureUnusable. */
export async function readPicture(bytes: Uint8Array): Promise<Picture> {
  const { width, height, contentType } = await inspect(bytes);
  try {
    const { data, info } = await open(bytes)
      .autoOrient()
      .resize({ width: WORKING_EDGE, height: WORKING_EDGE, fit: "inside", withoutEnlargement: true })
      .flatten({ background: "#ffffff" })
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const pixels = info.channels === 3 ? data : await toRgb(data, info);
    return {
      pixels,
      width: info.width,
      height: info.height,
      originalWidth: width,
      originalHeight: height,
      contentType,
    };
  } catch {
    // libvips describes the damage in terms of its loaders, which helps nobody.
    throw damaged();
  }
}

/**
 * The format that the first bytes announce: nothing else is handed to a decoder, so that no other loader ever sees a
 * user's bytes.
 */
function sniffFormat(bytes: Uint8Array): Format | undefined {
  const text = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));
  if (text(0, 3) === "\xff\xd8\xff") return "jpeg";
  if (text(0, 8) === "\x89PNG\r\n\x1a\n") return "png";
  if (text(0, 6) === "GIF87a" || text(0, 6) === "GIF89a") return "gif";
  if (text(0, 4) === "RIFF" && text(8, 12) === "WEBP") return "webp";
  if (text(4, 8) === "ftyp" && /avi[fs]/.test(text(8, 40))) return "avif";
  return undefined;
}

async function inspect(bytes: Uint8Array): Promise<{ width: number; height: number; contentType: string }> {
  const format = sniffFormat(bytes);
  if (format === undefined) throw notAPicture();
  const metadata = await open(bytes)
    .metadata()
    .catch((error: unknown) => {
      throw error instanceof Error && /pixel limit/.test(error.message) ? tooManyPixels() : damaged();
    });
  // libvips calls AVIF by its container's name; the same container with H.265 (HEIC) is not taken.
  const read = metadata.format === "heif" && metadata.compression === "av1" ? "avif" : metadata.format;
  if (read !== format) throw notAPicture();
  const { width, height } = metadata.autoOrient;
  if (width * height > MAX_PIXELS) throw tooManyPixels();
  return { width, height, contentType: CONTENT_TYPES[format] };
}

function open(bytes: Uint8Array): Sharp {
  // Warnings are common in files from phones; errors mean that pixels are missing.
  return sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: "error" });
}

/** A greyscale original stays at one channel until it is told to have three. */
async function toRgb(data: Buffer, { width, height, channels }: OutputInfo): Promise<Buffer> {
  const raw = { width, height, channels };
  return sharp(data, { raw }).toColourspace("srgb").removeAlpha().raw().toBuffer();
}

function notAPicture(): PictureUnusable {
  return new PictureUnusable("not a picture", "This is not a JPEG, PNG, WebP, GIF or AVIF photo.");
}

function damaged(): PictureUnusable {
  return new PictureUnusable("damaged", "This photo is damaged: it ends early or cannot be decoded.");
}

function tooManyPixels(): PictureUnusable {
  return new PictureUnusable("too many pixels", `This photo has more than ${MAX_PIXELS / 1e6} megapixels.`);
}
