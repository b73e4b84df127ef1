import { sql } from "kysely";

/** So much of a log is kept in its job's row, bytes of UTF-8. */
export const RUNNING_LOG_BYTES = 16_384;
const LEFT_OUT = "(earlier lines are left out)\n";

/** What a job has while nobody works on it. */
export const NO_PROGRESS = { progressPercent: null, runningLog: null, runningLogAttempt: null } as const;

/**
 * What a job has that ends without a result: the log as far as the attempt that ran last came. It stays in the row, for
 * whoever ends a job may have neither the log nor S3. In an update, before `attempt` is changed.
 */
export const LOG_SO_FAR = {
  progressPercent: null,
  runningLog: sql<string | null>`case when running_log_attempt = attempt then running_log end`,
} as const;

/**
 * The last whole lines of a log that fit, or the end of a line that is longer by itself; says when lines are left out.
 */
export function endOfLog(text: string): string {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length <= RUNNING_LOG_BYTES) return bytes.toString("utf8");
  let from = bytes.length - RUNNING_LOG_BYTES + LEFT_OUT.length;
  const feed = bytes.indexOf("\n", from);
  if (feed !== -1 && feed < bytes.length - 1) from = feed + 1;
  else while (isContinuation(bytes[from])) from += 1;
  return LEFT_OUT + bytes.subarray(from).toString("utf8");
}

/** True inside a character of several bytes. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
