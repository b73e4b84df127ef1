import { type Conditions, checkWrite } from "./conditions.ts";
import type { S3Context } from "./context.ts";
import { noSuchBucket, noSuchKey, preconditionFailed } from "./faults.ts";
import type { ObjectRecord } from "./object-record.ts";

/**
 * Makes a written object the current one; to be run in a transaction, in which checks and change are one step for
 * everyone else. Answers the files that nothing names any more, which the caller removes after the commit.
 */
export function commitObject(
  { buckets, objects, small }: Pick<S3Context, "buckets" | "objects" | "small">,
  record: Omit<ObjectRecord, "restoration">,
  conditions: Conditions = {},
): readonly string[] {
  // The bucket may have gone while the body came in.
  if (!buckets.find(record.bucket)) throw noSuchBucket(record.bucket);
  const previous = objects.find(record.bucket, record.key);
  const verdict = checkWrite(conditions, previous);
  if (verdict === "no such key") throw noSuchKey(record.key);
  if (typeof verdict === "object") throw preconditionFailed(verdict.failed);
  objects.put(record);
  const written = new Set(record.facts.segments.map(({ blob }) => blob));
  const replaced = previous?.facts.segments.map(({ blob }) => blob) ?? [];
  return small.deleteAmong(replaced.filter((blob) => !written.has(blob)));
}
