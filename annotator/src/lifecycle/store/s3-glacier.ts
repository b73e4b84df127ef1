import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  RestoreObjectCommand,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { jobKey } from "@elastic-gas/shared/resources";
import type { ArchiveStore, StoredArchive, Tier } from "./archive-store.ts";

/** How long S3 keeps a restored copy readable; thaw needs minutes. */
const RESTORED_DAYS = 1;
const RESTORE_HEADER = /ongoing-request="(true|false)"/;

/**
 * Results in a bucket of their own with storage class GLACIER (S3 Glacier Flexible Retrieval). The archive's id is its
 * key, which carries the job's id.
 */
export function createS3Glacier(s3: S3Client, bucket: string, prefix: string): ArchiveStore {
  return {
    async put({ jobId, userId, generation, fileName, path, sizeBytes, sha256 }, signal) {
      const key = `${jobKey(prefix, userId, jobId, fileName)}.${generation}`;
      signal.throwIfAborted();
      const sending = new Upload({
        client: s3,
        params: {
          Bucket: bucket,
          Key: key,
          Body: createReadStream(path),
          StorageClass: "GLACIER",
          ServerSideEncryption: "AES256",
          // S3 checks each part against this and refuses what differs.
          ChecksumAlgorithm: "SHA256",
          Metadata: { sha256 },
        },
      });
      const stop = () => void sending.abort();
      signal.addEventListener("abort", stop);
      try {
        await sending.done();
      } finally {
        signal.removeEventListener("abort", stop);
      }
      const { ContentLength, Metadata } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      if (ContentLength !== sizeBytes || Metadata?.sha256 !== sha256) {
        await remove(key);
        throw new Error(`The archived copy of job ${jobId} has ${ContentLength} bytes, the file ${sizeBytes}`);
      }
      return key;
    },
    async retrieve(archiveId) {
      const ask = async (tier: Tier) => {
        try {
          await s3.send(
            new RestoreObjectCommand({
              Bucket: bucket,
              Key: archiveId,
              RestoreRequest: { Days: RESTORED_DAYS, GlacierJobParameters: { Tier: tier } },
            }),
          );
        } catch (error) {
          if (!isError(error, "RestoreAlreadyInProgress", "ObjectAlreadyInActiveTierError")) throw error;
        }
        return { retrievalId: archiveId, tier };
      };
      try {
        return await ask("Expedited");
      } catch (error) {
        if (isError(error, "GlacierExpeditedRetrievalNotAvailable")) return ask("Standard");
        throw error;
      }
    },
    async retrievalState(archiveId) {
      const { Restore } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: archiveId }));
      const ongoing = RESTORE_HEADER.exec(Restore ?? "")?.[1];
      // Without the header nothing was asked for, or the restored copy has expired.
      if (ongoing === undefined) return "failed";
      return ongoing === "true" ? "in progress" : "ready";
    },
    async open(archiveId, _retrievalId, signal) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: archiveId }), { abortSignal: signal });
      if (!(Body instanceof Readable)) throw new Error(`S3 gave no content for archive ${archiveId}`);
      return Body;
    },
    remove,
    inventory: () => Promise.resolve(listAll()),
  };

  async function remove(key: string): Promise<void> {
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  }

  async function* listAll(): AsyncGenerator<StoredArchive> {
    for await (const { Contents = [] } of paginateListObjectsV2(
      { client: s3 },
      { Bucket: bucket, Prefix: `${prefix}/` },
    )) {
      for (const { Key, LastModified } of Contents) {
        if (Key === undefined || LastModified === undefined) continue;
        yield { archiveId: Key, jobId: /\/([0-9a-f-]{36})~/.exec(Key)?.[1], createdAt: LastModified };
      }
    }
  }
}

function isError(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof S3ServiceException && names.includes(error.name);
}
