import { readByteRange } from "../storage/byte-range.ts";
import type { ChecksumAlgorithm } from "../wire/body/checksum.ts";
import { Fault } from "../wire/handler.ts";
import { algorithmOf, checksumFields, checksumWithType } from "./checksum-fields.ts";
import { type Conditions, checkRead } from "./conditions.ts";
import { checkProtection, checkVersion, getBucket, getObject, type S3Context, type S3Handlers } from "./context.ts";
import { invalidArgument, invalidRequest, noSuchBucket, preconditionFailed } from "./faults.ts";
import { isReadable } from "./get-object.ts";
import { headersToKeep, partNumberOf, storageClassOf } from "./headers.ts";
import { getUpload, putPart } from "./multipart-uploads.ts";
import { type ObjectRecord, quoted } from "./object-record.ts";
import { putObject } from "./put-object.ts";
import { storeBody } from "./store-body.ts";
import { readTagHeader } from "./tags.ts";

interface CopyInput {
  readonly CopySource?: string;
  readonly CopySourceIfMatch?: string;
  readonly CopySourceIfNoneMatch?: string;
  readonly CopySourceIfModifiedSince?: Date;
  readonly CopySourceIfUnmodifiedSince?: Date;
}

export function copyOperations(context: S3Context): S3Handlers<"CopyObject" | "UploadPartCopy"> {
  const { blobs, now } = context;
  return {
    async CopyObject(input, call) {
      const { name: bucket } = getBucket(context, input, call);
      checkProtection(input);
      const source = findSource(context, input);
      const replaces = input.MetadataDirective === "REPLACE";
      const storageClass = storageClassOf(input.StorageClass);
      const isSame = source.bucket === bucket && source.key === input.Key;
      if (isSame && !replaces && input.StorageClass === undefined && input.ChecksumAlgorithm === undefined) {
        const what = "metadata, storage class, website redirect location or encryption attributes";
        throw invalidRequest(
          `This copy request is illegal because it is trying to copy an object to itself without changing the object's ${what}.`,
        );
      }
      const record = await putObject(context, {
        bucket,
        key: input.Key ?? "",
        body: blobs.read(source.facts.segments, 0, source.sizeBytes - 1),
        headers: replaces ? headersToKeep(input) : source.facts.headers,
        storageClass,
        tags: input.TaggingDirective === "REPLACE" ? readTagHeader(input.Tagging) : source.facts.tags,
        conditions: { ifMatch: input.IfMatch, ifNoneMatch: input.IfNoneMatch },
        algorithm: algorithmOf(input.ChecksumAlgorithm) ?? fullObjectAlgorithm(source),
      });
      return {
        CopyObjectResult: {
          ETag: quoted(record.etag),
          LastModified: record.modifiedAt,
          ...checksumWithType(record.facts.checksum),
        },
        ServerSideEncryption: "AES256",
      };
    },

    async UploadPartCopy(input, call) {
      getBucket(context, input, call);
      const upload = getUpload(context, input);
      const number = partNumberOf(input.PartNumber);
      const source = findSource(context, input);
      const range =
        input.CopySourceRange === undefined
          ? { start: 0, end: source.sizeBytes - 1 }
          : readByteRange(input.CopySourceRange, source.sizeBytes);
      if (range === undefined || range === "unsatisfiable") {
        throw invalidArgument(
          "x-amz-copy-source-range",
          input.CopySourceRange ?? "",
          "The x-amz-copy-source-range value must be of the form bytes=first-last",
        );
      }
      const body = blobs.read(source.facts.segments, range.start, range.end);
      const stored = await storeBody(blobs, body, { algorithm: upload.facts.algorithm });
      const part = {
        number,
        blob: stored.blob,
        sizeBytes: stored.sizeBytes,
        md5: stored.md5.toString("hex"),
        checksum: stored.checksum?.value,
        modifiedAt: now(),
      };
      putPart(context, upload, part);
      return {
        CopyPartResult: { ETag: quoted(part.md5), LastModified: part.modifiedAt, ...checksumFields(stored.checksum) },
        ServerSideEncryption: "AES256",
      };
    },
  };
}

/** `[/]<bucket>/<key>[?versionId=...]`, percent-encoded. */
function readCopySource(header: string): {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | undefined;
} {
  const [path = "", query = ""] = header.split("?");
  const [, bucket = "", key = ""] = /^\/?([^/]+)\/(.+)$/s.exec(decode(path)) ?? [];
  if (key === "")
    throw invalidArgument(
      "x-amz-copy-source",
      header,
      "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
    );
  return { bucket, key, versionId: new URLSearchParams(query).get("versionId") ?? undefined };
}

function findSource(context: S3Context, input: CopyInput): ObjectRecord {
  const { bucket, key, versionId } = readCopySource(input.CopySource ?? "");
  if (!context.buckets.find(bucket)) throw noSuchBucket(bucket);
  checkVersion(versionId);
  const source = getObject(context, bucket, key);
  const conditions: Conditions = {
    ifMatch: input.CopySourceIfMatch,
    ifNoneMatch: input.CopySourceIfNoneMatch,
    ifModifiedSince: input.CopySourceIfModifiedSince,
    ifUnmodifiedSince: input.CopySourceIfUnmodifiedSince,
  };
  const verdict = checkRead(conditions, source);
  // A copy cannot answer "not modified": it fails instead.
  if (verdict === "not modified") throw preconditionFailed("x-amz-copy-source-If-None-Match");
  if (typeof verdict === "object") throw preconditionFailed(`x-amz-copy-source-${verdict.failed}`);
  if (!isReadable(source, context.now())) {
    throw new Fault(
      "ObjectNotInActiveTierError",
      "The source object of the COPY action is not in the active tier",
      403,
    );
  }
  return source;
}

function fullObjectAlgorithm({ facts }: ObjectRecord): ChecksumAlgorithm | undefined {
  return facts.checksum?.algorithm;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
