import { Readable } from "node:stream";
import { GetObjectCommand, HeadObjectCommand, NoSuchKey, NotFound, type S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

export interface ObjectAddress {
  readonly bucket: string;
  readonly key: string;
}

export interface FoundObject {
  readonly etag: string;
  readonly sizeBytes: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What S3 knows of an object; undefined when there is none. */
export async function findObject(s3: S3Client, { bucket, key }: ObjectAddress): Promise<FoundObject | undefined> {
  try {
    const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return { etag: head.ETag ?? "", sizeBytes: head.ContentLength ?? 0, metadata: head.Metadata ?? {} };
  } catch (error) {
    // HeadObject's 404 has no body: the SDK names it NotFound.
    if (error instanceof NotFound || error instanceof NoSuchKey) return undefined;
    throw error;
  }
}

/** A short-lived address that downloads the object under a file name. */
export async function signDownload(
  browserS3: S3Client,
  { bucket, key }: ObjectAddress,
  { fileName, seconds }: { readonly fileName: string; readonly seconds: number },
): Promise<string> {
  const command = new GetObjectCommand({
    Bucket: bucket,
    Key: key,
    ResponseContentDisposition: contentDisposition(fileName),
  });
  return getSignedUrl(browserS3, command, { expiresIn: seconds });
}

/** Both forms of the name, for a header may carry ASCII only: https://www.rfc-editor.org/rfc/rfc6266#section-5 */
export function contentDisposition(fileName: string): string {
  const ascii = fileName.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(fileName).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

/** The first `maxBytes` of a text object; undefined when there is none. */
export async function readText(
  s3: S3Client,
  { bucket, key }: ObjectAddress,
  maxBytes: number,
): Promise<{ readonly text: string; readonly cut: boolean } | undefined> {
  try {
    const object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: `bytes=0-${maxBytes - 1}` }));
    const text = (await object.Body?.transformToString()) ?? "";
    const total = Number(object.ContentRange?.split("/")[1] ?? object.ContentLength ?? 0);
    return { text, cut: total > maxBytes };
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    // A range of an empty object cannot be satisfied: https://www.rfc-editor.org/rfc/rfc9110#status.416
    if (error instanceof Error && error.name === "InvalidRange") return { text: "", cut: false };
    throw error;
  }
}

/** The bytes of an object as they arrive; undefined when there is none. */
export async function openObject(
  s3: S3Client,
  { bucket, key }: ObjectAddress,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    if (!(Body instanceof Readable)) throw new Error(`S3 gave no content for ${bucket}/${key}`);
    return Body as AsyncIterable<Uint8Array>; // a stream of bytes gives bytes
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}
