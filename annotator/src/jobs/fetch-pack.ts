import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { access, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { Logger } from "@elastic-gas/shared/logger";
import { pause } from "@elastic-gas/shared/shutdown";
import { PackManifest } from "../pack/manifest.ts";

const RETRY_MS = 5_000;

interface PackPlace {
  /** `s3://BUCKET/PREFIX`, or a folder; undefined: the pack that comes with the program. */
  readonly setting: string | undefined;
  /** Packs that were fetched stay here. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/**
 * The folder of the configured pack, fetched first where it lies in S3: tried until it is there. Null: the pack that
 * comes with the program, or the signal aborted.
 */
export async function locatePack(
  s3: S3Client,
  { setting, directory, signal }: PackPlace,
  log: Logger,
): Promise<string | null> {
  if (setting === undefined) return null;
  const place = /^s3:\/\/([^/]+)\/(.+?)\/?$/.exec(setting);
  if (place === null) return setting;
  const [, bucket = "", prefix = ""] = place;
  while (!signal.aborted) {
    try {
      const folder = await fetchPack(s3, { bucket, prefix, directory, signal });
      log.info({ setting, folder }, "annotation pack is there");
      return folder;
    } catch (error) {
      // Without it no job could be done: whoever set it sees why, and it may be put there yet.
      log.error({ err: error, setting }, "annotation pack not fetched, tried again");
      await pause(RETRY_MS, signal);
    }
  }
  return null;
}

/**
 * Fetches a pack into a folder that is named by its manifest's hash; at once when it is there. Every file is compared
 * with its hash, and the folder appears when all is in it, so that several workers of one machine can share it.
 */
export async function fetchPack(
  s3: S3Client,
  { bucket, prefix, directory, signal }: Omit<PackPlace, "setting"> & { bucket: string; prefix: string },
): Promise<string> {
  const read = async (name: string): Promise<Readable> => {
    const key = `${prefix}/${name}`;
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: signal });
    if (!(Body instanceof Readable)) throw new Error(`S3 gave no content for ${bucket}/${key}`);
    return Body;
  };
  const manifestBytes = await (await read("pack.json")).toArray().then((chunks) => Buffer.concat(chunks));
  const { files } = PackManifest.parse(JSON.parse(manifestBytes.toString("utf8")));
  const hash = createHash("sha256").update(manifestBytes).digest("hex");
  const folder = join(directory, hash.slice(0, 16));
  if (await exists(folder)) return folder;

  const unfinished = `${folder}.${randomUUID()}`;
  await mkdir(unfinished, { recursive: true });
  try {
    for (const [name, { sha256 }] of Object.entries(files)) {
      if (!/^[\w.-]+$/.test(name) || name.startsWith("."))
        throw new Error(`The pack names a file "${name}" that is none of a folder.`);
      const actual = await save(await read(name), join(unfinished, name), signal);
      if (actual !== sha256)
        throw new Error(
          `s3://${bucket}/${prefix}/${name} is not the file that pack.json names. Copy the pack there again.`,
        );
    }
    await writeFile(join(unfinished, "pack.json"), manifestBytes);
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another worker of this machine may have been faster.
    if (!(await exists(folder))) throw error;
  }
  return folder;
}

/** Writes a stream and returns the SHA-256 of its bytes. */
async function save(stream: Readable, path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(stream, counted, createWriteStream(path), { signal });
  return hash.digest("hex");
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
