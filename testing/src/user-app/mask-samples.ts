/** For tests: the sample photos and the model, which lie beside the project and are not part of it. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const SHARED = new URL("../../../../shared/", import.meta.url);

export const MODEL_PATH = fileURLToPath(new URL("models/face_mask_detection.caffemodel", SHARED));
const SAMPLES = new URL("samples/masks/", SHARED);

/** Says why tests are skipped, or null when everything is there. */
export const missingSamples: string | null = !existsSync(MODEL_PATH)
  ? `the mask model is not at ${MODEL_PATH}`
  : !existsSync(SAMPLES)
    ? `the sample photos are not at ${fileURLToPath(SAMPLES)}`
    : null;

export interface Truth {
  readonly file: string;
  readonly faces: number;
  readonly masked: number;
  readonly unmasked: number;
}

export function readSample(file: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(new URL(file, SAMPLES)));
}

export function readTruth(): Truth[] {
  const [, ...lines] = readFileSync(new URL("truth.csv", SAMPLES), "utf8").trim().split(/\r?\n/);
  return lines.map((line) => {
    const [file = "", faces, masked, unmasked] = line.split(",");
    return { file, faces: Number(faces), masked: Number(masked), unmasked: Number(unmasked) };
  });
}
