import type { ChecksumAlgorithm } from "../wire/body/checksum.ts";
import type { NamedChecksum } from "../wire/body/incoming-body.ts";
import { algorithmOf, checksumWithType } from "./checksum-fields.ts";
import { commitObject } from "./commit-object.ts";
import type { Conditions } from "./conditions.ts";
import { checkProtection, getBucket, type S3Context, type S3Handlers } from "./context.ts";
import { notImplemented } from "./faults.ts";
import { checkKey, headersToKeep, storageClassOf } from "./headers.ts";
import { type ObjectHeaders, type ObjectRecord, quoted, type Tag } from "./object-record.ts";
import { storeBody } from "./store-body.ts";
import { readTagHeader } from "./tags.ts";

export interface NewObject {
  readonly bucket: string;
  readonly key: string;
  readonly body: AsyncIterable<Uint8Array> | undefined;
  readonly headers: ObjectHeaders;
  readonly storageClass: string;
  readonly tags?: Tag[] | undefined;
  readonly conditions?: Conditions;
  readonly contentMd5?: string | undefined;
  readonly algorithm?: ChecksumAlgorithm | undefined;
  readonly expectedChecksum?: NamedChecksum | undefined;
}

export function putOperations(context: S3Context): S3Handlers<"PutObject"> {
  return {
    async PutObject(input, call) {
      const { name: bucket } = getBucket(context, input, call);
      checkProtection(input);
      if (input.WriteOffsetBytes !== undefined) throw notImplemented("appending to objects");
      if (input.ObjectLockMode !== undefined || input.ObjectLockLegalHoldStatus !== undefined)
        throw notImplemented("object lock");
      const record = await putObject(context, {
        bucket,
        key: input.Key ?? "",
        body: input.Body,
        headers: headersToKeep(input),
        storageClass: storageClassOf(input.StorageClass),
        tags: readTagHeader(input.Tagging),
        conditions: { ifMatch: input.IfMatch, ifNoneMatch: input.IfNoneMatch },
        contentMd5: input.ContentMD5,
        algorithm: algorithmOf(input.ChecksumAlgorithm),
      });
      return { ETag: quoted(record.etag), ServerSideEncryption: "AES256", ...checksumWithType(record.facts.checksum) };
    },
  };
}

/** Stores an object whole, or not at all. */
export async function putObject(context: S3Context, object: NewObject): Promise<Omit<ObjectRecord, "restoration">> {
  const { bucket, key, body, headers, storageClass, tags, conditions, contentMd5, algorithm, expectedChecksum } =
    object;
  checkKey(key);
  const demands = { contentMd5, algorithm, expectedChecksum, maySmall: true };
  const stored = await storeBody(context.blobs, body, demands);
  const record = {
    bucket,
    key,
    sizeBytes: stored.sizeBytes,
    etag: stored.md5.toString("hex"),
    modifiedAt: context.now(),
    storageClass,
    facts: {
      headers,
      segments: [{ blob: stored.blob, sizeBytes: stored.sizeBytes }],
      checksum: stored.checksum && { ...stored.checksum, type: "FULL_OBJECT" as const },
      tags,
    },
  };
  const { blobs, small, commit } = context;
  try {
    const unused = await commit.run(() => {
      if (stored.bytes) small.insert(stored.blob, stored.bytes);
      return commitObject(context, record, conditions);
    });
    blobs.remove(unused);
  } catch (error) {
    if (!stored.bytes) blobs.remove([stored.blob]);
    throw error;
  }
  return record;
}
