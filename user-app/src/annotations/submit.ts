import { createHash, randomUUID } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import type { User } from "@elastic-gas/shared/accounts/users";
import { cleanFileName } from "@elastic-gas/shared/clean-file-name";
import { formatBytes } from "@elastic-gas/shared/format/numbers";
import { jobKey } from "@elastic-gas/shared/resources";
import { HttpError } from "@elastic-gas/shared/web/errors";
import type { Deps } from "../web/deps.ts";
import { BuildField } from "./build-choice.ts";
import { checkSize, checkUnpackedSize } from "./check-size.ts";
import { findObject, openObject } from "./files.ts";
import { findJob, insertJob, type Job, type NewJob } from "./queries.ts";
import { refuseTooManyWaiting } from "./too-many-waiting.ts";
import { type Build, NAMELESS, parseUploadKey } from "./upload.ts";

type SubmitDeps = Pick<Deps, "db" | "s3" | "config" | "resources" | "outbox" | "inBackground">;

export interface Choices {
  readonly build: Build | null;
  readonly title: string | null;
}

/** Queues a job. False when there is one with this id already, which is left as it is. Throws HttpError 429. */
export async function queueJob({ db, config, outbox, inBackground }: SubmitDeps, job: NewJob): Promise<boolean> {
  const isNew = await db.transaction().execute(async (trx) => {
    const remedy = "The file is kept for a day. Reload this page when some jobs are done.";
    await refuseTooManyWaiting(trx, config, { userId: job.userId, remedy });
    return insertJob(trx, job);
  });
  if (isNew) inBackground("outbox flush", () => outbox.flush());
  return isNew;
}

/**
 * The job of a file that was sent to S3 by a policy of `createUploadPolicy`; made at the first call, found by later
 * ones.
 */
export async function submitUploaded(
  deps: SubmitDeps,
  user: Pick<User, "id" | "role">,
  { key, build, title }: Choices & { readonly key: string },
): Promise<Job> {
  const { db, s3, resources } = deps;
  const uploaded = parseUploadKey(resources.prefix, key);
  if (uploaded === undefined) throw new HttpError(404, "There is no such upload.");
  if (uploaded.userId !== user.id) throw new HttpError(403, "Not authorized to view this job");

  // A job that is known already needs no object: its page must come also when S3 is down or the input was deleted.
  const known = await findJob(db, user.id, uploaded.jobId);
  if (known.kind === "found") return known.job;
  if (known.kind === "not yours") throw new HttpError(403, "Not authorized to view this job");
  const address = { bucket: resources.buckets.inputs, key };
  const object = await findObject(s3, address);
  if (object === undefined) {
    throw new HttpError(404, "The upload is not there.", {
      remedy: "It was not finished, or it was deleted. Send the file again.",
      link: { href: "/annotate", text: "Send a file" },
    });
  }
  try {
    checkSize(deps.config, user, object.sizeBytes);
    if (user.role !== "premium_user") {
      const content = await openObject(s3, address);
      if (content !== undefined) await checkUnpackedSize(deps.config, await buffer(content));
    }
  } catch (error) {
    // An outage is no reason to delete what was sent.
    if (error instanceof HttpError) await s3.send(new DeleteObjectCommand({ Bucket: address.bucket, Key: key }));
    throw error;
  }
  await queueJob(deps, {
    id: uploaded.jobId,
    userId: user.id,
    inputName: uploaded.fileName,
    inputKey: key,
    inputEtag: object.etag,
    inputSize: object.sizeBytes,
    build: build ?? BuildField.parse(object.metadata.build) ?? null,
    title,
  });
  return getJob(deps, user.id, uploaded.jobId);
}

export interface SentInput extends Choices {
  readonly fileName: string;
  readonly bytes: Uint8Array;
  /** The job's id: one that is sent again finds the job of the first time. */
  readonly jobId?: string;
}

/** The job of a file that came to this process: stores it and queues the job. Throws HttpError 413 and 429. */
export async function submitBytes(
  deps: SubmitDeps,
  user: Pick<User, "id" | "role">,
  { fileName, bytes, build, title, jobId }: SentInput,
): Promise<Job> {
  const { s3, resources } = deps;
  checkSize(deps.config, user, bytes.byteLength);
  if (user.role !== "premium_user") await checkUnpackedSize(deps.config, bytes);
  const inputName = cleanFileName(fileName, NAMELESS);
  // An object of its own for each sending, so that the second of two at once cannot replace the file of the first.
  const objectId = randomUUID();
  const id = jobId ?? objectId;
  const object = { Bucket: resources.buckets.inputs, Key: jobKey(resources.prefix, user.id, objectId, inputName) };
  const { ETag } = await s3.send(new PutObjectCommand({ ...object, Body: bytes, ServerSideEncryption: "AES256" }));
  const job: NewJob = {
    id,
    userId: user.id,
    inputName,
    inputKey: object.Key,
    inputEtag: ETag ?? "",
    inputSize: bytes.byteLength,
    build,
    title,
  };
  let isNew = false;
  try {
    isNew = await queueJob(deps, job);
  } finally {
    if (!isNew) await s3.send(new DeleteObjectCommand(object));
  }
  return getJob(deps, user.id, id);
}

/**
 * Throws HttpError 409 when the job of an Idempotency-Key is not of this file and build: its sender would take the
 * result of another one for its own.
 */
export function refuseOtherInput(
  { inputEtag, inputName, inputSize, build }: Pick<Job, "inputEtag" | "inputName" | "inputSize" | "build">,
  sent: { readonly bytes: Uint8Array; readonly build: Job["build"] },
): void {
  const known = inputEtag.replaceAll('"', "");
  const isSame =
    inputSize === sent.bytes.byteLength &&
    // S3's ETag of a file that was put whole; of any other kind it does not tell.
    (!/^[0-9a-f]{32}$/.test(known) || known === createHash("md5").update(sent.bytes).digest("hex"));
  if (isSame && build === sent.build) return;
  const what = isSame ? `another build of ${inputName}` : `another file: ${inputName}, ${formatBytes(inputSize)}`;
  throw new HttpError(409, `This Idempotency-Key was used for ${what}. Use a key of its own for each file and build.`);
}

/** The id of the one job that a user's Idempotency-Key stands for: a UUID of version 8, RFC 9562 section 5.8. */
export function jobIdOfKey(userId: number, key: string): string {
  const hex = createHash("sha256").update(`annotation ${userId} ${key}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

async function getJob({ db }: Pick<SubmitDeps, "db">, userId: number, jobId: string): Promise<Job> {
  const found = await findJob(db, userId, jobId);
  if (found.kind === "found") return found.job;
  throw new HttpError(503, "All data were deleted a moment ago.", { retryAfterSeconds: 5 });
}
