import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { startTestBucket, type TestBucket } from "@elastic-gas/testing/local-cloud/s3/test-bucket";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

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

test("completing again succeeds like the first time, also after a restart; another list is refused", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "multipart-"));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const target = { Bucket, Key: "once" };
  const inCloud = async <T>(work: (client: S3Client) => Promise<T>): Promise<T> => {
    await using cloud = await startTestCloud({ dataDir });
    const client = new S3Client({ ...cloud.clientConfig, forcePathStyle: true });
    return await work(client).finally(() => client.destroy());
  };

  const first = await inCloud(async (client) => {
    await client.send(new CreateBucketCommand({ Bucket }));
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
    const part = await client.send(new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: "text" }));
    const Parts = [{ PartNumber: 1, ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32 }];
    const input = { ...target, UploadId, MultipartUpload: { Parts } };
    const { ETag, Location } = await client.send(new CompleteMultipartUploadCommand(input));
    expect(await client.send(new CompleteMultipartUploadCommand(input))).toMatchObject({ ETag, Location });
    return { input, ETag };
  });
  await inCloud(async (client) => {
    const complete = (changes: Partial<CompleteMultipartUploadCommandInput>) =>
      client.send(new CompleteMultipartUploadCommand({ ...first.input, ...changes }));
    expect(await complete({})).toMatchObject({ ETag: first.ETag });
    const Parts = [{ PartNumber: 1, ETag: '"other"' }];
    await expect(complete({ MultipartUpload: { Parts } })).rejects.toMatchObject({ name: "NoSuchUpload" });
    await expect(complete({ Key: "another" })).rejects.toMatchObject({ name: "NoSuchUpload" });
  });
});

test("a part without the announced checksum is refused, and so is a list without it", async () => {
  const upload = await s3.send(
    new CreateMultipartUploadCommand({ Bucket, Key: "checked", ChecksumAlgorithm: "SHA256" }),
  );
  const { UploadId } = upload;
  const part = { Bucket, Key: "checked", UploadId, PartNumber: 1, Body: "text" };
  // The client sends a CRC-32 by itself when it is not told otherwise.
  await expect(s3.send(new UploadPartCommand(part))).rejects.toMatchObject({
    name: "InvalidRequest",
    message: "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32",
  });
  const { ETag, ChecksumSHA256 } = await s3.send(new UploadPartCommand({ ...part, ChecksumAlgorithm: "SHA256" }));
  expect(ChecksumSHA256).toBe(createHash("sha256").update("text").digest("base64"));
  const complete = (entry: object) =>
    s3.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key: "checked",
        UploadId,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag, ...entry }] },
      }),
    );
  await expect(complete({})).rejects.toMatchObject({ name: "InvalidRequest", message: /missing for part 1/ });
  const { ChecksumSHA256: whole } = await complete({ ChecksumSHA256 });
  const ofParts = createHash("sha256").update(Buffer.from(ChecksumSHA256 ?? "", "base64"));
  expect(whole).toBe(`${ofParts.digest("base64")}-1`);
});

test("uploads are listed with a delimiter, page by page", async () => {
  await using other = await startTestBucket("listed-uploads");
  const keys = ["a.txt", "b/1", "b/2", "b/3", "c/1", "d.txt"];
  for (const Key of keys) await other.s3.send(new CreateMultipartUploadCommand({ Bucket: "listed-uploads", Key }));
  const seen: (string | undefined)[] = [];
  let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (let pages = 0; pages < 10; pages++) {
    const page = await other.s3.send(
      new ListMultipartUploadsCommand({ Bucket: "listed-uploads", Delimiter: "/", MaxUploads: 1, ...markers }),
    );
    seen.push(
      ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
      ...(page.Uploads ?? []).map(({ Key }) => Key),
    );
    if (!page.IsTruncated) break;
    markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
  expect(seen).toEqual(["a.txt", "b/", "c/", "d.txt"]);
});
