import { stat } from "node:fs/promises";
import { join } from "node:path";

/** Names and sizes of the model's input ([1, 3, 260, 260], RGB / 255) and outputs ([1, 5972, 4] and [1, 5972, 2]). */
export const MODEL = {
  input: "data",
  locations: "loc_branch_concat",
  scores: "cls_branch_concat",
  inputPixels: 260,
  anchors: 5972,
} as const;

/** The model that comes with the project; its card is docs/mask-model.md. */
export const SHIPPED_MODEL = join(import.meta.dirname, "../../../mask-model/mask-model.onnx");

/** No model file; the message says what to do. */
export class ModelMissing extends Error {
  override name = "ModelMissing";
}

/** Thrown when the file is no ONNX model of the form that the detector knows. */
export class ModelUnusable extends Error {
  override name = "ModelUnusable";
}

/**
 * The path of the model file: `MASK_MODEL` when it is set, else the one that comes with the project. Throws
 * ModelMissing.
 */
export async function locateModel(maskModel: string | undefined): Promise<string> {
  const path = maskModel ?? SHIPPED_MODEL;
  if (await isFile(path)) return path;
  throw new ModelMissing(
    maskModel === undefined
      ? "The mask model is missing: this installation has lost the file that comes with it. An administrator installs the release again."
      : `The mask model is missing: there is no file at MASK_MODEL (${path}). An administrator corrects the path or removes the setting.`,
  );
}

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return null;
    throw error;
  });
  return found?.isFile() ?? false;
}
