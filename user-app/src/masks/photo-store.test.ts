import { CreateBucketCommand, HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { afterAll, beforeAll, expect, it } from "vitest";
import { deleteObjects, listObjectsBefore, openObject, type PhotoBucket, photoKeys, putPhoto } from "./photo-store.ts";

let cloud: TestCloud;
let photos: PhotoBucket;
beforeAll(async () => {
  cloud = await startTestCloud();
  const s3 = new S3Client({ ...cloud.clientConfig, forcePathStyle: true });
  photos = { s3, bucket: "dev-images", prefix: "dev" };
  await s3.send(new CreateBucketCommand({ Bucket: photos.bucket }));
});
afterAll(async () => {
  photos?.s3.destroy();
  await cloud?.[Symbol.asyncDispose]();
});

const keysOf = (id: string, contentType = "image/png") => photoKeys("dev", { userId: 7, id, contentType });
const checked = {
  faces: [],
  width: 1,
  height: 1,
  contentType: "image/png",
  annotated: Buffer.from("with frames"),
  thumbnail: Buffer.from("small"),
};
async function listed(before: Date): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of listObjectsBefore(photos, before)) keys.push(...page);
  return keys.toSorted();
}
async function readAll(key: string): Promise<string | undefined> {
  const object = await openObject(photos, key);
  if (object === undefined) return undefined;
  const text = Buffer.concat(await object.body.toArray()).toString();
  expect(object.sizeBytes).toBe(text.length);
  return text;
}

it("keeps the three files encrypted below the user's prefix, and gives them back", async () => {
  const keys = keysOf("a");
  expect(keys).toEqual({
    original: "dev/7/a/original.png",
    annotated: "dev/7/a/annotated.jpg",
    thumbnail: "dev/7/a/thumbnail.jpg",
  });
  await putPhoto(photos, keys, Buffer.from("as uploaded"), checked);
  expect([await readAll(keys.original), await readAll(keys.annotated), await readAll(keys.thumbnail)]).toEqual([
    "as uploaded",
    "with frames",
    "small",
  ]);
  const head = await photos.s3.send(new HeadObjectCommand({ Bucket: photos.bucket, Key: keys.original }));
  expect(head).toMatchObject({ ContentType: "image/png", ServerSideEncryption: "AES256" });
});

it("shows objects to signed requests only", async () => {
  await putPhoto(photos, keysOf("b"), Buffer.from("private"), checked);
  const response = await fetch(`${cloud.clientConfig.endpoint}/${photos.bucket}/${keysOf("b").original}`);
  expect(response.status).toBe(403);
});

it("lists what is old, deletes it, and deleting again is no failure", async () => {
  const keys = Object.values(keysOf("c"));
  await putPhoto(photos, keysOf("c"), Buffer.from("x"), checked);
  expect(await listed(new Date(Date.now() - 60_000))).toEqual([]);
  expect(await listed(new Date(Date.now() + 60_000))).toEqual(expect.arrayContaining(keys));
  await deleteObjects(photos, keys);
  await deleteObjects(photos, keys);
  await deleteObjects(photos, []);
  expect(await readAll(keysOf("c").original)).toBeUndefined();
});
