import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { jobKey, type Resources } from "@elastic-gas/shared/resources";
import { outputNames } from "../jobs/file-names.ts";
import { describeFile, type ObjectPlace } from "../jobs/objects.ts";
import type { ArchivedJob } from "./queries.ts";

/**
 * Where a restored result lies: its generation makes the key its own, so that no late deletion of an earlier one can
 * hit it.
 */
export function restoredKey(
  { prefix }: Resources,
  job: Pick<ArchivedJob, "id" | "userId" | "inputName" | "archiveGeneration">,
): string {
  return jobKey(prefix, job.userId, `${job.id}.${job.archiveGeneration}`, outputNames(job.inputName).result);
}

export interface LocalCopy extends AsyncDisposable {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

type Expected = Pick<ArchivedJob, "id" | "resultSize" | "resultSha256">;

/**
 * A local copy of a job's result, checked against what its row says; goes away when disposed. Throws when it is not the
 * result that was made.
 */
export async function takeCopy(job: Expected, content: Readable, signal: AbortSignal): Promise<LocalCopy> {
  const folder = await mkdtemp(join(tmpdir(), "gas-result-"));
  const clear = () => rm(folder, { recursive: true, force: true });
  try {
    const path = join(folder, "result");
    await pipeline(content, createWriteStream(path), { signal });
    const copy = await describeFile(path);
    checkContent(job, copy);
    return { ...copy, path, [Symbol.asyncDispose]: clear };
  } catch (error) {
    await clear();
    throw error;
  }
}

export async function openObject(s3: S3Client, { bucket, key }: ObjectPlace, signal: AbortSignal): Promise<Readable> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: signal });
  if (!(Body instanceof Readable)) throw new Error(`S3 gave no content for ${key}`);
  return Body;
}

/** Reads an object as a whole; throws when it is not the result that was made. */
export async function verifyObject(
  s3: S3Client,
  place: ObjectPlace,
  { job, signal }: { readonly job: Expected; readonly signal: AbortSignal },
): Promise<void> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const chunk of await openObject(s3, place, signal)) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  checkContent(job, { sizeBytes, sha256: hash.digest("hex") });
}

function checkContent(job: Expected, { sizeBytes, sha256 }: { sizeBytes: number; sha256: string }): void {
  if (sizeBytes === job.resultSize && sha256 === job.resultSha256) return;
  throw new Error(
    `The result of job ${job.id} has ${sizeBytes} bytes with SHA-256 ${sha256}, its row says ${job.resultSize} and ${job.resultSha256}`,
  );
}
