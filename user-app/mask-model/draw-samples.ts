/** Draws samples/pictures and its truth.csv: `node draw-samples.ts [FOLDER]`. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { drawPeople, seededRandom, type Wanted } from "./drawing.ts";

const SAMPLES: Readonly<Record<string, Wanted & { readonly seed: number }>> = {
  "no-face": { width: 800, height: 600, masked: [], seed: 3 },
  "one-masked": { width: 640, height: 640, masked: [true], size: 0.7, seed: 4 },
  "one-bare": { width: 640, height: 640, masked: [false], size: 0.7, seed: 5 },
  "mixed-three": { width: 900, height: 700, masked: [false, true, false], size: 0.8, seed: 6 },
  "two-masked": { width: 800, height: 600, masked: [true, true], size: 0.75, seed: 22 },
  "wide-six": { width: 1500, height: 600, masked: [true, false, true, true, false, false], size: 0.85, seed: 8 },
};

const folder = process.argv[2] ?? join(import.meta.dirname, "../../samples/pictures");
await mkdir(folder, { recursive: true });
const lines = ["file,faces,masked,unmasked"];
for (const [name, { seed, ...wanted }] of Object.entries(SAMPLES)) {
  const { svg, faces } = drawPeople(wanted, seededRandom(seed));
  const jpeg = sharp(Buffer.from(svg)).jpeg({ quality: 85, mozjpeg: true });
  await writeFile(join(folder, `${name}.jpg`), await jpeg.toBuffer());
  const masked = faces.filter((face) => face.masked).length;
  lines.push(`${name}.jpg,${faces.length},${masked},${faces.length - masked}`);
}
await writeFile(join(folder, "truth.csv"), `${lines.join("\n")}\n`);
