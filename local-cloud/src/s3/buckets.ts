import { BucketAlreadyOwnedByYou, type BucketLocationConstraint } from "@aws-sdk/client-s3";
import { Fault } from "../wire/handler.ts";
import { aclNotSupported, checkProtection, getBucket, type S3Context, type S3Handlers } from "./context.ts";
import { invalidArgument } from "./faults.ts";

const MAX_BUCKETS = 10_000;
// The one region whose name S3 does not write down, and where creating one's own bucket again succeeds.
const CLASSIC_REGION = "us-east-1";

export function bucketOperations(
  context: S3Context,
): S3Handlers<
  "CreateBucket" | "HeadBucket" | "DeleteBucket" | "ListBuckets" | "GetBucketLocation" | "PutBucketAcl" | "GetBucketAcl"
> {
  const { buckets, objects, uploads, now } = context;
  return {
    async CreateBucket(input, call) {
      const name = input.Bucket ?? "";
      if (!isBucketName(name))
        throw new Fault("InvalidBucketName", "The specified bucket is not valid.", 400, {
          fields: { BucketName: name },
        });
      checkProtection(input);
      const region = input.CreateBucketConfiguration?.LocationConstraint ?? CLASSIC_REGION;
      if (region !== call.region) {
        const message = `The ${region} location constraint is incompatible for the region specific endpoint this request was sent to.`;
        throw new Fault("IllegalLocationConstraintException", message);
      }
      const existing = buckets.find(name);
      if (!existing) buckets.insert({ name, createdAt: now(), region, settings: {} });
      else if (region !== CLASSIC_REGION) {
        const message = "Your previous request to create the named bucket succeeded and you already own it.";
        throw new BucketAlreadyOwnedByYou({ message, $metadata: {} });
      }
      return { Location: `/${name}` };
    },

    async HeadBucket(input, call) {
      const { region } = getBucket(context, input, call);
      return { BucketRegion: region, AccessPointAlias: false };
    },

    async DeleteBucket(input, call) {
      const { name } = getBucket(context, input, call);
      if (!objects.isEmpty(name) || uploads.hasAny(name)) {
        throw new Fault("BucketNotEmpty", "The bucket you tried to delete is not empty", 409, {
          fields: { BucketName: name },
        });
      }
      buckets.delete(name);
      return {};
    },

    async ListBuckets(input, call) {
      const { Prefix: prefix = "", ContinuationToken: after = "" } = input;
      const limit = Math.min(input.MaxBuckets ?? MAX_BUCKETS, MAX_BUCKETS);
      if (limit < 1) throw invalidArgument("max-buckets", String(limit), "MaxBuckets must be between 1 and 10000");
      const found = buckets.list(after, prefix, limit + 1);
      const page = found.slice(0, limit);
      return {
        Buckets: page.map(({ name, createdAt, region }) => ({
          Name: name,
          CreationDate: createdAt,
          BucketRegion: region,
        })),
        Owner: { ID: call.accountId },
        ...(input.Prefix === undefined ? {} : { Prefix: prefix }),
        ...(found.length > limit ? { ContinuationToken: page.at(-1)?.name } : {}),
      };
    },

    async GetBucketLocation(input, call) {
      const { region } = getBucket(context, input, call);
      // The region was accepted when the bucket was made, so it is one of the model's.
      return region === CLASSIC_REGION ? {} : { LocationConstraint: region as BucketLocationConstraint };
    },

    async PutBucketAcl(input, call) {
      getBucket(context, input, call);
      checkProtection(input);
      const grants = input.AccessControlPolicy?.Grants ?? [];
      if (grants.some(({ Grantee }) => Grantee?.ID !== call.accountId)) throw aclNotSupported();
      return {};
    },

    async GetBucketAcl(input, call) {
      getBucket(context, input, call);
      const owner = { ID: call.accountId };
      return { Owner: owner, Grants: [{ Grantee: { ...owner, Type: "CanonicalUser" }, Permission: "FULL_CONTROL" }] };
    },
  };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
function isBucketName(name: string): boolean {
  return /^[a-z\d](?:[a-z\d-]|\.(?!\.)){1,61}[a-z\d]$/.test(name) && !/^\d+\.\d+\.\d+\.\d+$/.test(name);
}
