import { combineTreeHashes } from "@elastic-gas/shared/aws/tree-hash";
import { inTransaction } from "../storage/transaction.ts";
import type { Call } from "../wire/handler.ts";
import { newArchiveId } from "./archives.ts";
import {
  checkDescription,
  forgetOld,
  type GlacierContext,
  type GlacierHandlers,
  getVault,
  pageOf,
  pageSize,
  vaultArn,
  vaultPath,
} from "./context.ts";
import { invalidParameter, missingParameter, notFound } from "./errors.ts";
import { newId } from "./new-id.ts";
import { checkTreeHash, storeArchiveBody } from "./store-archive-body.ts";
import type { Upload } from "./upload-store.ts";

const MIB = 2 ** 20;
const MAX_PART_BYTES = 4 * 2 ** 30;
const MAX_PER_PAGE = 50;

/** https://docs.aws.amazon.com/amazonglacier/latest/dev/uploading-archive-mpu.html */
export function multipartOperations(
  context: GlacierContext,
): GlacierHandlers<
  | "InitiateMultipartUpload"
  | "UploadMultipartPart"
  | "CompleteMultipartUpload"
  | "AbortMultipartUpload"
  | "ListParts"
  | "ListMultipartUploads"
> {
  const { uploads, vaults, blobs, db } = context;
  const getUpload = (
    input: Parameters<typeof getVault>[1] & { readonly uploadId?: string | undefined },
    call: Call,
  ) => {
    const { name } = getVault(context, input, call);
    forgetOld(context);
    const upload = uploads.find(name, input.uploadId ?? "");
    if (!upload) throw notFound(`The upload ID was not found: ${input.uploadId}`);
    return upload;
  };
  return {
    async InitiateMultipartUpload(input, call) {
      const { name } = getVault(context, input, call);
      if (input.partSize === undefined) throw missingParameter("x-amz-part-size");
      const partBytes = Number(input.partSize);
      const isPowerOfTwo = Number.isInteger(Math.log2(partBytes / MIB));
      if (!isPowerOfTwo || partBytes < MIB || partBytes > MAX_PART_BYTES)
        throw invalidParameter(
          `Invalid part size: ${input.partSize}. It must be 1 MiB times a power of two, at most 4 GiB.`,
        );
      const id = newId(69); // as long as AWS's: 92 characters
      const description = checkDescription(input.archiveDescription);
      uploads.add({ id, vault: name, description, partBytes, createdAt: context.now().toISOString() });
      return { uploadId: id, location: `${vaultPath(call, name)}/multipart-uploads/${id}` };
    },

    async UploadMultipartPart(input, call) {
      const { id, partBytes } = getUpload(input, call);
      const { start, sizeBytes } = readPartRange(input.range, partBytes);
      const stored = await storeArchiveBody(blobs, input.body, { checksum: input.checksum, maxBytes: partBytes });
      if (stored.sizeBytes !== sizeBytes) {
        blobs.remove([stored.blob]);
        throw invalidParameter(`Content-Range: ${input.range} does not fit the ${stored.sizeBytes} bytes that came.`);
      }
      getUpload(input, call); // it may have ended while the body came
      const replaced = inTransaction(db, () => uploads.putPart(id, { start, ...stored }));
      if (replaced !== undefined) blobs.remove([replaced]);
      return { checksum: stored.treeHash };
    },

    async CompleteMultipartUpload(input, call) {
      const { id, vault, description, partBytes } = getUpload(input, call);
      const parts = uploads.listParts(id);
      const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
      const isGapless = parts.every(
        (part, index) =>
          part.start === index * partBytes && (part.sizeBytes === partBytes || index === parts.length - 1),
      );
      if (!isGapless || parts.length === 0) throw invalidParameter("The parts do not make up a whole archive.");
      if (input.archiveSize === undefined) throw missingParameter("x-amz-archive-size");
      if (Number(input.archiveSize) !== sizeBytes)
        throw invalidParameter(`Invalid archive size: ${input.archiveSize}; the parts have ${sizeBytes} bytes.`);
      const treeHash = combineTreeHashes(parts.map((part) => part.treeHash));
      checkTreeHash(input.checksum, treeHash);
      const archiveId = newArchiveId();
      inTransaction(db, () => {
        uploads.delete(id);
        vaults.addArchive({
          id: archiveId,
          vault,
          description,
          sizeBytes,
          treeHash,
          segments: parts.map(({ blob, sizeBytes: size }) => ({ blob, sizeBytes: size })),
          createdAt: context.now().toISOString(),
        });
      });
      return { archiveId, checksum: treeHash, location: `${vaultPath(call, vault)}/archives/${archiveId}` };
    },

    async AbortMultipartUpload(input, call) {
      const { id } = getUpload(input, call);
      const parts = uploads.listParts(id);
      inTransaction(db, () => uploads.delete(id));
      blobs.remove(parts.map(({ blob }) => blob));
      return {};
    },

    async ListParts(input, call) {
      const upload = getUpload(input, call);
      const { page, next } = pageOf(uploads.listParts(upload.id), ({ start }) => String(start), {
        marker: input.marker,
        size: pageSize(input.limit, MAX_PER_PAGE),
      });
      return {
        ...describe(upload, call),
        Parts: page.map(({ start, sizeBytes, treeHash }) => ({
          RangeInBytes: `${start}-${start + sizeBytes - 1}`,
          SHA256TreeHash: treeHash,
        })),
        ...(next === undefined ? {} : { Marker: next }),
      };
    },

    async ListMultipartUploads(input, call) {
      const { name } = getVault(context, input, call);
      forgetOld(context);
      const { page, next } = pageOf(uploads.list(name), ({ id }) => id, {
        marker: input.marker,
        size: pageSize(input.limit, MAX_PER_PAGE),
      });
      return {
        UploadsList: page.map((upload) => describe(upload, call)),
        ...(next === undefined ? {} : { Marker: next }),
      };
    },
  };
}

/** `bytes 0-1048575/*` */
function readPartRange(
  range: string | undefined,
  partBytes: number,
): { readonly start: number; readonly sizeBytes: number } {
  if (range === undefined) throw missingParameter("Content-Range");
  const [whole, first, last] = /^bytes (\d+)-(\d+)\/(?:\*|\d+)$/.exec(range) ?? [];
  const start = Number(first);
  const sizeBytes = Number(last) - start + 1;
  if (whole === undefined || start % partBytes !== 0 || sizeBytes < 1 || sizeBytes > partBytes)
    throw invalidParameter(`Content-Range: ${range} is not aligned to the part size of ${partBytes} bytes.`);
  return { start, sizeBytes };
}

function describe({ id, vault, description, partBytes, createdAt }: Upload, call: Call) {
  return {
    MultipartUploadId: id,
    VaultARN: vaultArn(call, vault),
    ArchiveDescription: description,
    PartSizeInBytes: partBytes,
    CreationDate: createdAt,
  };
}
