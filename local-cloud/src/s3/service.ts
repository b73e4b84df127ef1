import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "@elastic-gas/shared/logger";
import { BlobStore } from "../storage/blob-store.ts";
import type { Disk } from "../storage/disk.ts";
import { GroupCommit } from "../storage/group-commit.ts";
import { openDatabase } from "../storage/open-database.ts";
import { SmallBlobs } from "../storage/small-blobs.ts";
import type { Identities } from "../wire/auth/identities.ts";
import { browserAccess } from "./browser.ts";
import { BucketIndex } from "./bucket-index.ts";
import { bucketSettingOperations } from "./bucket-settings.ts";
import { bucketOperations } from "./buckets.ts";
import type { RetrievalSeconds, S3Context } from "./context.ts";
import { copyOperations } from "./copy-object.ts";
import { deleteOperations } from "./delete-objects.ts";
import { readOperations } from "./get-object.ts";
import { listOperations } from "./list-operations.ts";
import { listUploadOperations } from "./list-uploads.ts";
import { uploadOperations } from "./multipart-uploads.ts";
import { ObjectIndex } from "./object-index.ts";
import { putOperations } from "./put-object.ts";
import { restoreOperations } from "./restore.ts";
import { tagOperations } from "./tags.ts";
import { unsetSettingOperations } from "./unset-settings.ts";
import { UploadIndex } from "./upload-index.ts";

export interface S3Options {
  /** The service makes its own folder `s3` in it. */
  readonly dataDir: string;
  readonly disk: Pick<Disk, "checkRoom">;
  readonly log: Logger;
  /** Who may sign POST forms. */
  readonly identities: Identities;
  readonly now?: () => Date;
  /** How long a restore from GLACIER takes, by tier; a few seconds unless told otherwise. */
  readonly retrievalSeconds?: Partial<RetrievalSeconds>;
}

const DEFAULT_RETRIEVAL: RetrievalSeconds = { Expedited: 2, Standard: 5, Bulk: 10 };

/** Buckets and objects on disk. What is acknowledged has been written, synced and committed. */
export function createS3Service({
  dataDir,
  disk,
  log,
  identities,
  now = () => new Date(),
  retrievalSeconds,
}: S3Options) {
  const folder = join(dataDir, "s3");
  mkdirSync(folder, { recursive: true });
  const db = openDatabase(join(folder, "index.sqlite"));
  const small = new SmallBlobs(db);
  const blobs = new BlobStore(folder, { disk, small });
  const commit = new GroupCommit(db);
  const context: S3Context = {
    db,
    buckets: new BucketIndex(db),
    objects: new ObjectIndex(db),
    uploads: new UploadIndex(db),
    blobs,
    small,
    commit,
    retrievalSeconds: { ...DEFAULT_RETRIEVAL, ...retrievalSeconds },
    log,
    now,
  };
  blobs.sweep(new Set([...context.objects.listBlobs(), ...context.uploads.listBlobs()]));

  return {
    handlers: {
      ...bucketOperations(context),
      ...bucketSettingOperations(context),
      ...putOperations(context),
      ...readOperations(context),
      ...copyOperations(context),
      ...deleteOperations(context),
      ...listOperations(context),
      ...uploadOperations(context),
      ...listUploadOperations(context),
      ...restoreOperations(context),
      ...tagOperations(context),
      ...unsetSettingOperations(context),
    },
    browser: browserAccess(context, identities),
    close(): void {
      commit.flush();
      db.close();
    },
  };
}
