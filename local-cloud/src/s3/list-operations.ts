import type { StorageClass } from "@aws-sdk/client-s3";
import { getBucket, type S3Context, type S3Handlers } from "./context.ts";
import { encodeListText } from "./encode-list-text.ts";
import { invalidArgument } from "./faults.ts";
import { type ListRequest, listKeys } from "./list-keys.ts";
import { type ObjectRecord, quoted } from "./object-record.ts";

const MAX_KEYS = 1000;

export function listOperations(context: S3Context): S3Handlers<"ListObjectsV2" | "ListObjects" | "ListObjectVersions"> {
  const { objects } = context;

  function list(bucket: string, request: ListRequest) {
    return listKeys(request, (position, limit) => objects.list(bucket, position, limit));
  }

  return {
    async ListObjectsV2(input, call) {
      const { name } = getBucket(context, input, call);
      const { Prefix: prefix = "", Delimiter: delimiter = "", StartAfter, ContinuationToken, EncodingType } = input;
      const maxKeys = maxKeysOf(input.MaxKeys);
      const after = ContinuationToken === undefined ? StartAfter : keyOfToken(ContinuationToken);
      const page = list(name, { prefix, delimiter, maxKeys, after });
      const encode = encodeListText(EncodingType);
      return {
        Name: name,
        Prefix: encode(prefix),
        ...(delimiter === "" ? {} : { Delimiter: encode(delimiter) }),
        MaxKeys: maxKeys,
        KeyCount: page.entries.length + page.commonPrefixes.length,
        IsTruncated: page.isTruncated,
        ContinuationToken,
        ...(page.isTruncated && page.last !== undefined ? { NextContinuationToken: tokenOfKey(page.last) } : {}),
        ...(StartAfter === undefined ? {} : { StartAfter: encode(StartAfter) }),
        EncodingType,
        Contents: page.entries.map((record) => ({
          ...describe(record, encode),
          ...(input.FetchOwner ? { Owner: { ID: call.accountId } } : {}),
        })),
        CommonPrefixes: page.commonPrefixes.map((common) => ({ Prefix: encode(common) })),
      };
    },

    async ListObjects(input, call) {
      const { name } = getBucket(context, input, call);
      const { Prefix: prefix = "", Delimiter: delimiter = "", Marker, EncodingType } = input;
      const maxKeys = maxKeysOf(input.MaxKeys);
      const page = list(name, { prefix, delimiter, maxKeys, after: Marker });
      const encode = encodeListText(EncodingType);
      return {
        Name: name,
        Prefix: encode(prefix),
        Marker: encode(Marker ?? ""),
        ...(delimiter === "" ? {} : { Delimiter: encode(delimiter) }),
        MaxKeys: maxKeys,
        IsTruncated: page.isTruncated,
        ...(page.isTruncated && page.last !== undefined ? { NextMarker: encode(page.last) } : {}),
        EncodingType,
        Contents: page.entries.map((record) => ({ ...describe(record, encode), Owner: { ID: call.accountId } })),
        CommonPrefixes: page.commonPrefixes.map((common) => ({ Prefix: encode(common) })),
      };
    },

    /** Buckets keep no versions: each object is its own latest one, with the id `null`. */
    async ListObjectVersions(input, call) {
      const { name } = getBucket(context, input, call);
      const { Prefix: prefix = "", Delimiter: delimiter = "", KeyMarker, VersionIdMarker, EncodingType } = input;
      if (VersionIdMarker !== undefined && KeyMarker === undefined) {
        const message = "A version-id marker cannot be specified without a key marker.";
        throw invalidArgument("version-id-marker", VersionIdMarker, message);
      }
      const maxKeys = maxKeysOf(input.MaxKeys);
      const page = list(name, { prefix, delimiter, maxKeys, after: KeyMarker });
      const encode = encodeListText(EncodingType);
      return {
        Name: name,
        Prefix: encode(prefix),
        KeyMarker: encode(KeyMarker ?? ""),
        VersionIdMarker: VersionIdMarker ?? "",
        ...(delimiter === "" ? {} : { Delimiter: encode(delimiter) }),
        MaxKeys: maxKeys,
        IsTruncated: page.isTruncated,
        ...(page.isTruncated && page.last !== undefined
          ? { NextKeyMarker: encode(page.last), NextVersionIdMarker: "null" }
          : {}),
        EncodingType,
        Versions: page.entries.map((record) => ({
          ...describe(record, encode),
          VersionId: "null",
          IsLatest: true,
          Owner: { ID: call.accountId },
        })),
        CommonPrefixes: page.commonPrefixes.map((common) => ({ Prefix: encode(common) })),
      };
    },
  };
}

function describe(
  { key, etag, sizeBytes, modifiedAt, storageClass, facts }: ObjectRecord,
  encode: (text: string) => string,
) {
  return {
    Key: encode(key),
    LastModified: modifiedAt,
    ETag: quoted(etag),
    Size: sizeBytes,
    StorageClass: storageClass as StorageClass & "STANDARD", // the stored class is one of the model's
    ...(facts.checksum ? { ChecksumAlgorithm: [facts.checksum.algorithm], ChecksumType: facts.checksum.type } : {}),
  };
}

function maxKeysOf(given: number | undefined): number {
  if (given === undefined) return MAX_KEYS;
  if (!Number.isInteger(given) || given < 0)
    throw invalidArgument("max-keys", String(given), "Argument max-keys must be an integer between 0 and 2147483647");
  return Math.min(given, MAX_KEYS);
}

function tokenOfKey(key: string): string {
  return Buffer.from(`1:${key}`, "utf8").toString("base64url");
}

function keyOfToken(token: string): string {
  const text = Buffer.from(token, "base64url").toString("utf8");
  if (!text.startsWith("1:"))
    throw invalidArgument("continuation-token", token, "The continuation token provided is incorrect");
  return text.slice(2);
}
