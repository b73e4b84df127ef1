import { DeleteObjectsCommand, paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Resources } from "@elastic-gas/shared/resources";

/** An upload's form holds for 15 min; whoever has not come back to submit it after a day will not. */
const KEEP_SECONDS = 86_400;

export interface SweepDeps {
  readonly db: Database;
  readonly s3: S3Client;
  readonly resources: Pick<Resources, "prefix" | "buckets">;
}

/** Deletes inputs that no job was made of. Safe to run in several workers at once. Returns how many. */
export async function sweepUploads({ db, s3, resources }: SweepDeps, now: Date): Promise<number> {
  const before = new Date(now.getTime() - KEEP_SECONDS * 1_000);
  const address = { Bucket: resources.buckets.inputs, Prefix: `${resources.prefix}/` };
  let deleted = 0;
  for await (const page of paginateListObjectsV2({ client: s3 }, address)) {
    const old = (page.Contents ?? []).flatMap(({ Key, LastModified }) =>
      Key !== undefined && LastModified !== undefined && LastModified < before ? [Key] : [],
    );
    if (old.length === 0) continue;
    const known = await db.selectFrom("jobs").select("inputKey").where("inputKey", "in", old).execute();
    const kept = new Set(known.map(({ inputKey }) => inputKey));
    const leftovers = old.filter((key) => !kept.has(key));
    if (leftovers.length === 0) continue;
    const { Errors = [] } = await s3.send(
      new DeleteObjectsCommand({
        Bucket: address.Bucket,
        Delete: { Objects: leftovers.map((Key) => ({ Key })), Quiet: true },
      }),
    );
    const [error] = Errors;
    if (error !== undefined)
      throw new Error(`Could not delete ${Errors.length} uploads: ${error.Code} ${error.Message}`);
    deleted += leftovers.length;
  }
  return deleted;
}
