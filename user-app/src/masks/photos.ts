import { randomUUID } from "node:crypto";
import { cleanFileName } from "@elastic-gas/shared/clean-file-name";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import { HttpError } from "@elastic-gas/shared/web/errors";
import type { MaskDetector, Place } from "./detector/mask-detector.ts";
import { countFaces, type FaceCounts } from "./photo-lists.ts";
import { deleteObjects, listObjectsBefore, type PhotoBucket, photoKeys, putPhoto } from "./photo-store.ts";
import { deletePhotoRow, findKnownPhotoIds, findPhoto, getDataGeneration, insertPhoto } from "./queries.ts";

export interface PhotoDeps {
  readonly db: Database;
  readonly photos: PhotoBucket;
  readonly detector: MaskDetector;
  readonly log: Logger;
}

export interface Upload {
  readonly userId: number;
  readonly fileName: string;
  readonly bytes: Uint8Array;
  readonly place: Place;
  /** Aborts when the sender is gone. */
  readonly signal?: AbortSignal | undefined;
}

export interface KeptPhoto extends FaceCounts {
  readonly id: string;
}

/**
 * Checks a photo and keeps it: objects first, then the row, so that a crash leaves at most objects that
 * `sweepLeftovers` removes, never a row without objects. Throws what the detector throws, and HttpError 409 when the
 * account or all data were deleted meanwhile.
 */
export async function detectAndStore({ db, photos, detector, log }: PhotoDeps, upload: Upload): Promise<KeptPhoto> {
  const generation = await getDataGeneration(db);
  const checked = await detector.check(upload.bytes, upload);
  upload.signal?.throwIfAborted();
  const id = randomUUID();
  const counts = countFaces(checked.faces);
  const keys = photoKeys(photos.prefix, { id, userId: upload.userId, contentType: checked.contentType });
  let kept = false;
  try {
    await putPhoto(photos, keys, upload.bytes, checked);
    kept = await insertPhoto(
      db,
      {
        id,
        userId: upload.userId,
        keys,
        fileName: cleanFileName(upload.fileName, "photo"),
        contentType: checked.contentType,
        width: checked.width,
        height: checked.height,
        sizeBytes: upload.bytes.byteLength,
        ...counts,
        boxes: checked.faces,
      },
      generation,
    );
  } finally {
    if (!kept) await removeObjects(photos, Object.values(keys), log);
  }
  if (!kept) throw new HttpError(409, "Your data were deleted while the photo was checked, so it was not kept.");
  return { id, ...counts };
}

/** Row first: then the photo is gone for its user, and objects left by a crash are swept. False when there was none. */
export async function deletePhoto(
  { db, photos, log }: Omit<PhotoDeps, "detector">,
  userId: number,
  id: string,
): Promise<boolean> {
  const photo = await findPhoto(db, userId, id);
  if (photo === undefined || !(await deletePhotoRow(db, userId, id))) return false;
  await removeObjects(photos, [photo.originalKey, photo.annotatedKey, photo.thumbnailKey], log);
  return true;
}

/** Uploads take seconds, so objects without a row that are older than this belong to none under way. */
const LEFTOVER_SECONDS = 3600;

/**
 * Deletes objects that no row names: of uploads and deletions that a crash cut short, and of deleted accounts. Returns
 * how many.
 */
export async function sweepLeftovers({ db, photos }: Pick<PhotoDeps, "db" | "photos">, now: Date): Promise<number> {
  let deleted = 0;
  for await (const keys of listObjectsBefore(photos, new Date(now.getTime() - LEFTOVER_SECONDS * 1000))) {
    const known = await findKnownPhotoIds(db, [...new Set(keys.map(imageIdOf))]);
    const leftovers = keys.filter((key) => !known.has(imageIdOf(key)));
    await deleteObjects(photos, leftovers);
    deleted += leftovers.length;
  }
  return deleted;
}

function imageIdOf(key: string): string {
  return key.split("/").at(-2) ?? "";
}

async function removeObjects(photos: PhotoBucket, keys: readonly string[], log: Logger): Promise<void> {
  try {
    await deleteObjects(photos, keys);
  } catch (error) {
    // The sweep removes them; the user's request must not fail for it.
    log.warn({ err: error, keys }, "photo objects left behind");
  }
}
