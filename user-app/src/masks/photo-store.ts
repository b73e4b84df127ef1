import type { Readable } from "node:stream";
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from "@aws-sdk/client-s3";
import { userKeyPrefix } from "@elastic-gas/shared/resources";
import type { CheckedPicture } from "./detector/worker-messages.ts";

/** Where photos lie. */
export interface PhotoBucket {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly prefix: string;
}

export interface PhotoKeys {
  readonly original: string;
  readonly annotated: string;
  readonly thumbnail: string;
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/webp": "webp",
  "image/gif": "gif",
  "image/avif": "avif",
};

/** `<prefix>/<user id>/<image id>/original.<ext>`, `.../annotated.jpg`, `.../thumbnail.jpg` */
export function photoKeys(
  prefix: string,
  photo: { readonly userId: number; readonly id: string; readonly contentType: string },
): PhotoKeys {
  const folder = `${userKeyPrefix(prefix, photo.userId)}${photo.id}/`;
  return {
    original: `${folder}original.${EXTENSIONS[photo.contentType] ?? "bin"}`,
    annotated: `${folder}annotated.jpg`,
    thumbnail: `${folder}thumbnail.jpg`,
  };
}

/** Stores the three objects of a photo; buckets are private, and objects encrypted by S3. */
export async function putPhoto(
  { s3, bucket }: PhotoBucket,
  keys: PhotoKeys,
  original: Uint8Array,
  checked: CheckedPicture,
): Promise<void> {
  const put = (key: string, body: Uint8Array, contentType: string) =>
    s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: body,
        ContentType: contentType,
        ServerSideEncryption: "AES256",
      }),
    );
  // All three end before a failure is reported: what was stored can be removed then.
  const outcomes = await Promise.allSettled([
    put(keys.original, original, checked.contentType),
    put(keys.annotated, checked.annotated, "image/jpeg"),
    put(keys.thumbnail, checked.thumbnail, "image/jpeg"),
  ]);
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed) throw new Error("Could not store the photo.", { cause: failed.reason });
}

export interface OpenObject {
  readonly body: Readable;
  readonly sizeBytes: number | undefined;
}

/** Opens an object for streaming; undefined when it is gone. */
export async function openObject(
  { s3, bucket }: PhotoBucket,
  key: string,
  signal?: AbortSignal,
): Promise<OpenObject | undefined> {
  try {
    const answer = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: signal });
    // In Node the SDK's body is a Readable; its type also covers browsers.
    return { body: answer.Body as Readable, sizeBytes: answer.ContentLength };
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}

/** Succeeds when the objects are already gone. */
export async function deleteObjects({ s3, bucket }: PhotoBucket, keys: readonly string[]): Promise<void> {
  for (let start = 0; start < keys.length; start += 1000) {
    const objects = keys.slice(start, start + 1000).map((key) => ({ Key: key }));
    const answer = await s3.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects, Quiet: true } }),
    );
    const [error] = answer.Errors ?? [];
    if (error)
      throw new Error(`Could not delete ${error.Key} and ${(answer.Errors?.length ?? 1) - 1} more: ${error.Code}`);
  }
}

/** Pages of objects below our prefix that were last written before `before`. */
export async function* listObjectsBefore({ s3, bucket, prefix }: PhotoBucket, before: Date): AsyncGenerator<string[]> {
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: `${prefix}/` })) {
    yield (page.Contents ?? []).flatMap(({ Key, LastModified }) =>
      Key !== undefined && LastModified !== undefined && LastModified < before ? [Key] : [],
    );
  }
}
