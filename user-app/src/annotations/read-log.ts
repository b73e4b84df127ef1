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

/**
 * The log of a job that has ended, of one that failed as far as it came and with the reason, or of one that runs so
 * far; undefined when it has none.
 */
export async function readLog(
  { s3, resources }: Pick<Deps, "s3" | "resources">,
  { status, logKey, runningLog, failure }: Pick<Job, "status" | "logKey" | "runningLog" | "failure">,
  maxBytes: number,
): Promise<JobLog | undefined> {
  if (status === "RUNNING") return { text: runningLog ?? "", isUnfinished: true, cut: false };
  if (logKey === null)
    return runningLog === null
      ? undefined
      : { text: logOfFailed(runningLog, failure), isUnfinished: false, cut: false };
  const stored = await readText(s3, { bucket: resources.buckets.results, key: logKey }, maxBytes);
  return stored && { ...stored, isUnfinished: false };
}

/** As far as it came, and why it ended there. */
export function logOfFailed(log: string, failure: string | null): string {
  return `${log.trimEnd()}\n\nEnded without a result: ${failure ?? "for a reason that is not known"}\n`;
}
