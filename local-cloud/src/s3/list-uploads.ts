import type { StorageClass } from "@aws-sdk/client-s3";
import { checksumFields } from "./checksum-fields.ts";
import { getBucket, type S3Context, type S3Handlers } from "./context.ts";
import { encodeListText } from "./encode-list-text.ts";
import { notImplemented } from "./faults.ts";
import { getUpload } from "./multipart-uploads.ts";
import { quoted } from "./object-record.ts";

const MAX_ITEMS = 1000;

export function listUploadOperations(context: S3Context): S3Handlers<"ListParts" | "ListMultipartUploads"> {
  return {
    async ListParts(input, call) {
      const { name } = getBucket(context, input, call);
      const upload = getUpload(context, input);
      const { algorithm, checksumType } = upload.facts;
      const marker = Number(input.PartNumberMarker ?? 0);
      const maxParts = Math.min(input.MaxParts ?? MAX_ITEMS, MAX_ITEMS);
      const rest = context.uploads.listParts(upload.id).filter(({ number }) => number > marker);
      const page = rest.slice(0, maxParts);
      return {
        Bucket: name,
        Key: upload.key,
        UploadId: upload.id,
        PartNumberMarker: String(marker),
        NextPartNumberMarker: String(page.at(-1)?.number ?? 0),
        MaxParts: maxParts,
        IsTruncated: rest.length > page.length,
        Parts: page.map(({ number, md5, sizeBytes, modifiedAt, checksum }) => ({
          PartNumber: number,
          LastModified: modifiedAt,
          ETag: quoted(md5),
          Size: sizeBytes,
          ...(algorithm && checksum !== undefined ? checksumFields({ algorithm, value: checksum }) : {}),
        })),
        Initiator: { ID: call.accountId },
        Owner: { ID: call.accountId },
        StorageClass: upload.facts.storageClass as StorageClass, // one of the model's
        ...(algorithm ? { ChecksumAlgorithm: algorithm, ChecksumType: checksumType } : {}),
      };
    },

    async ListMultipartUploads(input, call) {
      const { name } = getBucket(context, input, call);
      if (input.Delimiter !== undefined) throw notImplemented("a delimiter in lists of uploads");
      const { Prefix: prefix = "", KeyMarker: keyMarker = "", UploadIdMarker: idMarker = "", EncodingType } = input;
      const encode = encodeListText(EncodingType);
      const maxUploads = Math.min(input.MaxUploads ?? MAX_ITEMS, MAX_ITEMS);
      const isAfter = (key: string, id: string) =>
        keyMarker === "" ||
        Buffer.compare(Buffer.from(key), Buffer.from(keyMarker)) > 0 ||
        (key === keyMarker && idMarker !== "" && id > idMarker);
      const rest = context.uploads.list(name, prefix).filter(({ key, id }) => isAfter(key, id));
      const page = rest.slice(0, maxUploads);
      const last = page.at(-1);
      const isTruncated = rest.length > page.length;
      return {
        Bucket: name,
        KeyMarker: encode(keyMarker),
        UploadIdMarker: idMarker,
        Prefix: encode(prefix),
        MaxUploads: maxUploads,
        IsTruncated: isTruncated,
        EncodingType,
        ...(isTruncated && last ? { NextKeyMarker: encode(last.key), NextUploadIdMarker: last.id } : {}),
        Uploads: page.map(({ id, key, startedAt, facts }) => ({
          UploadId: id,
          Key: encode(key),
          Initiated: startedAt,
          StorageClass: facts.storageClass as StorageClass, // one of the model's
          Owner: { ID: call.accountId },
          Initiator: { ID: call.accountId },
          ...(facts.algorithm ? { ChecksumAlgorithm: facts.algorithm, ChecksumType: facts.checksumType } : {}),
        })),
      };
    },
  };
}
