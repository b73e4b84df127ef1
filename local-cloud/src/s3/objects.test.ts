import { createHash, randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Readable } from "node:stream";
import {
  type ChecksumAlgorithm,
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketWebsiteCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  paginateListObjectsV2,
  S3Client,
} from "@aws-sdk/client-s3";
import { startTestBucket, type TestBucket } from "@elastic-gas/testing/local-cloud/s3/test-bucket";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { SMALL_BLOB_BYTES } from "../storage/small-blobs.ts";

let bucket: TestBucket;
let cloud: TestCloud;
let s3: S3Client;
const Bucket = "objects-test";

beforeAll(async () => {
  bucket = await startTestBucket(Bucket);
  ({ cloud, s3 } = bucket);
});
afterAll(async () => {
  await bucket?.[Symbol.asyncDispose]();
});

async function put(
  Key: string,
  Body: string | Uint8Array = "hello",
  more: Partial<ConstructorParameters<typeof PutObjectCommand>[0]> = {},
) {
  return s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
}

async function read(
  Key: string,
  more: Partial<ConstructorParameters<typeof GetObjectCommand>[0]> = {},
): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return (await Body?.transformToString()) ?? "";
}

const failure = (name: string, statusCode: number) =>
  expect.objectContaining({ name, $metadata: expect.objectContaining({ httpStatusCode: statusCode }) });

test("an object comes back with its bytes, headers and metadata", async () => {
  const written = await put("a b/ü+c&d.txt", "hello", {
    Metadata: { Owner: "ann" },
    ContentType: "text/plain",
    CacheControl: "no-cache",
    ContentDisposition: 'attachment; filename="x.txt"',
    ServerSideEncryption: "AES256",
  });
  expect(written).toMatchObject({
    ETag: `"${createHash("md5").update("hello").digest("hex")}"`,
    ServerSideEncryption: "AES256",
  });
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: "a b/ü+c&d.txt" }));
  expect(await got.Body?.transformToString()).toBe("hello");
  expect(got).toMatchObject({
    ContentLength: 5,
    ContentType: "text/plain",
    CacheControl: "no-cache",
    ContentDisposition: 'attachment; filename="x.txt"',
    Metadata: { owner: "ann" },
    ETag: written.ETag,
    ServerSideEncryption: "AES256",
  });
});

test("the bytes of a small object go with it when it is replaced or deleted", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "small-"));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const own = await startTestCloud({ dataDir });
  const client = new S3Client({ ...own.clientConfig, forcePathStyle: true });
  const place = { Bucket: "small", Key: "short-lived" };
  await client.send(new CreateBucketCommand({ Bucket: "small" }));
  await client.send(new PutObjectCommand({ Bucket: "small", Key: "kept", Body: "kept" }));
  for (const Body of ["one", "two"]) await client.send(new PutObjectCommand({ ...place, Body }));
  expect(await (await client.send(new GetObjectCommand(place))).Body?.transformToString()).toBe("two");
  await client.send(new DeleteObjectCommand(place));
  await own.close();
  using db = new DatabaseSync(join(dataDir, "s3", "index.sqlite"), { readOnly: true });
  const rows = db.prepare("select cast(bytes as text) as text from small_blobs").all();
  expect(rows.map(({ text }) => text)).toEqual(["kept"]);
});

test("a stream of unknown checksum is stored without its chunk framing", async () => {
  const bytes = randomBytes(300_001);
  const Body = Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]);
  await s3.send(
    new PutObjectCommand({ Bucket, Key: "stream", Body, ContentLength: bytes.length, ContentEncoding: "br" }),
  );
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: "stream" }));
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? [])).toEqual(bytes);
  expect(got.ContentEncoding).toBe("br");
});

test.each(["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] satisfies ChecksumAlgorithm[])(
  "%s is checked on the way in and given back on demand",
  async (algorithm) => {
    // Known values for "123456789", so that both ends cannot be wrong together.
    const known = {
      CRC32: "y/Q5Jg==",
      CRC32C: "4waSgw==",
      CRC64NVME: "rosUhgp5mIg=",
      SHA1: "98O8HYCOBHMq32eZZczDTKeuNEE=",
      SHA256: "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
    }[algorithm];
    const field = `Checksum${algorithm}`;
    await put(`sum-${algorithm}`, "123456789", { [field]: known });
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: `sum-${algorithm}`, ChecksumMode: "ENABLED" }));
    expect(head).toMatchObject({ [field]: known, ChecksumType: "FULL_OBJECT" });
    await expect(put(`sum-${algorithm}`, "12345678", { [field]: known })).rejects.toEqual(failure("BadDigest", 400));
    expect(await read(`sum-${algorithm}`)).toBe("123456789");
  },
);

test("a range is answered without the checksum of the whole", async () => {
  await put("range", "0123456789", { ChecksumAlgorithm: "SHA256" });
  const part = await s3.send(
    new GetObjectCommand({ Bucket, Key: "range", Range: "bytes=2-4", ChecksumMode: "ENABLED" }),
  );
  expect(part).toMatchObject({ ContentRange: "bytes 2-4/10", ContentLength: 3, $metadata: { httpStatusCode: 206 } });
  expect(part.ChecksumSHA256).toBeUndefined();
  expect(await part.Body?.transformToString()).toBe("234");
  expect(await read("range", { Range: "bytes=-3" })).toBe("789");
  await expect(read("range", { Range: "bytes=10-" })).rejects.toEqual(failure("InvalidRange", 416));
});

test("conditions on reads are obeyed", async () => {
  const { ETag } = await put("conditional");
  expect(await read("conditional", { IfMatch: ETag })).toBe("hello");
  await expect(read("conditional", { IfMatch: '"other"' })).rejects.toEqual(failure("PreconditionFailed", 412));
  await expect(read("conditional", { IfNoneMatch: ETag })).rejects.toMatchObject({
    $metadata: { httpStatusCode: 304 },
  });
  await expect(read("conditional", { IfModifiedSince: new Date() })).rejects.toMatchObject({
    $metadata: { httpStatusCode: 304 },
  });
  expect(await read("conditional", { IfModifiedSince: new Date(Date.now() - 5_000) })).toBe("hello");
});

test("If-None-Match: * writes once", async () => {
  await put("once", "first", { IfNoneMatch: "*" });
  await expect(put("once", "second", { IfNoneMatch: "*" })).rejects.toEqual(failure("PreconditionFailed", 412));
  expect(await read("once")).toBe("first");
});

test("a signed URL's response headers win over the stored ones", async () => {
  await put("override");
  const got = await s3.send(
    new GetObjectCommand({
      Bucket,
      Key: "override",
      ResponseContentDisposition: "inline",
      ResponseContentType: "text/x-test",
    }),
  );
  expect(got).toMatchObject({ ContentDisposition: "inline", ContentType: "text/x-test" });
});

test("missing things have the names that the SDK expects", async () => {
  await expect(read("nothing")).rejects.toEqual(failure("NoSuchKey", 404));
  await expect(s3.send(new HeadObjectCommand({ Bucket, Key: "nothing" }))).rejects.toEqual(failure("NotFound", 404));
  await expect(s3.send(new HeadBucketCommand({ Bucket: "no-such-bucket" }))).rejects.toEqual(failure("NotFound", 404));
  await expect(s3.send(new ListObjectsV2Command({ Bucket: "no-such-bucket" }))).rejects.toEqual(
    failure("NoSuchBucket", 404),
  );
});

test("a copy keeps or replaces metadata and may become archived", async () => {
  await put("copy me/ä", "content", { Metadata: { a: "1" } });
  const CopySource = encodeURIComponent(`${Bucket}/copy me/ä`);
  await s3.send(new CopyObjectCommand({ Bucket, Key: "copied", CopySource }));
  await s3.send(
    new CopyObjectCommand({
      Bucket,
      Key: "archived",
      CopySource,
      MetadataDirective: "REPLACE",
      Metadata: { b: "2" },
      StorageClass: "GLACIER",
    }),
  );
  expect(await s3.send(new HeadObjectCommand({ Bucket, Key: "copied" }))).toMatchObject({
    Metadata: { a: "1" },
    ContentLength: 7,
  });
  expect(await s3.send(new HeadObjectCommand({ Bucket, Key: "archived" }))).toMatchObject({
    Metadata: { b: "2" },
    StorageClass: "GLACIER",
  });
  await expect(
    s3.send(new CopyObjectCommand({ Bucket, Key: "copied", CopySource: `${Bucket}/copied` })),
  ).rejects.toEqual(failure("InvalidRequest", 400));
});

test("listings page through keys and common prefixes in byte order", async () => {
  const List = "listing-test";
  await s3.send(new CreateBucketCommand({ Bucket: List }));
  const keys = ["a/1", "a/2", "b", "c/1/x", "c/2", "\u{1F9EC}", "\uFF5E", "z z&<>'\"\r\n"];
  for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket: List, Key, Body: "" }));
  const pages = [];
  for await (const page of paginateListObjectsV2(
    { client: s3, pageSize: 2 },
    { Bucket: List, Delimiter: "/", EncodingType: "url" },
  ))
    pages.push(page);
  const seen = pages.flatMap((page) => [
    ...(page.Contents ?? []).map(({ Key = "" }) => decodeURIComponent(Key)),
    ...(page.CommonPrefixes ?? []).map(({ Prefix = "" }) => decodeURIComponent(Prefix)),
  ]);
  expect(seen).toEqual(["b", "a/", "z z&<>'\"\r\n", "c/", "\uFF5E", "\u{1F9EC}"]);
  expect(pages.map(({ KeyCount }) => KeyCount)).toEqual([2, 2, 2]);
  const under = await s3.send(new ListObjectsV2Command({ Bucket: List, Prefix: "c/", StartAfter: "c/1/x" }));
  expect(under.Contents).toMatchObject([{ Key: "c/2", Size: 0, StorageClass: "STANDARD" }]);
  await expect(s3.send(new DeleteBucketCommand({ Bucket: List }))).rejects.toEqual(failure("BucketNotEmpty", 409));
  await s3.send(new DeleteObjectsCommand({ Bucket: List, Delete: { Objects: keys.map((Key) => ({ Key })) } }));
  await s3.send(new DeleteBucketCommand({ Bucket: List }));
});

test("deleting is idempotent and frees the disk", async () => {
  await put("gone", Buffer.alloc(SMALL_BLOB_BYTES + 1)); // what is small has no file of its own
  const blobs = () =>
    readdirSync(join(cloud.dataDir, "s3", "blobs"), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    ).length;
  const before = blobs();
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "gone" }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "gone" }));
  await expect.poll(blobs).toBe(before - 1);
});

test("buckets tell their region and refuse bad names, public ACLs and what is not implemented", async () => {
  expect((await s3.send(new ListBucketsCommand({}))).Buckets).toContainEqual(expect.objectContaining({ Name: Bucket }));
  expect((await s3.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBeUndefined();
  await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: { BlockPublicAcls: true } }));
  await expect(s3.send(new CreateBucketCommand({ Bucket: "Bad_Name" }))).rejects.toEqual(
    failure("InvalidBucketName", 400),
  );
  await expect(put("public", "x", { ACL: "public-read" })).rejects.toEqual(
    failure("AccessControlListNotSupported", 400),
  );
  await expect(s3.send(new GetBucketWebsiteCommand({ Bucket }))).rejects.toEqual(failure("NotImplemented", 501));
});
