import { InvalidObjectState, type StorageClass } from "@aws-sdk/client-s3";
import { type ByteRange, readByteRange } from "../storage/byte-range.ts";
import { Fault } from "../wire/handler.ts";
import { checksumWithType } from "./checksum-fields.ts";
import { type Conditions, checkRead } from "./conditions.ts";
import { checkVersion, getBucket, getObject, type S3Context, type S3Handlers } from "./context.ts";
import { invalidRequest, preconditionFailed } from "./faults.ts";
import { isArchived } from "./headers.ts";
import { type ObjectRecord, quoted } from "./object-record.ts";
import { restoreHeader } from "./restore.ts";

interface ReadInput {
  readonly IfMatch?: string;
  readonly IfNoneMatch?: string;
  readonly IfModifiedSince?: Date;
  readonly IfUnmodifiedSince?: Date;
  readonly Range?: string;
  readonly PartNumber?: number;
  readonly ChecksumMode?: string;
  readonly ResponseCacheControl?: string;
  readonly ResponseContentDisposition?: string;
  readonly ResponseContentEncoding?: string;
  readonly ResponseContentLanguage?: string;
  readonly ResponseContentType?: string;
  readonly ResponseExpires?: Date;
}

export function readOperations(context: S3Context): S3Handlers<"GetObject" | "HeadObject"> {
  return {
    async GetObject(input, call) {
      const record = findRecord(context, input, call);
      const range = rangeOf(input, record);
      if (!isReadable(record, context.now())) {
        throw new InvalidObjectState({
          message: "The operation is not valid for the object's storage class",
          StorageClass: record.storageClass as StorageClass, // the stored class is one of the model's
          $metadata: {},
        });
      }
      const end = range ? range.end : record.sizeBytes - 1;
      return {
        ...describe(record, range, input, context.now()),
        Body: context.blobs.readFast(record.facts.segments, range?.start ?? 0, end),
      };
    },

    async HeadObject(input, call) {
      const record = findRecord(context, input, call);
      return describe(record, rangeOf(input, record), input, context.now());
    },
  };
}

/** Archived objects can be read while a restored copy is there. */
export function isReadable({ storageClass, restoration }: ObjectRecord, now: Date): boolean {
  if (!isArchived(storageClass)) return true;
  return restoration !== undefined && restoration.readyAt <= now && now < restoration.expiresAt;
}

function findRecord(
  context: S3Context,
  input: ReadInput & { readonly Bucket?: string; readonly Key?: string; readonly VersionId?: string },
  call: Parameters<typeof getBucket>[2],
): ObjectRecord {
  const { name } = getBucket(context, input, call);
  checkVersion(input.VersionId);
  const record = getObject(context, name, input.Key ?? "");
  const conditions: Conditions = {
    ifMatch: input.IfMatch,
    ifNoneMatch: input.IfNoneMatch,
    ifModifiedSince: input.IfModifiedSince,
    ifUnmodifiedSince: input.IfUnmodifiedSince,
  };
  const verdict = checkRead(conditions, record);
  if (verdict === "not modified") {
    const headers = { etag: quoted(record.etag), "last-modified": record.modifiedAt.toUTCString() };
    throw new Fault("NotModified", "Not Modified", 304, { headers });
  }
  if (typeof verdict === "object") throw preconditionFailed(verdict.failed);
  return record;
}

function rangeOf({ Range, PartNumber }: ReadInput, record: ObjectRecord): ByteRange | undefined {
  if (PartNumber !== undefined) {
    if (Range !== undefined) throw invalidRequest("Cannot specify both Range header and partNumber query parameter");
    return rangeOfPart(PartNumber, record);
  }
  const range = readByteRange(Range, record.sizeBytes);
  if (range !== "unsatisfiable") return range;
  throw new Fault("InvalidRange", "The requested range is not satisfiable", 416, {
    fields: { RangeRequested: Range ?? "", ActualObjectSize: String(record.sizeBytes) },
    headers: { "content-range": `bytes */${record.sizeBytes}` },
  });
}

function rangeOfPart(partNumber: number, { facts, sizeBytes }: ObjectRecord): ByteRange | undefined {
  const parts = facts.partsCount === undefined ? [{ sizeBytes }] : facts.segments;
  const part = parts[partNumber - 1];
  if (!part) throw new Fault("InvalidPartNumber", "The requested partnumber is not satisfiable", 416);
  const start = parts.slice(0, partNumber - 1).reduce((sum, { sizeBytes: size }) => sum + size, 0);
  return part.sizeBytes === 0 ? undefined : { start, end: start + part.sizeBytes - 1 };
}

function describe(record: ObjectRecord, range: ByteRange | undefined, input: ReadInput, now: Date) {
  const { facts, sizeBytes, restoration, storageClass } = record;
  const { headers } = facts;
  // The checksum is that of the whole object: a reader of a range would find it wrong.
  const isWhole = range === undefined || (range.start === 0 && range.end === sizeBytes - 1);
  const expires = input.ResponseExpires?.toUTCString() ?? headers.expires;
  return {
    AcceptRanges: "bytes",
    LastModified: record.modifiedAt,
    ContentLength: range ? range.end - range.start + 1 : sizeBytes,
    ...(range ? { ContentRange: `bytes ${range.start}-${range.end}/${sizeBytes}` } : {}),
    ETag: quoted(record.etag),
    ContentType: input.ResponseContentType ?? headers.contentType,
    CacheControl: input.ResponseCacheControl ?? headers.cacheControl,
    ContentDisposition: input.ResponseContentDisposition ?? headers.contentDisposition,
    ContentEncoding: input.ResponseContentEncoding ?? headers.contentEncoding,
    ContentLanguage: input.ResponseContentLanguage ?? headers.contentLanguage,
    ...(expires === undefined ? {} : { Expires: new Date(expires) }),
    WebsiteRedirectLocation: headers.websiteRedirectLocation,
    ServerSideEncryption: "AES256" as const,
    Metadata: headers.metadata,
    ...(storageClass === "STANDARD" ? {} : { StorageClass: storageClass as StorageClass }), // S3 leaves STANDARD out
    ...(facts.tags ? { TagCount: facts.tags.length } : {}),
    ...(restoration ? { Restore: restoreHeader(restoration, now) } : {}),
    ...(facts.partsCount !== undefined && input.PartNumber !== undefined ? { PartsCount: facts.partsCount } : {}),
    ...(input.ChecksumMode === "ENABLED" && isWhole ? checksumWithType(facts.checksum) : {}),
  };
}
