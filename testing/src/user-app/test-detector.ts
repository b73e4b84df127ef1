/**
 * For tests of what surrounds the detector: answers by the photo's text, needs no model, and keeps the interface's
 * promises.
 */
import {
  type Availability,
  DetectorBusy,
  DetectorUnavailable,
  type MaskDetector,
  type Place,
} from "@elastic-gas/user-app/masks/detector/mask-detector";
import { PictureUnusable } from "@elastic-gas/user-app/masks/detector/picture";
import type { CheckedPicture } from "@elastic-gas/user-app/masks/detector/worker-messages";

export interface ScriptedDetector extends MaskDetector {
  /** A promise that each check waits for. */
  hold: Promise<unknown>;
  busySeconds: number | null;
  missing: string | null;
  checks: number;
  /** Of the last check. */
  lastSignal: AbortSignal | undefined;
  /** As it was made, with the places that are taken. */
  reset(): void;
}

/** `photo 3/1` is a photo of 3 faces, 1 with a mask; `damaged` and anything else are no pictures. */
export function scriptedPhoto(faces: number, masked: number): Uint8Array {
  return Buffer.from(`photo ${faces}/${masked}`);
}

export function createScriptedDetector(): ScriptedDetector {
  const places = new Set<Place>();
  const insistOnRoom = () => {
    if (detector.missing !== null) throw new DetectorUnavailable(detector.missing);
    if (detector.busySeconds !== null) throw new DetectorBusy(detector.busySeconds);
  };
  const script = () => ({
    hold: Promise.resolve() as Promise<unknown>,
    busySeconds: null,
    missing: null,
    checks: 0,
    lastSignal: undefined,
  });
  const detector: ScriptedDetector = {
    ...script(),
    reset: () => void Object.assign(detector, script()),
    availability: (): Availability =>
      detector.missing === null ? { kind: "ready" } : { kind: "missing", reason: detector.missing },
    takePlace() {
      insistOnRoom();
      const place: Place = { [Symbol.dispose]: () => void places.delete(place) };
      places.add(place);
      return place;
    },
    settled: async () => {},
    queued: () => places.size,
    async check(bytes, { signal } = {}): Promise<CheckedPicture> {
      insistOnRoom();
      detector.checks += 1;
      detector.lastSignal = signal;
      await detector.hold;
      signal?.throwIfAborted();
      return readScript(Buffer.from(bytes).toString());
    },
    close: async () => {},
  };
  return detector;
}

function readScript(text: string): CheckedPicture {
  if (text.startsWith("damaged")) throw new PictureUnusable("damaged", "This picture is damaged.");
  const [, faces, masked] = /^photo (\d+)\/(\d+)/.exec(text) ?? [];
  if (faces === undefined || masked === undefined) throw new PictureUnusable("not a picture", "This is not a picture.");
  return {
    faces: Array.from({ length: Number(faces) }, (_, index) => ({
      left: index * 50,
      top: 10,
      width: 40,
      height: 50,
      masked: index < Number(masked),
      confidence: 0.97,
    })),
    width: 640,
    height: 480,
    contentType: "image/jpeg",
    annotated: Buffer.from(`annotated ${text}`),
    thumbnail: Buffer.from(`thumbnail ${text}`),
  };
}
