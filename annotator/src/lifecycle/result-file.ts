import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { jobKey, type Resources } from "@elastic-gas/shared/resources";
import { outputNames } from "../jobs/file-names.ts";
import { describeFile, type ObjectPlace } from "../jobs/objects.ts";
import type { ArchivedJob } from "./queries.ts";

/** Where a job's result lies when it is not archived. */
export function resultPlace(
  { buckets, prefix }: Resources,
  job: Pick<ArchivedJob, "id" | "userId" | "inputName">,
): ObjectPlace {
  return { bucket: buckets.results, key: jobKey(prefix, job.userId, job.id, outputNames(job.inputName).result) };
}

export interface LocalCopy extends AsyncDisposable {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** A local copy of a job's result, checked against what its row says; goes away when disposed. Throws when it is not the result that was made. */
export async function takeCopy(job: ArchivedJob, content: Readable, signal: AbortSignal): Promise<LocalCopy> {
  const folder = await mkdtemp(join(tmpdir(), "gas-result-"));
  const clear = () => rm(folder, { recursive: true, force: true });
  try {
    const path = join(folder, "result");
    await pipeline(content, createWriteStream(path), { signal });
    const copy = await describeFile(path);
    if (copy.sizeBytes !== job.resultSize || copy.sha256 !== job.resultSha256) {
      throw new Error(
        `The result of job ${job.id} has ${copy.sizeBytes} bytes with SHA-256 ${copy.sha256}, its row says ${job.resultSize} and ${job.resultSha256}`,
      );
    }
    return { ...copy, path, [Symbol.asyncDispose]: clear };
  } catch (error) {
    await clear();
    throw error;
  }
}
