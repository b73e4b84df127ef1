import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { DeleteObjectCommand, GetObjectCommand, type S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { AnnotationFailure } from "../vcf/failure.ts";

const GONE = "The uploaded file no longer exists. Upload it again.";
const CHANGED = "The uploaded file was replaced after it was submitted. Submit it again.";

export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

/** Fetches the object as it was when the job was made. Throws AnnotationFailure when it is gone or another one. */
export async function download(
  s3: S3Client,
  { bucket, key }: ObjectPlace,
  { etag, path, signal }: { etag: string; path: string; signal: AbortSignal },
): Promise<void> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, IfMatch: etag }), {
      abortSignal: signal,
    });
    if (!(Body instanceof Readable)) throw new Error(`S3 gave no content for ${bucket}/${key}`);
    await pipeline(Body, createWriteStream(path), { signal });
  } catch (error) {
    if (error instanceof S3ServiceException && error.name === "NoSuchKey")
      throw new AnnotationFailure(GONE, { cause: error });
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412)
      throw new AnnotationFailure(CHANGED, { cause: error });
    throw error;
  }
}

/** Stores a local file; large ones in parts. */
export async function upload(
  s3: S3Client,
  { bucket, key }: ObjectPlace,
  { path, signal }: { path: string; signal: AbortSignal },
): Promise<void> {
  const sending = new Upload({
    client: s3,
    params: {
      Bucket: bucket,
      Key: key,
      Body: createReadStream(path),
      ContentType: "text/plain; charset=utf-8",
      ServerSideEncryption: "AES256",
    },
  });
  const stop = () => void sending.abort();
  signal.addEventListener("abort", stop);
  try {
    signal.throwIfAborted();
    await sending.done();
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Succeeds when there is no such object. */
export async function remove(s3: S3Client, { bucket, key }: ObjectPlace): Promise<void> {
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
}

/** Bytes and SHA-256 (hex) of a local file. */
export async function describeFile(path: string): Promise<{ readonly sizeBytes: number; readonly sha256: string }> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return { sizeBytes: (await stat(path)).size, sha256: hash.digest("hex") };
}
