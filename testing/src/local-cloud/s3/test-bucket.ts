import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { startTestCloud, type TestCloud } from "../test-cloud.ts";

export interface TestBucket extends AsyncDisposable {
  readonly cloud: TestCloud;
  readonly s3: S3Client;
}

/** A cloud of its own with one empty bucket. */
export async function startTestBucket(Bucket: string): Promise<TestBucket> {
  const cloud = await startTestCloud();
  const s3 = new S3Client({ ...cloud.clientConfig, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket }));
  return {
    cloud,
    s3,
    async [Symbol.asyncDispose]() {
      s3.destroy();
      await cloud[Symbol.asyncDispose]();
    },
  };
}
