import { DeleteArchiveCommand, type GlacierClient } from "@aws-sdk/client-glacier";
import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";
import { GetQueueUrlCommand, PurgeQueueCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Config } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import { QUEUE_KEYS, type Resources } from "@elastic-gas/shared/resources";
import { type RawBuilder, sql } from "kysely";
import { raiseSetting } from "../settings.ts";
import { isMissingBucket } from "./inventory.ts";
import { cancelSubscriptions } from "./subscriptions.ts";

export interface DeletionDeps {
  readonly db: Database;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly glacier: GlacierClient;
  readonly resources: Resources;
  readonly config: Pick<Config, "STRIPE_SECRET_KEY" | "STRIPE_API_URL">;
}

export interface Deleted {
  rows: number;
  objects: number;
}

const BATCH = 1_000; // DeleteObjects takes as many, and a transaction of as many rows blocks nobody for long
const ARCHIVE_BATCH = 20;
/** Tables in an order that respects their references; users and what hangs on them come last. */
const TABLES = [
  "images",
  "jobs",
  "subscriptions",
  "stripe_events",
  "outbox",
  "dead_letters",
  "sweep_marks",
  "pending_deletes",
  "password_resets",
  "user_mails",
] as const;

/**
 * Removes all application data: subscriptions at Stripe, queued messages, archives, objects, rows. Administrators stay.
 * May be cut anywhere and run again. `report` hears what is being done, and how much was.
 */
export async function deleteEverything(
  deps: DeletionDeps,
  deleted: Deleted,
  report: (doing: string) => Promise<void>,
): Promise<void> {
  const { db, s3, resources } = deps;
  // From here on a worker in flight writes nothing back: its job or picture belongs to an older generation.
  await raiseSetting(db, "data_generation");
  await report("Cancelling subscriptions");
  await cancelSubscriptions(deps);
  await report("Emptying queues");
  await purgeQueues(deps);
  await report("Deleting archives");
  await deleteArchives(deps, deleted, report);
  const buckets = [
    resources.buckets.inputs,
    resources.buckets.results,
    resources.buckets.images,
    resources.buckets.archive,
  ];
  for (const bucket of buckets) {
    await emptyBucket(s3, bucket, deleted, () => report(`Deleting objects of ${bucket}`));
  }
  for (const table of TABLES) {
    await deleteRows(db, sql`delete from ${sql.table(table)} limit ${BATCH}`, deleted, () =>
      report(`Deleting rows: ${table.replace("_", " ")}`),
    );
  }
  await deleteRows(db, sql`delete from users where is_admin = 0 limit ${BATCH}`, deleted, () =>
    report("Deleting users"),
  );
  // What a worker had begun to write before it saw the new generation.
  for (const bucket of buckets) await emptyBucket(s3, bucket, deleted, () => report(`Looking again into ${bucket}`));
}

async function purgeQueues({ sqs, resources }: DeletionDeps): Promise<void> {
  for (const key of QUEUE_KEYS) {
    const { name, deadLetterName } = resources.queues[key];
    for (const QueueName of [name, deadLetterName]) {
      try {
        const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
        await sqs.send(new PurgeQueueCommand({ QueueUrl }));
      } catch (error) {
        // One purge a minute is allowed: the one before does the same.
        if (!isNamed(error, "PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress")) throw error;
      }
    }
  }
}

/**
 * Archives in the vault of all jobs, or of one user's, and those that were to be deleted already. Archives of
 * s3-glacier are objects of their bucket. Each row names its store: the setting ARCHIVE_DRIVER may have been another
 * one then.
 */
export async function deleteArchives(
  deps: Omit<DeletionDeps, "s3" | "sqs">,
  deleted: Deleted,
  report: (doing: string) => Promise<void>,
  userId?: number,
): Promise<void> {
  const { db } = deps;
  for (;;) {
    const jobs = await db
      .selectFrom("jobs")
      .select(["id", "resultsFileArchiveId as archiveId"])
      .where("archiveStore", "=", "glacier-vault")
      .where("resultsFileArchiveId", "is not", null)
      .$if(userId !== undefined, (query) => query.where("userId", "=", userId ?? 0))
      .limit(ARCHIVE_BATCH)
      .execute();
    if (jobs.length === 0) break;
    await deleteFromVault(
      deps,
      jobs.map(({ archiveId }) => archiveId ?? ""),
    );
    const ids = jobs.map((job) => job.id);
    await db.updateTable("jobs").set({ resultsFileArchiveId: null }).where("id", "in", ids).execute();
    deleted.objects += jobs.length;
    await report("Deleting archives");
  }
  if (userId !== undefined) return; // the utility worker deletes those that were to be deleted
  for (;;) {
    const rows = await db
      .selectFrom("pendingDeletes")
      .select(["id", "name"])
      .where("store", "=", "glacier-vault")
      .limit(ARCHIVE_BATCH)
      .execute();
    if (rows.length === 0) return;
    await deleteFromVault(
      deps,
      rows.map(({ name }) => name),
    );
    const ids = rows.map(({ id }) => id);
    await db.deleteFrom("pendingDeletes").where("id", "in", ids).execute();
    deleted.objects += rows.length;
    await report("Deleting archives");
  }
}

async function deleteFromVault(
  { glacier, resources }: Pick<DeletionDeps, "glacier" | "resources">,
  archiveIds: readonly string[],
): Promise<void> {
  await Promise.all(
    archiveIds.map(async (archiveId) => {
      try {
        await glacier.send(new DeleteArchiveCommand({ accountId: "-", vaultName: resources.vault, archiveId }));
      } catch (error) {
        if (!isNamed(error, "ResourceNotFoundException")) throw error; // gone already
      }
    }),
  );
}

/**
 * Every object of the bucket (below a key prefix, when one is given) and unfinished uploads. Succeeds when there is no
 * such bucket.
 */
export async function emptyBucket(
  s3: S3Client,
  bucket: string,
  deleted: Deleted,
  report: () => Promise<void>,
  Prefix?: string,
): Promise<void> {
  try {
    await deleteObjects(s3, { Bucket: bucket, Prefix }, deleted, report);
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix }));
    for (const { Key, UploadId } of Uploads) {
      await s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
    }
  } catch (error) {
    if (!isMissingBucket(error)) throw error;
  }
}

async function deleteObjects(
  s3: S3Client,
  place: { readonly Bucket: string; readonly Prefix: string | undefined },
  deleted: Deleted,
  report: () => Promise<void>,
): Promise<void> {
  const { Bucket } = place;
  for (;;) {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ ...place, MaxKeys: BATCH }));
    if (Contents.length === 0) return;
    const Objects = Contents.map(({ Key }) => ({ Key }));
    const { Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    const [first] = Errors;
    if (first !== undefined) {
      throw Object.assign(new Error(`Could not delete ${first.Key} of ${Bucket}: ${first.Code}`), { code: first.Code });
    }
    deleted.objects += Contents.length;
    await report();
  }
}

async function deleteRows(
  db: Database,
  statement: RawBuilder<unknown>,
  deleted: Deleted,
  report: () => Promise<void>,
): Promise<void> {
  for (;;) {
    const { numAffectedRows = 0n } = await statement.execute(db);
    deleted.rows += Number(numAffectedRows);
    if (numAffectedRows === 0n) return;
    await report();
  }
}

function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}
