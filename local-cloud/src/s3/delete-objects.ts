import { inTransaction } from "../storage/transaction.ts";
import { Fault } from "../wire/handler.ts";
import { checkRead } from "./conditions.ts";
import { checkVersion, getBucket, type S3Context, type S3Handlers } from "./context.ts";
import { noSuchKey, preconditionFailed } from "./faults.ts";

const MAX_KEYS = 1000;

export function deleteOperations(context: S3Context): S3Handlers<"DeleteObject" | "DeleteObjects"> {
  const { objects, blobs, small, commit, db } = context;

  /**
   * Succeeds when the object is already gone, unless it was to be a certain one; to be run in a transaction. Answers
   * the files that nothing names any more.
   */
  function deleteRow(bucket: string, key: string, etag: string | undefined): readonly string[] {
    const record = objects.find(bucket, key);
    if (!record && etag !== undefined) throw noSuchKey(key);
    if (!record) return [];
    if (etag !== undefined && checkRead({ ifMatch: etag }, record) !== "proceed") throw preconditionFailed("If-Match");
    objects.delete(bucket, key);
    return small.deleteAmong(record.facts.segments.map(({ blob }) => blob));
  }

  return {
    async DeleteObject(input, call) {
      const { name } = getBucket(context, input, call);
      checkVersion(input.VersionId);
      blobs.remove(await commit.run(() => deleteRow(name, input.Key ?? "", input.IfMatch)));
      return {};
    },

    async DeleteObjects(input, call) {
      const { name } = getBucket(context, input, call);
      const keys = input.Delete?.Objects ?? [];
      if (keys.length === 0 || keys.length > MAX_KEYS) {
        throw new Fault(
          "MalformedXML",
          "The XML you provided was not well-formed or did not validate against our published schema",
        );
      }
      const errors: { Key: string; Code: string; Message: string }[] = [];
      const deleted: { Key: string }[] = [];
      const unused: string[] = [];
      inTransaction(db, () => {
        for (const { Key = "", ETag, VersionId } of keys) {
          try {
            checkVersion(VersionId);
            unused.push(...deleteRow(name, Key, ETag));
            deleted.push({ Key });
          } catch (error) {
            if (!(error instanceof Fault)) throw error;
            errors.push({ Key, Code: error.code, Message: error.message });
          }
        }
      });
      blobs.remove(unused);
      return { ...(input.Delete?.Quiet ? {} : { Deleted: deleted }), Errors: errors };
    },
  };
}
