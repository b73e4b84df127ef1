import { InferenceSession, Tensor } from "onnxruntime-node";
import sharp from "sharp";
import { MODEL, ModelUnusable } from "../model/mask-model.ts";
import { type Candidate, decodeCandidates, makeAnchors } from "./anchors.ts";
import { mergePasses, suppress, withoutEars } from "./boxes.ts";
import type { Picture } from "./picture.ts";
import { fromTile, type Tile, tilesOf, touchesInnerEdge } from "./tiles.ts";

/** A face in pixels of the upright original. */
export interface Face {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly masked: boolean;
  /** 0 to 1. */
  readonly confidence: number;
}

/** Finds faces; runs on the calling thread, which it blocks for about 5 ms a pass. */
export interface FaceFinder {
  /** Faces from left to right. `betweenPasses` is awaited before each pass but the first. */
  find(picture: Picture, betweenPasses?: () => Promise<void>): Promise<Face[]>;
  close(): Promise<void>;
}

/** Of a pass over the whole picture; lower ones are more often wrong than right. */
const WHOLE_CONFIDENCE = 0.6;
const TILE_CONFIDENCE = 0.75;

/** Throws ModelUnusable when the bytes are no ONNX model of the known form. */
export async function createFaceFinder(model: Uint8Array): Promise<FaceFinder> {
  const session = await openSession(model);
  const anchors = makeAnchors();

  async function pass(picture: Picture, tile: Tile | null, minConfidence: number): Promise<Candidate[]> {
    const input = new Tensor("float32", await modelInput(picture, tile), [1, 3, MODEL.inputPixels, MODEL.inputPixels]);
    const output = await session.run({ [MODEL.input]: input });
    const locations = floats(output[MODEL.locations]);
    const scores = floats(output[MODEL.scores]);
    return suppress(decodeCandidates(anchors, { locations, scores }, minConfidence));
  }

  return {
    async find(picture, betweenPasses = async () => {}) {
      const tiles = tilesOf(picture);
      const seen = await pass(picture, null, WHOLE_CONFIDENCE);
      for (const tile of tiles) {
        await betweenPasses();
        const inTile = await pass(picture, tile, TILE_CONFIDENCE);
        const whole = inTile.filter((box) => !touchesInnerEdge(box, tile, picture));
        seen.push(...whole.map((box) => fromTile(box, tile, picture)));
      }
      return toFaces(tiles.length === 0 ? seen : mergePasses(seen), picture);
    },
    close: () => session.release(),
  };
}

async function openSession(model: Uint8Array): Promise<InferenceSession> {
  const session = await InferenceSession.create(model, {
    executionProviders: ["cpu"],
    // One thread is fastest on small machines, and the workers share the host's cores.
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
  }).catch((error: unknown) => {
    throw new ModelUnusable("The file is no ONNX model, or it is cut short.", { cause: error });
  });
  const { inputPixels, anchors } = MODEL;
  const differences = [
    ...compareForm(session.inputMetadata, { [MODEL.input]: [1, 3, inputPixels, inputPixels] }),
    ...compareForm(session.outputMetadata, { [MODEL.locations]: [1, anchors, 4], [MODEL.scores]: [1, anchors, 2] }),
  ];
  if (differences.length === 0) return session;
  await session.release();
  throw new ModelUnusable(`The file is an ONNX model of another form: ${differences.join(" ")}`);
}

/** What the model does not have as it is wanted, a sentence each. */
function compareForm(
  found: InferenceSession["inputMetadata"],
  wanted: Readonly<Record<string, readonly number[]>>,
): string[] {
  return Object.entries(wanted).flatMap(([name, shape]) => {
    const value = found.find((candidate) => candidate.name === name);
    if (value?.isTensor && value.type === "float32" && value.shape.join() === shape.join()) return [];
    const instead = value?.isTensor ? `has ${value.type} [${value.shape.join(", ")}]` : "is missing";
    return [`${name} must be float32 [${shape.join(", ")}] and ${instead}.`];
  });
}

/** The picture, or a tile of it, stretched to the model's square: planes of red, green and blue, each 0 to 1. */
async function modelInput({ pixels, width, height }: Picture, tile: Tile | null): Promise<Float32Array> {
  const size = MODEL.inputPixels;
  const whole = sharp(pixels, { raw: { width, height, channels: 3 } });
  const cut = tile ? whole.extract({ left: tile.left, top: tile.top, width: tile.side, height: tile.side }) : whole;
  const data = await cut.resize(size, size, { fit: "fill", kernel: "linear" }).raw().toBuffer();
  const planes = new Float32Array(3 * size * size);
  for (let pixel = 0; pixel < size * size; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      planes[channel * size * size + pixel] = (data[pixel * 3 + channel] ?? 0) / 255;
    }
  }
  return planes;
}

function toFaces(candidates: readonly Candidate[], { originalWidth, originalHeight }: Picture): Face[] {
  return withoutEars(candidates, originalWidth / originalHeight)
    .map(({ left, top, right, bottom, masked, confidence }) => ({
      left: Math.round(left * originalWidth),
      top: Math.round(top * originalHeight),
      width: Math.round((right - left) * originalWidth),
      height: Math.round((bottom - top) * originalHeight),
      masked,
      confidence: Math.round(confidence * 1000) / 1000,
    }))
    .toSorted((a, b) => a.left + a.width / 2 - (b.left + b.width / 2));
}

function floats(tensor: Tensor | undefined): Float32Array {
  if (tensor?.data instanceof Float32Array) return tensor.data;
  throw new Error("The mask model answered without its outputs.");
}
