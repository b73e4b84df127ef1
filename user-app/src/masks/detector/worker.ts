/** Entry of a detector thread: decoding, the model and drawing happen here, away from the web server's thread. */
import { readFile } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import sharp from "sharp";
import { createFaceFinder, type FaceFinder } from "./detect.ts";
import { drawAnnotated, drawThumbnail } from "./draw.ts";
import { PictureUnusable, readPicture } from "./picture.ts";
import type { CheckedPicture, WorkerAnswer, WorkerOptions, WorkerRequest } from "./worker-messages.ts";

if (parentPort === null) throw new Error("This module is a worker thread's entry.");
const port = parentPort;
// The parent writes workerData as WorkerOptions; the structured clone has no type.
const { modelPath } = workerData as WorkerOptions;

sharp.concurrency(1);
sharp.cache(false);

const finder = await createFaceFinder(await readFile(modelPath)).catch((error: unknown) => {
  answer({ kind: "unusable model", message: error instanceof Error ? error.message : String(error) });
  return null;
});
let goOn = () => {};
if (finder !== null) {
  port.on("message", (request: WorkerRequest) => {
    if (request.kind === "check") void check(finder, request.id, request.bytes).then(answer);
    else if (request.kind === "go on") goOn();
    else void finder.close().then(() => port.close());
  });
  answer({ kind: "ready" });
}

async function check(faceFinder: FaceFinder, id: number, bytes: Uint8Array): Promise<WorkerAnswer> {
  try {
    const picture = await readPicture(bytes);
    await endStep();
    const faces = await faceFinder.find(picture, endStep);
    await endStep();
    const annotated = ownBytes(await drawAnnotated(picture, faces));
    await endStep();
    const thumbnail = ownBytes(await drawThumbnail(picture, faces));
    const { originalWidth: width, originalHeight: height, contentType } = picture;
    return { kind: "checked", id, picture: { faces, width, height, contentType, annotated, thumbnail } };
  } catch (error) {
    if (error instanceof PictureUnusable)
      return { kind: "unusable", id, problem: error.problem, message: error.message };
    return { kind: "failed", id, message: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Resolves when the server's thread has looked at what came in meanwhile. Both threads share the CPU of the instance:
 * without this a picture takes half of it while requests wait that need a millisecond each.
 */
function endStep(): Promise<void> {
  return new Promise((resolve) => {
    goOn = resolve;
    answer({ kind: "step ended" });
  });
}

function answer(message: WorkerAnswer): void {
  port.postMessage(message, message.kind === "checked" ? buffersOf(message.picture) : []);
}

function buffersOf({ annotated, thumbnail }: CheckedPicture): ArrayBuffer[] {
  return [annotated.buffer, thumbnail.buffer].filter((buffer) => buffer instanceof ArrayBuffer);
}

/** A copy that shares its memory with nothing, so that it may be handed to the other thread. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes);
}
