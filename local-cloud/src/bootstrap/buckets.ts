import {
  BucketAlreadyOwnedByYou,
  type BucketLocationConstraint,
  CreateBucketCommand,
  PutBucketCorsCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { Resources } from "@elastic-gas/shared/resources";

export interface BucketOptions {
  readonly region: string;
  /** Origins of the pages that post files to the inputs bucket. */
  readonly origins: readonly string[];
}

export async function ensureBuckets(
  s3: S3Client,
  { buckets }: Resources,
  { region, origins }: BucketOptions,
): Promise<void> {
  await Promise.all(
    Object.values(buckets).map(async (Bucket) => {
      await createBucket(s3, Bucket, region);
      const block = {
        BlockPublicAcls: true,
        IgnorePublicAcls: true,
        BlockPublicPolicy: true,
        RestrictPublicBuckets: true,
      };
      await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: block }));
    }),
  );
  await s3.send(
    new PutBucketCorsCommand({
      Bucket: buckets.inputs,
      CORSConfiguration: {
        CORSRules: [
          {
            AllowedMethods: ["POST"],
            AllowedOrigins: [...origins],
            AllowedHeaders: ["*"],
            ExposeHeaders: ["ETag", "Location"],
            MaxAgeSeconds: 300,
          },
        ],
      },
    }),
  );
}

async function createBucket(s3: S3Client, Bucket: string, region: string): Promise<void> {
  // us-east-1 is the default, and the one region that S3 does not let one name.
  const isDefault = region === "us-east-1";
  // S3 knows which names are regions; the type lists those of the day it was made.
  const LocationConstraint = region as BucketLocationConstraint;
  try {
    await s3.send(
      new CreateBucketCommand(isDefault ? { Bucket } : { Bucket, CreateBucketConfiguration: { LocationConstraint } }),
    );
  } catch (error) {
    if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
  }
}
