import { createHash } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

/** The published model (AIZOOTech/FaceMaskDetection, MIT licence) at a fixed commit. */
export const PUBLISHED_MODEL: PublishedFile = {
  url: "https://raw.githubusercontent.com/AIZOOTech/FaceMaskDetection/256dc65f726cb78d82936b2c61c55a5adc2cf05d/models/face_mask_detection.caffemodel",
  sizeBytes: 4_053_526,
  sha256: "3c2e89cffdc9459a69dd5c2e4c1ca263e6488a56a5a37d81ca2ff32344fbf740",
};

export interface PublishedFile {
  readonly url: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** No model file; the message says what to do. */
export class ModelMissing extends Error {
  override name = "ModelMissing";
}

const DOWNLOAD_TIMEOUT_MS = 60_000;

/** Where the downloaded model lies. */
export function modelPathIn(dataDir: string): string {
  return join(dataDir, "models", "face_mask_detection.caffemodel");
}

/**
 * The path of the model file: `MASK_MODEL` when it is set (then nothing is downloaded), else the copy in the data folder, downloaded when it is
 * not there. Throws ModelMissing.
 */
export async function locateModel(settings: {
  readonly maskModel?: string | undefined;
  readonly dataDir: string;
}): Promise<string> {
  const path = settings.maskModel ?? modelPathIn(settings.dataDir);
  if (await isFile(path)) return path;
  if (settings.maskModel !== undefined) {
    throw new ModelMissing(
      `The mask model is missing: there is no file at MASK_MODEL (${path}). An administrator corrects the path or removes the setting.`,
    );
  }
  await downloadModel(path, PUBLISHED_MODEL);
  return path;
}

/** Downloads, checks size and SHA-256, and only then puts the file in its place. Throws ModelMissing. */
export async function downloadModel(path: string, file: PublishedFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  // Two processes may download at once; each writes its own file and the last rename wins with the same content.
  const unfinished = `${path}.${process.pid}.${Date.now()}.part`;
  try {
    const response = await fetch(file.url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
    if (!response.ok || response.body === null) throw new Error(`${file.url} answered ${response.status}`);
    await writeChecked(unfinished, response.body, file);
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw new ModelMissing(
      "The mask model is missing: it could not be downloaded. An administrator sets MASK_MODEL to a copy of it, or restarts with a way to the internet.",
      { cause: error },
    );
  }
}

async function writeChecked(
  path: string,
  body: ReadableStream<Uint8Array>,
  { sizeBytes, sha256 }: PublishedFile,
): Promise<void> {
  const hash = createHash("sha256");
  const handle = await open(path, "wx", 0o644);
  try {
    let received = 0;
    for await (const chunk of body) {
      received += chunk.byteLength;
      if (received > sizeBytes) throw new Error(`the file is longer than ${sizeBytes} bytes`);
      hash.update(chunk);
      await handle.write(chunk);
    }
    if (received !== sizeBytes) throw new Error(`the file has ${received} bytes instead of ${sizeBytes}`);
    const found = hash.digest("hex");
    if (found !== sha256) throw new Error(`the file has SHA-256 ${found} instead of ${sha256}`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return null;
    throw error;
  });
  return found?.isFile() ?? false;
}
