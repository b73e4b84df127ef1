import type { DatabaseSync } from "node:sqlite";
import type * as S3 from "@aws-sdk/client-s3";
import type { Logger } from "@elastic-gas/shared/logger";
import type { BlobStore } from "../storage/blob-store.ts";
import type { GroupCommit } from "../storage/group-commit.ts";
import type { SmallBlobs } from "../storage/small-blobs.ts";
import { type Call, Fault, type HandlersOf, type OperationName } from "../wire/handler.ts";
import type { Bucket, BucketIndex } from "./bucket-index.ts";
import { invalidArgument, noSuchBucket, noSuchKey, notImplemented } from "./faults.ts";
import type { ObjectIndex } from "./object-index.ts";
import type { ObjectRecord } from "./object-record.ts";
import type { UploadIndex } from "./upload-index.ts";

/** How long a retrieval from GLACIER takes, by tier. */
export interface RetrievalSeconds {
  readonly Expedited: number;
  readonly Standard: number;
  readonly Bulk: number;
}

export interface S3Context {
  readonly db: DatabaseSync;
  readonly buckets: BucketIndex;
  readonly objects: ObjectIndex;
  readonly uploads: UploadIndex;
  readonly blobs: BlobStore;
  readonly small: SmallBlobs;
  /** Shares one commit among the writes of a turn of the event loop. */
  readonly commit: GroupCommit;
  readonly retrievalSeconds: RetrievalSeconds;
  readonly log: Logger;
  readonly now: () => Date;
}

export type S3Handlers<Name extends OperationName<typeof S3>> = HandlersOf<typeof S3, Name>;

/** The bucket that the input names; checks the owner that the caller expects. */
export function getBucket(
  { buckets }: S3Context,
  input: { readonly Bucket?: string; readonly ExpectedBucketOwner?: string },
  call: Call,
): Bucket {
  const name = input.Bucket ?? "";
  const bucket = buckets.find(name);
  if (!bucket) throw noSuchBucket(name);
  checkOwner(input.ExpectedBucketOwner, call);
  return bucket;
}

export function getObject({ objects }: S3Context, bucket: string, key: string): ObjectRecord {
  const record = objects.find(bucket, key);
  if (!record) throw noSuchKey(key);
  return record;
}

/** Buckets have no versions here: the only version that exists is `null`. */
export function checkVersion(versionId: string | undefined): void {
  if (versionId !== undefined && versionId !== "null")
    throw invalidArgument("versionId", versionId, "Invalid version id specified");
}

/** Everything is private and encrypted by S3 itself (AES256), as buckets made today are. */
export function checkProtection(input: {
  readonly ACL?: string | undefined;
  readonly ServerSideEncryption?: string | undefined;
  readonly SSECustomerAlgorithm?: string | undefined;
}): void {
  if (input.ACL !== undefined && input.ACL !== "private" && input.ACL !== "bucket-owner-full-control")
    throw aclNotSupported();
  if (input.SSECustomerAlgorithm !== undefined) throw notImplemented("encryption with the caller's keys (SSE-C)");
  if (input.ServerSideEncryption !== undefined && input.ServerSideEncryption !== "AES256") {
    throw notImplemented(`server-side encryption "${input.ServerSideEncryption}"`);
  }
}

export function aclNotSupported(): Error {
  return new Fault("AccessControlListNotSupported", "The bucket does not allow ACLs");
}

function checkOwner(expected: string | undefined, { accountId }: Call): void {
  if (expected !== undefined && expected !== accountId) throw new Fault("AccessDenied", "Access Denied", 403);
}
