/**
 * Draws pictures with and without masks to train with: `node draw-lessons.ts FOLDER COUNT` writes JPEGs and boxes.csv.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { drawPeople, seededRandom } from "./drawing.ts";

const SEED = 7;
/** A little more than the model's 260, for cheap files. */
const EDGE = 300;

const [folder = "", count = ""] = process.argv.slice(2);
if (folder === "" || !(Number(count) > 0)) {
  console.error("Usage: node draw-lessons.ts FOLDER COUNT");
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const lines = ["file,left,top,right,bottom,masked"];
for (let index = 0; index < Number(count); index++) {
  const random = seededRandom(SEED + index * 1009);
  const people = Math.floor(random() ** 1.5 * 7);
  const drawing = drawPeople(
    {
      width: EDGE,
      height: Math.round(EDGE * (0.7 + random() * 0.6)),
      masked: Array.from({ length: people }, () => random() < 0.5),
    },
    random,
  );
  const file = `${String(index).padStart(4, "0")}.jpg`;
  await writeFile(join(folder, file), await sharp(Buffer.from(drawing.svg)).jpeg({ quality: 80 }).toBuffer());
  if (drawing.faces.length === 0) lines.push(`${file},,,,,`);
  for (const { left, top, right, bottom, masked } of drawing.faces) {
    lines.push([file, left.toFixed(4), top.toFixed(4), right.toFixed(4), bottom.toFixed(4), masked ? 1 : 0].join(","));
  }
}
await writeFile(join(folder, "boxes.csv"), `${lines.join("\n")}\n`);
