import { Fault } from "../wire/handler.ts";
import { checkVersion, getBucket, getObject, type S3Context, type S3Handlers } from "./context.ts";

type Names =
  | "GetBucketLifecycleConfiguration"
  | "GetBucketPolicy"
  | "GetBucketTagging"
  | "GetBucketVersioning"
  | "GetObjectAcl";

/** Reads of what no bucket has here. Tools ask for it before they do anything, and take "not set" for an answer. */
export function unsetSettingOperations(context: S3Context): S3Handlers<Names> {
  return {
    async GetBucketLifecycleConfiguration(input, call) {
      getBucket(context, input, call);
      throw notSet("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist");
    },

    async GetBucketPolicy(input, call) {
      getBucket(context, input, call);
      throw notSet("NoSuchBucketPolicy", "The bucket policy does not exist");
    },

    async GetBucketTagging(input, call) {
      getBucket(context, input, call);
      throw notSet("NoSuchTagSet", "The TagSet does not exist");
    },

    /** No status: versions were never switched on. */
    async GetBucketVersioning(input, call) {
      getBucket(context, input, call);
      return {};
    },

    async GetObjectAcl(input, call) {
      const { name } = getBucket(context, input, call);
      checkVersion(input.VersionId);
      getObject(context, name, input.Key ?? "");
      const owner = { ID: call.accountId };
      return { Owner: owner, Grants: [{ Grantee: { ...owner, Type: "CanonicalUser" }, Permission: "FULL_CONTROL" }] };
    },
  };
}

function notSet(code: string, message: string): Fault {
  return new Fault(code, message, 404);
}
