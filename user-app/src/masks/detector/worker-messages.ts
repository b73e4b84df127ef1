import type { Face } from "./detect.ts";
import type { PictureProblem } from "./picture.ts";

/** What the detector found and drew for one picture. */
export interface CheckedPicture {
  readonly faces: readonly Face[];
  /** Size of the upright original, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly contentType: string;
  /** JPEG. */
  readonly annotated: Uint8Array;
  /** JPEG. */
  readonly thumbnail: Uint8Array;
}

export interface WorkerOptions {
  readonly modelPath: string;
}

export type WorkerRequest =
  | { readonly kind: "check"; readonly id: number; readonly bytes: Uint8Array }
  /** The answer to a `step ended`. */
  | { readonly kind: "go on" }
  /** Release the model and end. */
  | { readonly kind: "end" };

export type WorkerAnswer =
  | { readonly kind: "ready" }
  /** Part of a picture is done; the next part waits for `go on`. */
  | { readonly kind: "step ended" }
  | { readonly kind: "unusable model"; readonly message: string }
  | { readonly kind: "checked"; readonly id: number; readonly picture: CheckedPicture }
  | { readonly kind: "unusable"; readonly id: number; readonly problem: PictureProblem; readonly message: string }
  | { readonly kind: "failed"; readonly id: number; readonly message: string };
