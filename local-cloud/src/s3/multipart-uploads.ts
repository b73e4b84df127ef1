import { randomUUID } from "node:crypto";
import { inTransaction } from "../storage/transaction.ts";
import type { ChecksumAlgorithm } from "../wire/body/checksum.ts";
import type { NamedChecksum } from "../wire/body/incoming-body.ts";
import { Fault } from "../wire/handler.ts";
import { algorithmOf, type ChecksumFields, checksumFields, checksumOf, checksumWithType } from "./checksum-fields.ts";
import { type CompletedObject, type CompletedPart, completeUpload, findCompleted } from "./complete-upload.ts";
import { checkProtection, getBucket, type S3Context, type S3Handlers } from "./context.ts";
import { invalidRequest, noSuchUpload } from "./faults.ts";
import { checkKey, headersToKeep, partNumberOf, storageClassOf } from "./headers.ts";
import { quoted } from "./object-record.ts";
import { storeBody } from "./store-body.ts";
import { readTagHeader } from "./tags.ts";
import type { Part, Upload } from "./upload-index.ts";

interface UploadInput {
  readonly Bucket?: string;
  readonly Key?: string;
  readonly UploadId?: string;
}

type CompletionInput = ChecksumFields & {
  readonly IfMatch?: string;
  readonly IfNoneMatch?: string;
  readonly MpuObjectSize?: number;
};

export function uploadOperations(
  context: S3Context,
): S3Handlers<"CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload" | "AbortMultipartUpload"> {
  const { uploads, blobs, now } = context;

  function complete(upload: Upload, input: CompletionInput, parts: readonly CompletedPart[]): Promise<CompletedObject> {
    return completeUpload(context, upload, {
      parts,
      conditions: { ifMatch: input.IfMatch, ifNoneMatch: input.IfNoneMatch },
      expectedChecksum: upload.facts.algorithm && checksumOf(input, upload.facts.algorithm),
      expectedSizeBytes: input.MpuObjectSize,
    });
  }

  return {
    async CreateMultipartUpload(input, call) {
      const { name: bucket } = getBucket(context, input, call);
      checkProtection(input);
      const key = input.Key ?? "";
      checkKey(key);
      const algorithm = algorithmOf(input.ChecksumAlgorithm);
      const checksumType = algorithm && checksumTypeOf(algorithm, input.ChecksumType);
      const id = `${randomUUID()}${randomUUID()}`.replaceAll("-", "");
      const facts = {
        headers: headersToKeep(input),
        storageClass: storageClassOf(input.StorageClass),
        algorithm,
        checksumType,
        tags: readTagHeader(input.Tagging),
      };
      uploads.insert({ id, bucket, key, startedAt: now(), facts });
      return {
        Bucket: bucket,
        Key: key,
        UploadId: id,
        ServerSideEncryption: "AES256",
        ...(algorithm ? { ChecksumAlgorithm: algorithm, ChecksumType: checksumType } : {}),
      };
    },

    async UploadPart(input, call) {
      getBucket(context, input, call);
      const upload = getUpload(context, input);
      const number = partNumberOf(input.PartNumber);
      const algorithm = upload.facts.algorithm ?? algorithmOf(input.ChecksumAlgorithm);
      const stored = await storeBody(blobs, input.Body, {
        contentMd5: input.ContentMD5,
        algorithm,
        checkAnnounced: (announced) => checkPartChecksum(upload, announced),
      });
      const { checksum } = stored;
      const part: Part = {
        number,
        blob: stored.blob,
        sizeBytes: stored.sizeBytes,
        md5: stored.md5.toString("hex"),
        checksum: checksum?.value,
        modifiedAt: now(),
      };
      putPart(context, upload, part);
      return { ETag: quoted(part.md5), ServerSideEncryption: "AES256", ...checksumFields(checksum) };
    },

    async CompleteMultipartUpload(input, call) {
      const { name: bucket } = getBucket(context, input, call);
      const { Key: key = "", UploadId: id = "" } = input;
      const parts = input.MultipartUpload?.Parts ?? [];
      const completed =
        findCompleted(context, { id, bucket, key, parts }) ?? (await complete(getUpload(context, input), input, parts));
      return {
        Location: `http://${call.host}/${bucket}/${encodeURIComponent(key).replaceAll("%2F", "/")}`,
        Bucket: bucket,
        Key: key,
        ETag: quoted(completed.etag),
        ServerSideEncryption: "AES256",
        ...checksumWithType(completed.checksum),
      };
    },

    async AbortMultipartUpload(input, call) {
      getBucket(context, input, call);
      const upload = getUpload(context, input);
      const parts = uploads.listParts(upload.id);
      inTransaction(context.db, () => uploads.delete(upload.id));
      blobs.remove(parts.map(({ blob }) => blob));
      return {};
    },
  };
}

/** The upload that the input names, which must be of that bucket and key. */
export function getUpload({ uploads }: S3Context, { Bucket, Key, UploadId = "" }: UploadInput): Upload {
  const upload = uploads.find(UploadId);
  if (!upload || upload.bucket !== Bucket || upload.key !== Key) throw noSuchUpload(UploadId);
  return upload;
}

/** Makes a written blob a part; one uploaded again replaces the earlier. */
export function putPart({ uploads, blobs }: S3Context, upload: Upload, part: Part): void {
  // Completed or aborted while the part came in.
  if (!uploads.find(upload.id)) {
    blobs.remove([part.blob]);
    throw noSuchUpload(upload.id);
  }
  const previous = uploads.listParts(upload.id).find(({ number }) => number === part.number);
  uploads.putPart(upload.id, part);
  if (previous) blobs.remove([previous.blob]);
}

/** A part must carry the checksum that the upload announced; only for a whole object's checksum can S3 make it up. */
function checkPartChecksum({ facts }: Upload, announced: NamedChecksum | undefined): void {
  const { algorithm: expected, checksumType } = facts;
  if (expected === undefined || announced?.algorithm === expected) return;
  if (announced === undefined && checksumType === "FULL_OBJECT") return;
  const actual = announced?.algorithm.toLowerCase() ?? "null";
  throw invalidRequest(
    `Checksum Type mismatch occurred, expected checksum Type: ${expected.toLowerCase()}, actual checksum Type: ${actual}`,
  );
}

/**
 * Composite checksums are checksums of the parts' checksums.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
function checksumTypeOf(algorithm: ChecksumAlgorithm, asked: string | undefined): "FULL_OBJECT" | "COMPOSITE" {
  const isHash = algorithm === "SHA1" || algorithm === "SHA256";
  const type = asked ?? (algorithm === "CRC64NVME" ? "FULL_OBJECT" : "COMPOSITE");
  const isKnown = type === "FULL_OBJECT" ? !isHash : type === "COMPOSITE" && algorithm !== "CRC64NVME";
  if (!isKnown)
    throw new Fault(
      "InvalidRequest",
      `The ${type} checksum type cannot be used with the ${algorithm} checksum algorithm.`,
    );
  return type === "FULL_OBJECT" ? "FULL_OBJECT" : "COMPOSITE";
}
