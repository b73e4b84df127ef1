import { inTransaction } from "../storage/transaction.ts";
import {
  checkDescription,
  type GlacierContext,
  type GlacierHandlers,
  getVault,
  removeUnretrieved,
  vaultPath,
} from "./context.ts";
import { newId } from "./new-id.ts";
import { storeArchiveBody } from "./store-archive-body.ts";

const MAX_ARCHIVE_BYTES = 4 * 2 ** 30; // in one request. https://docs.aws.amazon.com/amazonglacier/latest/dev/api-archive-post.html

export function archiveOperations(context: GlacierContext): GlacierHandlers<"UploadArchive" | "DeleteArchive"> {
  const { vaults, jobs, blobs, db } = context;
  return {
    async UploadArchive(input, call) {
      const { name } = getVault(context, input, call);
      const description = checkDescription(input.archiveDescription);
      const { blob, sizeBytes, treeHash } = await storeArchiveBody(blobs, input.body, {
        checksum: input.checksum,
        maxBytes: MAX_ARCHIVE_BYTES,
      });
      getVault(context, input, call); // it may have been deleted while the body came
      const id = newArchiveId();
      const createdAt = context.now().toISOString();
      const segments = [{ blob, sizeBytes }];
      inTransaction(db, () =>
        vaults.addArchive({ id, vault: name, description, sizeBytes, treeHash, segments, createdAt }),
      );
      return { archiveId: id, checksum: treeHash, location: `${vaultPath(call, name)}/archives/${id}` };
    },

    async DeleteArchive(input, call) {
      const { name } = getVault(context, input, call);
      const archive = vaults.findArchive(name, input.archiveId ?? "");
      if (!archive) return {}; // idempotent
      const now = context.now();
      inTransaction(db, () => {
        vaults.deleteArchive(name, archive.id, now.toISOString());
        for (const job of jobs.list(name)) {
          // What has been prepared can still be downloaded; what is being prepared cannot.
          if (job.subject.kind !== "archive" || job.subject.archiveId !== archive.id || job.readyAt <= now) continue;
          jobs.replace({ ...job, subject: { ...job.subject, segments: [] }, failure: "The archive was deleted." });
        }
      });
      removeUnretrieved(
        context,
        archive.segments.map(({ blob }) => blob),
      );
      return {};
    },
  };
}

/** As long as AWS's: 138 characters. */
export function newArchiveId(): string {
  return newId(103);
}
