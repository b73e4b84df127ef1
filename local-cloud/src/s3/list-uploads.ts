import type { StorageClass } from "@aws-sdk/client-s3";
import { checksumFields } from "./checksum-fields.ts";
import { getBucket, type S3Context, type S3Handlers } from "./context.ts";
import { encodeListText } from "./encode-list-text.ts";
import { commonPrefixOf } from "./list-keys.ts";
import { getUpload } from "./multipart-uploads.ts";
import { quoted } from "./object-record.ts";
import type { Upload } from "./upload-index.ts";

const MAX_ITEMS = 1000;

/** One line of a list of uploads: an upload, or the common prefix of several. */
interface Item {
  readonly upload: Upload | undefined;
  /** The upload's key, or the common prefix. */
  readonly last: string;
}

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
      const {
        Prefix: prefix = "",
        Delimiter: delimiter = "",
        KeyMarker: keyMarker = "",
        UploadIdMarker: idMarker = "",
        EncodingType,
      } = input;
      const encode = encodeListText(EncodingType);
      const maxUploads = Math.min(input.MaxUploads ?? MAX_ITEMS, MAX_ITEMS);
      const isAfter = (key: string, id: string) =>
        keyMarker === "" ||
        Buffer.compare(Buffer.from(key), Buffer.from(keyMarker)) > 0 ||
        (key === keyMarker && idMarker !== "" && id > idMarker);
      const uploads = context.uploads.list(name, prefix).filter(({ key, id }) => isAfter(key, id));
      // Uploads whose keys go on after the delimiter count once, as their common prefix; the page before may have ended
      // with it.
      const groups = Map.groupBy(uploads, ({ key, id }) => commonPrefixOf(key, prefix, delimiter) ?? `${key}\n${id}`);
      if (delimiter !== "" && keyMarker.endsWith(delimiter)) groups.delete(keyMarker);
      const rest = [...groups.entries()].flatMap(([group, [upload]]): readonly Item[] => {
        if (!upload) return [];
        const common = commonPrefixOf(upload.key, prefix, delimiter);
        return common === undefined ? [{ upload, last: upload.key }] : [{ upload: undefined, last: group }];
      });
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
        ...(delimiter === "" ? {} : { Delimiter: encode(delimiter) }),
        ...(isTruncated && last ? { NextKeyMarker: encode(last.last), NextUploadIdMarker: last.upload?.id ?? "" } : {}),
        CommonPrefixes: page.flatMap(({ upload, last: common }) => (upload ? [] : [{ Prefix: encode(common) }])),
        Uploads: page
          .flatMap(({ upload }) => upload ?? [])
          .map(({ id, key, startedAt, facts }) => ({
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
