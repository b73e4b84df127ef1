import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectTaggingCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type Tag,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { startTestBucket } from "@elastic-gas/testing/local-cloud/s3/test-bucket";
import { expect, onTestFinished, test } from "vitest";

const Bucket = "tags-test";

async function startBucket() {
  const bucket = await startTestBucket(Bucket);
  onTestFinished(() => bucket[Symbol.asyncDispose]());
  const { s3 } = bucket;
  const set = (Key: string, TagSet: Tag[]) =>
    s3.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet } }));
  const tagsOf = async (Key: string) => (await s3.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet;
  return { s3, set, tagsOf };
}

test("tags come with the object, change without it, and go", async () => {
  const { s3, set, tagsOf } = await startBucket();
  await s3.send(new PutObjectCommand({ Bucket, Key: "o", Body: "hello", Tagging: "kind=a%20b&empty=" }));
  expect(await tagsOf("o")).toEqual([
    { Key: "kind", Value: "a b" },
    { Key: "empty", Value: "" },
  ]);
  const before = await s3.send(new HeadObjectCommand({ Bucket, Key: "o" }));
  await set("o", [{ Key: "ä", Value: "1" }]);
  expect(await tagsOf("o")).toEqual([{ Key: "ä", Value: "1" }]);
  const after = await s3.send(new HeadObjectCommand({ Bucket, Key: "o" }));
  expect([after.ETag, after.LastModified, after.TagCount]).toEqual([before.ETag, before.LastModified, 1]);
  await s3.send(new DeleteObjectTaggingCommand({ Bucket, Key: "o" }));
  expect(await tagsOf("o")).toEqual([]);
  await expect(tagsOf("none")).rejects.toMatchObject({ name: "NoSuchKey" });
});

test("a copy takes the tags along or gets others", async () => {
  const { s3, tagsOf } = await startBucket();
  await s3.send(new PutObjectCommand({ Bucket, Key: "o", Body: "hello", Tagging: "a=1" }));
  const copy = { Bucket, CopySource: `${Bucket}/o` };
  await s3.send(new CopyObjectCommand({ ...copy, Key: "same" }));
  await s3.send(new CopyObjectCommand({ ...copy, Key: "other", TaggingDirective: "REPLACE", Tagging: "b=2" }));
  expect(await tagsOf("same")).toEqual([{ Key: "a", Value: "1" }]);
  expect(await tagsOf("other")).toEqual([{ Key: "b", Value: "2" }]);
});

test("an upload in parts carries the tags of its beginning", async () => {
  const { s3, tagsOf } = await startBucket();
  const object = { Bucket, Key: "parts" };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...object, Tagging: "a=1" }));
  const { ETag } = await s3.send(new UploadPartCommand({ ...object, UploadId, PartNumber: 1, Body: "x" }));
  const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
  await s3.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload }));
  expect(await tagsOf("parts")).toEqual([{ Key: "a", Value: "1" }]);
});

test("wrong tags are refused and the object keeps its own", async () => {
  const { s3, set, tagsOf } = await startBucket();
  await s3.send(new PutObjectCommand({ Bucket, Key: "o", Body: "hello", Tagging: "a=1" }));
  const many = Array.from({ length: 11 }, (_, index) => ({ Key: `k${index}`, Value: "" }));
  await expect(set("o", many)).rejects.toMatchObject({ name: "BadRequest" });
  for (const tags of [
    [{ Key: "", Value: "" }],
    [{ Key: "aws:own", Value: "" }],
    [{ Key: "k", Value: "?" }],
    [
      { Key: "k", Value: "1" },
      { Key: "k", Value: "2" },
    ],
  ])
    await expect(set("o", tags)).rejects.toMatchObject({ name: "InvalidTag" });
  expect(await tagsOf("o")).toEqual([{ Key: "a", Value: "1" }]);
});
