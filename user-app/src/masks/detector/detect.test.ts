import { readFile } from "node:fs/promises";
import { hugePicture, readSample, TRUTH_FOLDERS } from "@elastic-gas/testing/user-app/mask-samples";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scoreFolder } from "../../../mask-model/score.ts";
import { ModelUnusable, SHIPPED_MODEL } from "../model/mask-model.ts";
import { createFaceFinder, type Face, type FaceFinder } from "./detect.ts";
import { drawAnnotated, drawThumbnail } from "./draw.ts";
import { PictureUnusable, readPicture } from "./picture.ts";

/** Also in docs/mask-model.md. */
const KNOWN_MISSES = ["six_masked.jpg", "none_qrcat.jpg"];

describe("face finder", () => {
  let finder: FaceFinder;
  beforeAll(async () => {
    finder = await createFaceFinder(await readFile(SHIPPED_MODEL));
  });
  afterAll(() => finder.close());

  it.each(TRUTH_FOLDERS)(
    "counts faces and masks in the pictures of %s exactly, but for the known misses",
    async (folder) => {
      const { pictures, misses } = await scoreFolder(SHIPPED_MODEL, folder);
      expect(pictures).toBeGreaterThan(0);
      expect(misses.map(({ truth }) => truth.file).filter((file) => !KNOWN_MISSES.includes(file))).toEqual([]);
    },
  );

  it("finds the same faces when the camera was turned", async () => {
    const photo = readSample("mixed-three.jpg");
    const upright = await finder.find(await readPicture(photo));
    // The pixels lie on their side, and the file says so.
    const turned = await sharp(photo).rotate(-90).withMetadata({ orientation: 6 }).jpeg({ quality: 95 }).toBuffer();
    expect(await sharp(turned).metadata()).toMatchObject({ width: 700, height: 900, orientation: 6 });
    const found = await finder.find(await readPicture(turned));
    expect(found.map(({ masked }) => masked)).toEqual([false, true, false]);
    for (const [index, face] of found.entries()) {
      expect(Math.abs(face.left - (upright[index]?.left ?? 0))).toBeLessThan(20);
      expect(Math.abs(face.top - (upright[index]?.top ?? 0))).toBeLessThan(20);
    }
  });

  it("says how a file differs from the model it knows", async () => {
    await expect(createFaceFinder(Buffer.from("<html>"))).rejects.toThrow(
      new ModelUnusable("The file is no ONNX model, or it is cut short."),
    );
    const shipped = await readFile(SHIPPED_MODEL);
    await expect(createFaceFinder(shipped.subarray(0, shipped.length / 2))).rejects.toThrow(ModelUnusable);
    const otherName = Buffer.from(
      shipped.toString("latin1").replaceAll("cls_branch_concat", "cls_branch_cuncat"),
      "latin1",
    );
    await expect(createFaceFinder(otherName)).rejects.toThrow(
      "The file is an ONNX model of another form: cls_branch_concat must be float32 [1, 5972, 2] and is missing.",
    );
  });
});

describe("reading pictures", () => {
  const solid = (channels: 3 | 4) =>
    sharp({ create: { width: 60, height: 30, channels, background: { r: 200, g: 100, b: 50, alpha: 0.5 } } });

  it.each([
    { what: "JPEG", bytes: () => solid(3).jpeg().toBuffer(), contentType: "image/jpeg" },
    { what: "grey JPEG", bytes: () => solid(3).greyscale().jpeg().toBuffer(), contentType: "image/jpeg" },
    { what: "CMYK JPEG", bytes: () => solid(3).toColourspace("cmyk").jpeg().toBuffer(), contentType: "image/jpeg" },
    { what: "PNG with alpha", bytes: () => solid(4).png().toBuffer(), contentType: "image/png" },
    { what: "16-bit PNG", bytes: () => solid(3).toColourspace("rgb16").png().toBuffer(), contentType: "image/png" },
    { what: "WebP", bytes: () => solid(4).webp().toBuffer(), contentType: "image/webp" },
    { what: "GIF", bytes: () => solid(3).gif().toBuffer(), contentType: "image/gif" },
    { what: "AVIF", bytes: () => solid(3).avif({ effort: 0 }).toBuffer(), contentType: "image/avif" },
  ])("takes a $what as three channels of 8 bits", async ({ bytes, contentType }) => {
    const picture = await readPicture(await bytes());
    expect(picture).toMatchObject({ width: 60, height: 30, originalWidth: 60, originalHeight: 30, contentType });
    expect(picture.pixels.length).toBe(60 * 30 * 3);
  });

  it("shrinks large ones and remembers their size", async () => {
    const large = await sharp({ create: { width: 4000, height: 1000, channels: 3, background: "#888" } })
      .png()
      .toBuffer();
    expect(await readPicture(large)).toMatchObject({
      width: 1600,
      height: 400,
      originalWidth: 4000,
      originalHeight: 1000,
    });
  });

  const problemOf = (bytes: Uint8Array) =>
    readPicture(bytes).then(
      () => "none",
      (error: unknown) => (error instanceof PictureUnusable ? error.problem : error),
    );

  it("refuses what is no picture, whatever it is called", async () => {
    for (const text of [
      "",
      "hello",
      "<svg xmlns='http://www.w3.org/2000/svg'/>",
      "%PDF-1.7",
      "P6 1 1 255 abc",
      "GIF8",
    ]) {
      expect(await problemOf(Buffer.from(text))).toBe("not a picture");
    }
    const tiff = await solid(3).tiff().toBuffer();
    expect(await problemOf(tiff)).toBe("not a picture");
  });

  it("refuses a picture that ends early", async () => {
    const noise = await sharp({
      create: {
        width: 500,
        height: 500,
        channels: 3,
        background: "#000",
        noise: { type: "gaussian", mean: 128, sigma: 60 },
      },
    })
      .jpeg()
      .toBuffer();
    expect(await problemOf(noise.subarray(0, noise.length / 2))).toBe("damaged");
    expect(await problemOf(noise.subarray(0, 20))).toBe("damaged");
  });

  it("refuses a few bytes that say they are a picture of 400 megapixels, before they are decoded", async () => {
    expect(await problemOf(hugePicture())).toBe("too many pixels");
  });
});

describe("drawing", () => {
  const face = (overrides: Partial<Face>): Face => ({
    left: 100,
    top: 100,
    width: 80,
    height: 100,
    masked: true,
    confidence: 0.98,
    ...overrides,
  });
  const grey = () =>
    sharp({ create: { width: 600, height: 400, channels: 3, background: "#808080" } })
      .png()
      .toBuffer();

  async function pixelOf(jpeg: Buffer, x: number, y: number): Promise<number[]> {
    const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
    return [...data.subarray((y * info.width + x) * info.channels, (y * info.width + x) * info.channels + 3)];
  }
  const near = (rgb: number[]) =>
    rgb.map((value) => expect.toSatisfy((found: number) => Math.abs(found - value) <= 24));

  it("frames masked faces green and bare ones red, with the inside untouched", async () => {
    const annotated = await drawAnnotated(await readPicture(await grey()), [
      face({}),
      face({ left: 300, masked: false }),
    ]);
    expect(await pixelOf(annotated, 100, 150)).toEqual(near([0x0b, 0x8f, 0x4d]));
    expect(await pixelOf(annotated, 300, 150)).toEqual(near([0xd9, 0x2d, 0x20]));
    expect(await pixelOf(annotated, 140, 150)).toEqual(near([0x80, 0x80, 0x80]));
    expect(await pixelOf(annotated, 101, 84)).toEqual(near([0x0b, 0x8f, 0x4d]));
  });

  it("writes words into the tag, also without any font installed", async () => {
    const annotated = await drawAnnotated(await readPicture(await grey()), [face({})]);
    const tag = await sharp(annotated).extract({ left: 98, top: 82, width: 60, height: 16 }).raw().toBuffer();
    const white = tag.filter((value, index) => index % 3 === 0 && value > 200).length;
    expect(white).toBeGreaterThan(40);
  });

  it("keeps tags inside the picture", async () => {
    const corners = [face({ left: 0, top: 0 }), face({ left: 560, top: 0, width: 40 })];
    const annotated = await drawAnnotated(await readPicture(await grey()), corners);
    expect(await pixelOf(annotated, 3, 5)).toEqual(near([0x0b, 0x8f, 0x4d]));
    expect(await pixelOf(annotated, 597, 12)).toEqual(near([0x0b, 0x8f, 0x4d]));
  });

  it("makes a small thumbnail", async () => {
    const thumbnail = await drawThumbnail(await readPicture(await grey()), [face({})]);
    expect(await sharp(thumbnail).metadata()).toMatchObject({ width: 360, height: 240, format: "jpeg" });
    expect(thumbnail.length).toBeLessThan(20_000);
  });
});
