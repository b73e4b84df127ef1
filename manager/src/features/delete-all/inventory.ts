import { paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Resources } from "@elastic-gas/shared/resources";

/** One line of what will be deleted; objects and sizes are null where there are none. */
export interface InventoryLine {
  readonly what: string;
  readonly rows: number;
  readonly objects: number | null;
  readonly sizeBytes: number | null;
}

export interface Inventory {
  readonly lines: readonly InventoryLine[];
  readonly rows: number;
  readonly objects: number;
  readonly sizeBytes: number;
  readonly administrators: number;
  /** Active at Stripe; they are cancelled first. */
  readonly subscriptions: number;
}

/**
 * Stripe's words for subscriptions that are over:
 * https://docs.stripe.com/api/subscriptions/object#subscription_object-status
 */
export const ENDED_SUBSCRIPTIONS = ["canceled", "incomplete_expired"] as const;

/** Counts everything that a deletion would remove, now. Objects are counted by listing them, a thousand per call. */
export async function takeInventory(db: Database, s3: S3Client, { buckets }: Resources): Promise<Inventory> {
  const [users, jobs, archives, images, subscriptions, inputs, results, pictures, archived] = await Promise.all([
    countUsers(db),
    countRows(db, "jobs"),
    countArchives(db),
    countRows(db, "images"),
    countSubscriptions(db),
    measureBucket(s3, buckets.inputs),
    measureBucket(s3, buckets.results),
    measureBucket(s3, buckets.images),
    measureBucket(s3, buckets.archive),
  ]);
  const lines: InventoryLine[] = [
    {
      what: `Users, without the ${users.administrators} administrator${users.administrators === 1 ? "" : "s"}`,
      rows: users.others,
      objects: null,
      sizeBytes: null,
    },
    {
      what: "Annotation jobs with inputs, results and logs",
      rows: jobs,
      objects: inputs.objects + results.objects,
      sizeBytes: inputs.sizeBytes + results.sizeBytes,
    },
    {
      what: "Archived results",
      // Their rows are those of the jobs.
      rows: 0,
      objects: Math.max(archives.count, archived.objects),
      sizeBytes: Math.max(archives.sizeBytes, archived.sizeBytes),
    },
    { what: "Photos, their frames and thumbnails", rows: images, ...pictures },
  ];
  const sum = (values: readonly (number | null)[]): number =>
    values.reduce<number>((all, each) => all + (each ?? 0), 0);
  return {
    lines,
    rows: sum(lines.map((line) => line.rows)),
    objects: sum(lines.map((line) => line.objects)),
    sizeBytes: sum(lines.map((line) => line.sizeBytes)),
    administrators: users.administrators,
    subscriptions,
  };
}

async function measureBucket(
  s3: S3Client,
  bucket: string,
): Promise<{ readonly objects: number; readonly sizeBytes: number }> {
  let objects = 0;
  let sizeBytes = 0;
  try {
    for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket })) {
      for (const object of page.Contents ?? []) {
        objects += 1;
        sizeBytes += object.Size ?? 0;
      }
    }
  } catch (error) {
    if (!isMissingBucket(error)) throw error;
  }
  return { objects, sizeBytes };
}

/** An installation may lack a bucket that it does not use: it holds nothing. */
export function isMissingBucket(error: unknown): boolean {
  return error instanceof Error && error.name === "NoSuchBucket";
}

async function countRows(db: Database, table: "jobs" | "images"): Promise<number> {
  const row = await db
    .selectFrom(table)
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

async function countUsers(db: Database): Promise<{ readonly administrators: number; readonly others: number }> {
  const rows = await db
    .selectFrom("users")
    .select((eb) => ["isAdmin", eb.fn.countAll<number>().as("count")])
    .groupBy("isAdmin")
    .execute();
  const of = (isAdmin: boolean): number => Number(rows.find((row) => row.isAdmin === isAdmin)?.count ?? 0);
  return { administrators: of(true), others: of(false) };
}

async function countArchives(db: Database): Promise<{ readonly count: number; readonly sizeBytes: number }> {
  const row = await db
    .selectFrom("jobs")
    .select((eb) => [eb.fn.countAll<number>().as("count"), eb.fn.sum<number | null>("resultSize").as("sizeBytes")])
    .where("resultsFileArchiveId", "is not", null)
    .executeTakeFirstOrThrow();
  return { count: Number(row.count), sizeBytes: Number(row.sizeBytes ?? 0) };
}

async function countSubscriptions(db: Database): Promise<number> {
  const row = await db
    .selectFrom("subscriptions")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("status", "not in", ENDED_SUBSCRIPTIONS)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}
