import type { Database } from "@elastic-gas/shared/database/connect";
import type { FaceBox } from "@elastic-gas/shared/database/tables";
import { sql } from "kysely";
import { PHOTO_LISTS, type PhotoList } from "./photo-lists.ts";
import type { PhotoKeys } from "./photo-store.ts";

export interface NewPhoto {
  readonly id: string;
  readonly userId: number;
  readonly keys: PhotoKeys;
  readonly fileName: string;
  readonly contentType: string;
  readonly width: number;
  readonly height: number;
  readonly sizeBytes: number;
  readonly faces: number;
  readonly masked: number;
  readonly unmasked: number;
  readonly boxes: readonly FaceBox[];
}

export interface PhotoSummary {
  readonly id: string;
  readonly fileName: string;
  readonly faces: number;
  readonly masked: number;
  readonly unmasked: number;
  readonly createdAt: Date;
}

export interface Photo extends PhotoSummary {
  readonly originalKey: string;
  readonly annotatedKey: string;
  readonly thumbnailKey: string;
  readonly contentType: string;
  readonly width: number;
  readonly height: number;
  readonly sizeBytes: number;
  /** Left to right. */
  readonly boxes: readonly FaceBox[];
}

const SUMMARY = ["id", "fileName", "faces", "masked", "unmasked", "createdAt"] as const;
const FILES = [
  "originalKey",
  "annotatedKey",
  "thumbnailKey",
  "contentType",
  "width",
  "height",
  "sizeBytes",
  "boxes",
] as const;

/** Changes when all data are deleted; work that began under another number must not be kept. */
export async function getDataGeneration(db: Database): Promise<string> {
  const row = await db.selectFrom("settings").select("value").where("name", "=", "data_generation").executeTakeFirst();
  return row?.value ?? "0";
}

/**
 * Records a photo. False, and nothing recorded, when all data were deleted since `generation` was read, or the user is
 * gone.
 */
export async function insertPhoto(db: Database, photo: NewPhoto, generation: string): Promise<boolean> {
  const { keys, boxes, ...columns } = photo;
  const row = {
    ...columns,
    originalKey: keys.original,
    annotatedKey: keys.annotated,
    thumbnailKey: keys.thumbnail,
    boxes: JSON.stringify(boxes),
  };
  const names = Object.keys(row) as (keyof typeof row)[]; // an object literal has its own keys only
  // The lock makes "delete all" wait, or makes this see the new number. FOR SHARE is not known to MariaDB.
  const { numInsertedOrUpdatedRows } = await db
    .insertInto("images")
    .columns(names)
    .expression((images) =>
      images
        .selectFrom("users")
        .leftJoin("settings", (join) => join.on("settings.name", "=", "data_generation"))
        .select(names.map((name) => images.val(row[name]).as(name)))
        .where("users.id", "=", photo.userId)
        .where(sql`coalesce(settings.value, '0')`, "=", generation)
        .modifyEnd(sql`lock in share mode`),
    )
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export async function findPhoto(db: Database, userId: number, id: string): Promise<Photo | undefined> {
  return db
    .selectFrom("images")
    .select([...SUMMARY, ...FILES])
    .where("id", "=", id)
    .where("userId", "=", userId)
    .executeTakeFirst();
}

/** False when there is no such photo of this user. */
export async function deletePhotoRow(db: Database, userId: number, id: string): Promise<boolean> {
  const result = await db.deleteFrom("images").where("id", "=", id).where("userId", "=", userId).executeTakeFirst();
  return result.numDeletedRows > 0n;
}

export interface PhotoCounts {
  readonly photos: number;
  readonly sizeBytes: number;
  readonly byList: Readonly<Record<PhotoList, number>>;
}

export async function countPhotos(db: Database, userId: number): Promise<PhotoCounts> {
  const rows = await db
    .selectFrom("images")
    .select([
      sql<PhotoList>`case when faces = 0 then 'no-faces' when masked = 0 then 'none-masked' when masked = faces then 'all-masked' else 'some-masked' end`.as(
        "list",
      ),
      sql<number>`count(*)`.as("photos"),
      sql<number>`coalesce(sum(size_bytes), 0)`.as("bytes"),
    ])
    .where("userId", "=", userId)
    .groupBy("list")
    .execute();
  const of = (list: PhotoList) => Number(rows.find((row) => row.list === list)?.photos ?? 0);
  return {
    photos: rows.reduce((sum, row) => sum + Number(row.photos), 0),
    sizeBytes: rows.reduce((sum, row) => sum + Number(row.bytes), 0),
    byList: Object.fromEntries(PHOTO_LISTS.map((list) => [list, of(list)])) as Record<PhotoList, number>, // all four keys are there
  };
}

/** One page of a list, newest first. */
export async function listPhotos(
  db: Database,
  userId: number,
  { list, offset, limit }: { readonly list: PhotoList; readonly offset: number; readonly limit: number },
): Promise<PhotoSummary[]> {
  const photos = db.selectFrom("images").select(SUMMARY).where("userId", "=", userId);
  return inList(photos, list).orderBy("createdAt", "desc").orderBy("id", "desc").limit(limit).offset(offset).execute();

  function inList(query: typeof photos, wanted: PhotoList): typeof photos {
    switch (wanted) {
      case "no-faces":
        return query.where("faces", "=", 0);
      case "none-masked":
        return query.where("faces", ">", 0).where("masked", "=", 0);
      case "all-masked":
        return query.where("faces", ">", 0).whereRef("masked", "=", "faces");
      case "some-masked":
        return query.where("masked", ">", 0).whereRef("masked", "<", "faces");
    }
  }
}

/** Those of the ids that have a row. */
export async function findKnownPhotoIds(db: Database, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db.selectFrom("images").select("id").where("id", "in", ids).execute();
  return new Set(rows.map((row) => row.id));
}
