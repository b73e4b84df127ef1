import { type Conditions, checkWrite } from "./conditions.ts";
import type { S3Context } from "./context.ts";
import { noSuchBucket, noSuchKey, preconditionFailed } from "./faults.ts";
import type { ObjectRecord } from "./object-record.ts";

/**
 * Makes a written object the current one. Without an await: checks and change are one step for everyone else. On failure the new blobs are
 * removed (unless they are still the parts of an upload), on success those of the object that was there.
 */
export function commitObject(
  { buckets, objects, blobs }: S3Context,
  record: Omit<ObjectRecord, "restoration">,
  conditions: Conditions = {},
  { keepOnFailure = false } = {},
): void {
  const written = record.facts.segments.map(({ blob }) => blob);
  try {
    // The bucket may have gone while the body came in.
    if (!buckets.find(record.bucket)) throw noSuchBucket(record.bucket);
    const previous = objects.find(record.bucket, record.key);
    const verdict = checkWrite(conditions, previous);
    if (verdict === "no such key") throw noSuchKey(record.key);
    if (typeof verdict === "object") throw preconditionFailed(verdict.failed);
    objects.put(record);
    if (previous)
      blobs.remove(previous.facts.segments.map(({ blob }) => blob).filter((blob) => !written.includes(blob)));
  } catch (error) {
    if (!keepOnFailure) blobs.remove(written);
    throw error;
  }
}
