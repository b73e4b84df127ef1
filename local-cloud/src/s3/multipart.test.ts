import { createHash, randomBytes } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { startTestBucket, type TestBucket } from "@elastic-gas/testing/local-cloud/s3/test-bucket";
import { afterAll, beforeAll, expect, test } from "vitest";

const Bucket = "multipart-test";
const MEBIBYTE = 1024 * 1024;
let bucket: TestBucket;
let s3: S3Client;

beforeAll(async () => {
  bucket = await startTestBucket(Bucket);
  ({ s3 } = bucket);
});
afterAll(async () => {
  await bucket?.[Symbol.asyncDispose]();
});

async function read(Key: string, Range?: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, Range }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

test.each(["CRC32", "CRC64NVME", "SHA256"] as const)(
  "lib-storage uploads in parts with %s",
  async (ChecksumAlgorithm) => {
    const Body = randomBytes(11 * MEBIBYTE);
    const Key = `big-${ChecksumAlgorithm}`;
    await new Upload({ client: s3, params: { Bucket, Key, Body, ChecksumAlgorithm }, partSize: 5 * MEBIBYTE }).done();
    expect((await read(Key)).equals(Body)).toBe(true);
    const parts = [
      Body.subarray(0, 5 * MEBIBYTE),
      Body.subarray(5 * MEBIBYTE, 10 * MEBIBYTE),
      Body.subarray(10 * MEBIBYTE),
    ];
    const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest();
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));
    expect(head.ETag).toBe(`"${md5(Buffer.concat(parts.map(md5))).toString("hex")}-3"`);
    expect(head.ChecksumType).toBe(ChecksumAlgorithm === "CRC64NVME" ? "FULL_OBJECT" : "COMPOSITE");
    // Across the seam of two parts.
    const seam = 5 * MEBIBYTE;
    expect((await read(Key, `bytes=${seam - 3}-${seam + 2}`)).equals(Body.subarray(seam - 3, seam + 3))).toBe(true);
  },
);

test("an upload can be listed, completed with copied parts, and is gone afterwards", async () => {
  const source = randomBytes(6 * MEBIBYTE);
  await s3.send(new PutObjectCommand({ Bucket, Key: "source", Body: source }));
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "joined", Metadata: { a: "b" } }));
  const upload = { Bucket, Key: "joined", UploadId };
  const first = await s3.send(
    new UploadPartCopyCommand({
      ...upload,
      PartNumber: 2,
      CopySource: `${Bucket}/source`,
      CopySourceRange: `bytes=0-${5 * MEBIBYTE - 1}`,
    }),
  );
  const last = await s3.send(new UploadPartCommand({ ...upload, PartNumber: 7, Body: "end" }));
  const parts = await s3.send(new ListPartsCommand({ ...upload, MaxParts: 1 }));
  expect(parts).toMatchObject({
    IsTruncated: true,
    NextPartNumberMarker: "2",
    Parts: [{ PartNumber: 2, Size: 5 * MEBIBYTE, ETag: first.CopyPartResult?.ETag }],
  });
  expect((await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toMatchObject([
    { Key: "joined", UploadId },
  ]);
  const Parts = [
    { PartNumber: 2, ETag: first.CopyPartResult?.ETag },
    { PartNumber: 7, ETag: last.ETag },
  ];
  await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
  expect((await read("joined")).equals(Buffer.concat([source.subarray(0, 5 * MEBIBYTE), Buffer.from("end")]))).toBe(
    true,
  );
  expect((await s3.send(new HeadObjectCommand({ Bucket, Key: "joined", PartNumber: 2 }))).ContentLength).toBe(3);
  expect((await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? []).toEqual([]);
  await expect(s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: "late" }))).rejects.toMatchObject({
    name: "NoSuchUpload",
  });
});

test("parts that are missing, changed, too small or out of order are refused and the upload stays", async () => {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "refused" }));
  const upload = { Bucket, Key: "refused", UploadId };
  const one = await s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: "small" }));
  const two = await s3.send(new UploadPartCommand({ ...upload, PartNumber: 2, Body: "last" }));
  const complete = (Parts: { PartNumber: number; ETag?: string }[]) =>
    s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
  const entry = (PartNumber: number, ETag: string | undefined) => ({ PartNumber, ETag });
  await expect(complete([entry(3, one.ETag)])).rejects.toMatchObject({ name: "InvalidPart" });
  await expect(complete([entry(1, two.ETag)])).rejects.toMatchObject({ name: "InvalidPart" });
  await expect(complete([entry(2, two.ETag), entry(1, one.ETag)])).rejects.toMatchObject({ name: "InvalidPartOrder" });
  await expect(complete([entry(1, one.ETag), entry(2, two.ETag)])).rejects.toMatchObject({ name: "EntityTooSmall" });
  await complete([entry(1, one.ETag)]);
  expect((await read("refused")).toString()).toBe("small");
});

test("an aborted upload leaves nothing", async () => {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "aborted" }));
  await s3.send(new UploadPartCommand({ Bucket, Key: "aborted", UploadId, PartNumber: 1, Body: "x" }));
  await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: "aborted", UploadId }));
  await expect(s3.send(new ListPartsCommand({ Bucket, Key: "aborted", UploadId }))).rejects.toMatchObject({
    name: "NoSuchUpload",
  });
});
