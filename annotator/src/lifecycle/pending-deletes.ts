import type { S3Client } from "@aws-sdk/client-s3";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { PendingDeletesTable } from "@elastic-gas/shared/database/tables";
import type { Logger } from "@elastic-gas/shared/logger";
import type { Resources } from "@elastic-gas/shared/resources";
import { sql } from "kysely";
import { remove } from "../jobs/objects.ts";
import type { ArchiveStores } from "./store/archive-stores.ts";

/*
 * What is no longer referred to is written down in the transaction that drops the reference, and deleted after it. A
 * deletion that hangs, fails or comes late hits only what it was decided on, because no name is ever used again:
 * archives have ids of their own, and a restored result has its generation in its key. (A deletion on condition of the
 * ETag would not do: a restored result has the same content and so the same ETag as the one that is to be deleted.)
 */

export interface DeleteDeps {
  readonly db: Database;
  readonly s3: S3Client;
  readonly stores: ArchiveStores;
  readonly resources: Resources;
  readonly log: Logger;
}

export interface PendingDelete {
  readonly id: number;
  readonly store: PendingDeletesTable["store"];
  readonly name: string;
}

export async function putDelete(
  trx: Database,
  store: PendingDeletesTable["store"],
  name: string,
): Promise<PendingDelete> {
  const { insertId } = await trx.insertInto("pendingDeletes").values({ store, name }).executeTakeFirstOrThrow();
  return { id: Number(insertId), store, name };
}

/** Deletes now what was written down; what fails is left to the sweep. */
export async function runDelete(
  { db, s3, stores, resources, log }: DeleteDeps,
  { id, store, name }: PendingDelete,
): Promise<boolean> {
  try {
    if (store === "results") await remove(s3, { bucket: resources.buckets.results, key: name });
    else await stores.byName[store].remove(name);
    await db.deleteFrom("pendingDeletes").where("id", "=", id).execute();
    return true;
  } catch (error) {
    log.warn({ store, name, err: error }, "not deleted, tried again later");
    return false;
  }
}

/** Whoever wrote a younger one down is still at it. */
const GRACE_SECONDS = 60;
const AT_ONCE = 500;

export async function sweepDeletes(deps: DeleteDeps, signal: AbortSignal): Promise<number> {
  const rows = await deps.db
    .selectFrom("pendingDeletes")
    .select(["id", "store", "name"])
    .where("createdAt", "<", sql<Date>`utc_timestamp(3) - interval ${sql.lit(GRACE_SECONDS)} second`)
    .orderBy("id")
    .limit(AT_ONCE)
    .execute();
  let deleted = 0;
  for (const row of rows) {
    if (signal.aborted) break;
    if (await runDelete(deps, row)) deleted += 1;
  }
  return deleted;
}
