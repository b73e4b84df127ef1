import type { Deps } from "../web/deps.ts";
import { readText } from "./files.ts";
import type { Job } from "./queries.ts";

export interface JobLog {
  readonly text: string;
  /** The job runs: the log so far. */
  readonly isUnfinished: boolean;
  /** Only its start is there. */
  readonly cut: boolean;
}

/** The log of a job that has ended, or of one that runs so far; undefined when it has none. */
export async function readLog(
  { s3, resources }: Pick<Deps, "s3" | "resources">,
  { status, logKey, runningLog }: Pick<Job, "status" | "logKey" | "runningLog">,
  maxBytes: number,
): Promise<JobLog | undefined> {
  if (status === "RUNNING") return { text: runningLog ?? "", isUnfinished: true, cut: false };
  if (logKey === null) return undefined;
  const stored = await readText(s3, { bucket: resources.buckets.results, key: logKey }, maxBytes);
  return stored && { ...stored, isUnfinished: false };
}
