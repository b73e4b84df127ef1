import { createHash } from "node:crypto";
import { inTransaction } from "../storage/transaction.ts";
import { type ChecksumAlgorithm, createChecksum } from "../wire/body/checksum.ts";
import { Fault } from "../wire/handler.ts";
import { type ChecksumFields, checksumOf } from "./checksum-fields.ts";
import { commitObject } from "./commit-object.ts";
import type { Conditions } from "./conditions.ts";
import type { S3Context } from "./context.ts";
import { invalidRequest, noSuchUpload } from "./faults.ts";
import type { Segment, StoredChecksum } from "./object-record.ts";
import type { Part, Upload } from "./upload-index.ts";

export type CompletedPart = { readonly ETag?: string; readonly PartNumber?: number } & ChecksumFields;

export interface Completion {
  readonly parts: readonly CompletedPart[];
  readonly conditions: Conditions;
  readonly expectedChecksum: string | undefined;
  readonly expectedSizeBytes: number | undefined;
}

const MIN_PART_BYTES = 5 * 1024 * 1024; // all but the last. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html

/** What the caller is told of the object that the upload became. */
export interface CompletedObject {
  readonly etag: string;
  readonly checksum: StoredChecksum | undefined;
}

/** Makes the parts one object. They stay the files that they are: completing moves no bytes. */
export async function completeUpload(
  context: S3Context,
  upload: Upload,
  completion: Completion,
): Promise<CompletedObject> {
  const { uploads, blobs, db, now } = context;
  const stored = uploads.listParts(upload.id);
  checkPartChecksums(completion.parts, upload);
  const chosen = chooseParts(completion.parts, stored, upload.facts.algorithm);
  const segments = chosen.map(({ blob, sizeBytes, checksum }): Segment => ({ blob, sizeBytes, checksum }));
  const sizeBytes = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  if (completion.expectedSizeBytes !== undefined && completion.expectedSizeBytes !== sizeBytes) {
    throw new Fault(
      "InvalidRequest",
      `The provided 'x-amz-mp-object-size' header value ${completion.expectedSizeBytes} does not match what was computed: ${sizeBytes}`,
    );
  }
  const checksum = await objectChecksum(context, upload, segments);
  if (
    checksum &&
    completion.expectedChecksum !== undefined &&
    completion.expectedChecksum.replace(/-\d+$/, "") !== checksum.value.replace(/-\d+$/, "")
  ) {
    throw new Fault("BadDigest", `The ${checksum.algorithm} you specified did not match the calculated checksum.`);
  }
  const record = {
    bucket: upload.bucket,
    key: upload.key,
    sizeBytes,
    etag: multipartEtag(chosen.map(({ md5 }) => md5)),
    modifiedAt: now(),
    storageClass: upload.facts.storageClass,
    facts: { headers: upload.facts.headers, segments, checksum, partsCount: chosen.length, tags: upload.facts.tags },
  };
  const unused = inTransaction(db, () => {
    // Another call may have completed or aborted the upload while the checksum was computed.
    if (!uploads.find(upload.id)) throw noSuchUpload(upload.id);
    const replaced = commitObject(context, record, completion.conditions);
    uploads.complete({
      id: upload.id,
      bucket: upload.bucket,
      key: upload.key,
      parts: partsText(completion.parts),
      etag: record.etag,
      checksum,
      completedAt: record.modifiedAt,
    });
    return replaced;
  });
  const used = new Set(segments.map(({ blob }) => blob));
  blobs.remove([...unused, ...stored.map(({ blob }) => blob).filter((blob) => !used.has(blob))]);
  return { etag: record.etag, checksum };
}

/**
 * The answer that a completed upload got, for a caller who asks for the same again: the first answer may have been
 * lost.
 */
export function findCompleted(
  { uploads }: S3Context,
  asked: {
    readonly id: string;
    readonly bucket: string;
    readonly key: string;
    readonly parts: readonly CompletedPart[];
  },
): CompletedObject | undefined {
  const completed = uploads.findCompleted(asked.id);
  const isSame =
    completed?.bucket === asked.bucket && completed.key === asked.key && completed.parts === partsText(asked.parts);
  return isSame ? completed : undefined;
}

function partsText(parts: readonly CompletedPart[]): string {
  return parts.map(({ PartNumber, ETag = "" }) => `${PartNumber}:${unquoted(ETag)}`).join(" ");
}

function unquoted(etag: string): string {
  return etag.replace(/^"(.*)"$/, "$1");
}

/** MD5 over the parts' binary MD5s, as S3 makes the ETag of an object uploaded in parts. */
function multipartEtag(md5s: readonly string[]): string {
  const hash = createHash("md5");
  for (const md5 of md5s) hash.update(md5, "hex");
  return `${hash.digest("hex")}-${md5s.length}`;
}

/** The stored parts that the caller lists, in ascending order and each as it was uploaded. */
function chooseParts(
  listed: readonly CompletedPart[],
  stored: readonly Part[],
  algorithm: ChecksumAlgorithm | undefined,
): readonly Part[] {
  if (listed.length === 0)
    throw new Fault(
      "MalformedXML",
      "The XML you provided was not well-formed or did not validate against our published schema",
    );
  const byNumber = new Map(stored.map((part) => [part.number, part]));
  const numbers = listed.map(({ PartNumber = 0 }) => PartNumber);
  if (numbers.some((number, index) => number <= (numbers[index - 1] ?? 0))) {
    throw new Fault("InvalidPartOrder", "The list of parts was not in ascending order.");
  }
  return listed.map((entry, index) => {
    const number = entry.PartNumber ?? 0;
    const part = byNumber.get(number);
    const etag = unquoted(entry.ETag ?? "");
    const checksum = algorithm && checksumOf(entry, algorithm);
    if (!part || part.md5 !== etag || (checksum !== undefined && checksum !== part.checksum)) {
      const message =
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match.";
      throw new Fault("InvalidPart", message, 400, { fields: { PartNumber: String(number), ETag: etag } });
    }
    if (index < listed.length - 1 && part.sizeBytes < MIN_PART_BYTES) {
      throw new Fault("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400, {
        fields: {
          ProposedSize: String(part.sizeBytes),
          MinSizeAllowed: String(MIN_PART_BYTES),
          PartNumber: String(number),
          ETag: etag,
        },
      });
    }
    return part;
  });
}

/**
 * A checksum of checksums needs each of them from the caller: what was lost on the way would count as right otherwise.
 */
function checkPartChecksums(listed: readonly CompletedPart[], { facts }: Upload): void {
  const { algorithm, checksumType } = facts;
  if (algorithm === undefined || checksumType !== "COMPOSITE") return;
  const without = listed.find((entry) => checksumOf(entry, algorithm) === undefined);
  if (!without) return;
  const name = algorithm.toLowerCase();
  throw invalidRequest(
    `The upload was created using a ${name} checksum. The complete request must include the checksum for each part. It was missing for part ${without.PartNumber} in the request.`,
  );
}

async function objectChecksum(
  { blobs }: S3Context,
  { facts }: Upload,
  segments: readonly Segment[],
): Promise<StoredChecksum | undefined> {
  const { algorithm, checksumType: type } = facts;
  if (algorithm === undefined || type === undefined) return undefined;
  const checksum = createChecksum(algorithm);
  if (type === "COMPOSITE") {
    for (const segment of segments) checksum.update(Buffer.from(segment.checksum ?? "", "base64"));
    return { algorithm, type, value: `${checksum.digest()}-${segments.length}` };
  }
  const sizeBytes = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  for await (const chunk of blobs.read(segments, 0, sizeBytes - 1)) checksum.update(chunk);
  return { algorithm, type, value: checksum.digest() };
}
