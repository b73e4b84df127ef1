import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { createFaceFinder } from "../src/masks/detector/detect.ts";
import { readPicture } from "../src/masks/detector/picture.ts";
import { MODEL } from "../src/masks/model/mask-model.ts";
import { readTruth, type Truth } from "./truth.ts";

export interface Miss {
  readonly truth: Truth;
  readonly faces: number;
  readonly masked: number;
}

export interface Score {
  readonly pictures: number;
  readonly misses: readonly Miss[];
}

/** Counts the faces in each picture of a folder with a truth.csv, as the web workers do. */
export async function scoreFolder(modelPath: string, folder: string): Promise<Score> {
  const truths = await readTruth(folder);
  const finder = await createFaceFinder(await readFile(modelPath));
  const misses: Miss[] = [];
  for (const truth of truths) {
    const found = await finder.find(await readPicture(await readFile(join(folder, truth.file))));
    const masked = found.filter((face) => face.masked).length;
    if (found.length !== truth.faces || masked !== truth.masked) misses.push({ truth, faces: found.length, masked });
  }
  await finder.close();
  return { pictures: truths.length, misses };
}

export function describeScore(modelPath: string, { pictures, misses }: Score): string[] {
  const exact = pictures - misses.length;
  const percent = pictures === 0 ? "no pictures" : `${((exact / pictures) * 100).toFixed(1)} %`;
  return [
    `${basename(modelPath)}: faces and masks counted exactly in ${exact} of ${pictures} pictures (${percent})`,
    ...misses.map(({ truth, faces, masked }) => {
      const found = `found ${faces} faces, ${masked} with a mask`;
      return `  ${truth.file}: ${found}; true are ${truth.faces}, ${truth.masked} with a mask`;
    }),
  ];
}

/** Rounds of passes: the models take turns, so that other work on the machine slows all of them alike. */
const ROUNDS = 60;
const PASSES_A_ROUND = 3;

/** Milliseconds of CPU for one pass of each model: the smallest and the middle of many rounds. */
export async function measurePasses(modelPaths: readonly string[]): Promise<{ leastMs: number; medianMs: number }[]> {
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1 };
  const sessions = await Promise.all(modelPaths.map((path) => InferenceSession.create(path, options)));
  const pixels = MODEL.inputPixels;
  const input = new Tensor("float32", new Float32Array(3 * pixels * pixels).fill(0.5), [1, 3, pixels, pixels]);
  const rounds: number[][] = sessions.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, session] of sessions.entries()) {
      const before = process.cpuUsage();
      for (let pass = 0; pass < PASSES_A_ROUND; pass++) await session.run({ [MODEL.input]: input });
      const { user, system } = process.cpuUsage(before);
      rounds[index]?.push((user + system) / 1000 / PASSES_A_ROUND);
    }
  }
  await Promise.all(sessions.map((session) => session.release()));
  return rounds.map((times) => {
    const sorted = times.toSorted((a, b) => a - b);
    return { leastMs: sorted[0] ?? 0, medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0 };
  });
}
