import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectAclCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { startTestBucket, type TestBucket } from "@elastic-gas/testing/local-cloud/s3/test-bucket";
import { afterAll, beforeAll, expect, test } from "vitest";

const Bucket = "plain-bucket";
let bucket: TestBucket;
const send: TestBucket["s3"]["send"] = (command: never) => bucket.s3.send(command);

beforeAll(async () => {
  bucket = await startTestBucket(Bucket);
  await bucket.s3.send(new PutObjectCommand({ Bucket, Key: "a/1", Body: "one" }));
  await bucket.s3.send(new PutObjectCommand({ Bucket, Key: "b", Body: "two" }));
});
afterAll(() => bucket?.[Symbol.asyncDispose]());

test("what is not set is told as S3 tells it", async () => {
  const refusals = [
    [new GetBucketLifecycleConfigurationCommand({ Bucket }), "NoSuchLifecycleConfiguration"],
    [new GetBucketPolicyCommand({ Bucket }), "NoSuchBucketPolicy"],
    [new GetBucketTaggingCommand({ Bucket }), "NoSuchTagSet"],
    [new GetObjectAclCommand({ Bucket, Key: "nothing" }), "NoSuchKey"],
  ] as const;
  for (const [command, name] of refusals) {
    await expect(send(command as never)).rejects.toMatchObject({ name, $metadata: { httpStatusCode: 404 } });
  }
  expect((await send(new GetBucketVersioningCommand({ Bucket }))).Status).toBeUndefined();
  const { Grants, Owner } = await send(new GetObjectAclCommand({ Bucket, Key: "b" }));
  expect(Grants).toMatchObject([{ Grantee: { ID: Owner?.ID }, Permission: "FULL_CONTROL" }]);
});

test("each object is its own only version", async () => {
  const { Versions, CommonPrefixes, DeleteMarkers } = await send(
    new ListObjectVersionsCommand({ Bucket, Delimiter: "/" }),
  );
  expect(Versions).toMatchObject([{ Key: "b", VersionId: "null", IsLatest: true, Size: 3 }]);
  expect(CommonPrefixes).toEqual([{ Prefix: "a/" }]);
  expect(DeleteMarkers ?? []).toEqual([]);
  const first = await send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 1 }));
  const next = await send(new ListObjectVersionsCommand({ Bucket, KeyMarker: first.NextKeyMarker }));
  expect([first.Versions?.[0]?.Key, next.Versions?.[0]?.Key]).toEqual(["a/1", "b"]);
});

test("a delete that is meant for a certain object finds no missing one", async () => {
  const missing = { Bucket, Key: "missing" };
  await send(new DeleteObjectCommand(missing));
  await expect(send(new DeleteObjectCommand({ ...missing, IfMatch: '"etag"' }))).rejects.toMatchObject({
    name: "NoSuchKey",
    $metadata: { httpStatusCode: 404 },
  });
  const Objects = [{ Key: "missing", ETag: '"etag"' }, { Key: "missing" }];
  const { Errors, Deleted } = await send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  expect([Errors?.map(({ Code }) => Code), Deleted?.length]).toEqual([["NoSuchKey"], 1]);
});
