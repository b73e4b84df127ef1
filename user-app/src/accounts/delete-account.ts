import { DeleteObjectsCommand, paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import type { Database } from "@elastic-gas/shared/database/connect";
import { type Resources, userKeyPrefix } from "@elastic-gas/shared/resources";

export interface DeleteAccountDeps {
  readonly db: Database;
  readonly s3: S3Client;
  readonly resources: Resources;
  /** Ends the user's subscription at once, so that nobody pays for an account that is gone. */
  readonly cancelSubscription: (userId: number) => Promise<void>;
}

/**
 * Deletes an account with everything: subscription first, then objects, rows, and again the objects that a worker in
 * flight may have written meanwhile. Safe to repeat after a failure half-way. Archives in a vault are found by the
 * archive sweep, for no row refers to them any more.
 */
export async function deleteAccount(
  { db, s3, resources, cancelSubscription }: DeleteAccountDeps,
  userId: number,
): Promise<void> {
  await cancelSubscription(userId);
  const buckets = [
    resources.buckets.inputs,
    resources.buckets.results,
    resources.buckets.images,
    resources.buckets.archive,
  ];
  const prefix = userKeyPrefix(resources.prefix, userId);
  const deleteAll = () => Promise.all(buckets.map((bucket) => deleteObjects(s3, bucket, prefix)));
  await deleteAll();
  await db.deleteFrom("plainUsers").where("id", "=", userId).execute();
  await deleteAll();
}

async function deleteObjects(s3: S3Client, bucket: string, prefix: string): Promise<void> {
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix })) {
    const objects = (page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [{ Key }]));
    if (objects.length === 0) continue;
    const { Errors = [] } = await s3.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects, Quiet: true } }),
    );
    const first = Errors[0];
    if (first !== undefined)
      throw new Error(`Could not delete ${Errors.length} objects in ${bucket}: ${first.Code} ${first.Message}`);
  }
}
