import { createHmac } from "node:crypto";
import { GetObjectCommand, PutObjectCommand, S3Client, UploadPartCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { startTestBucket, type TestBucket } from "@elastic-gas/testing/local-cloud/s3/test-bucket";
import { TEST_CREDENTIALS, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { afterAll, beforeAll, expect, test } from "vitest";

const Bucket = "presigned-test";
let bucket: TestBucket;
let cloud: TestCloud;
let s3: S3Client;

beforeAll(async () => {
  bucket = await startTestBucket(Bucket);
  ({ cloud, s3 } = bucket);
  await s3.send(new PutObjectCommand({ Bucket, Key: "a b+c/ü.txt", Body: "hello" }));
});
afterAll(async () => {
  await bucket?.[Symbol.asyncDispose]();
});

const signedGet = (options: Parameters<typeof getSignedUrl>[2], more = {}) =>
  getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "a b+c/ü.txt", ...more }), options);
const codeOf = async (response: Response) => [response.status, /<Code>(\w+)<\/Code>/.exec(await response.text())?.[1]];

test("a signed address reads for everybody, with the headers that were signed into it", async () => {
  const response = await fetch(
    await signedGet({ expiresIn: 60 }, { ResponseContentDisposition: 'attachment; filename="x.txt"' }),
  );
  expect(response.headers.get("content-disposition")).toBe('attachment; filename="x.txt"');
  expect(await response.text()).toBe("hello");
});

test("a signed address writes, checks its signed headers and keeps hoisted metadata", async () => {
  // By default the client would sign the checksum of the body that it does not have.
  const signer = new S3Client({
    ...cloud.clientConfig,
    forcePathStyle: true,
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  const url = await getSignedUrl(
    signer,
    new PutObjectCommand({ Bucket, Key: "put", ContentType: "text/plain", Metadata: { a: "b" } }),
    { signableHeaders: new Set(["content-type"]) },
  );
  expect(
    await codeOf(await fetch(url, { method: "PUT", body: "x", headers: { "content-type": "text/html" } })),
  ).toEqual([403, "SignatureDoesNotMatch"]);
  expect((await fetch(url, { method: "PUT", body: "x", headers: { "content-type": "text/plain" } })).status).toBe(200);
  expect((await s3.send(new GetObjectCommand({ Bucket, Key: "put" }))).Metadata).toEqual({ a: "b" });
});

test.each<[string, (url: URL) => void, string]>([
  ["another key", (url) => (url.pathname = `/${Bucket}/other`), "SignatureDoesNotMatch"],
  ["a longer life", (url) => url.searchParams.set("X-Amz-Expires", "3600"), "SignatureDoesNotMatch"],
  ["another parameter", (url) => url.searchParams.set("response-content-type", "text/html"), "SignatureDoesNotMatch"],
  [
    "another key id",
    (url) =>
      url.searchParams.set(
        "X-Amz-Credential",
        url.searchParams.get("X-Amz-Credential")?.replace(TEST_CREDENTIALS.accessKeyId, "OTHER") ?? "",
      ),
    "InvalidAccessKeyId",
  ],
  ["no signature", (url) => url.searchParams.delete("X-Amz-Signature"), "AuthorizationQueryParametersError"],
])("a signed address with %s is refused", async (_name, change, code) => {
  const url = new URL(await signedGet({ expiresIn: 60 }));
  change(url);
  const [statusCode, actual] = await codeOf(await fetch(url));
  expect(actual).toBe(code);
  expect(statusCode).toBe(code === "AuthorizationQueryParametersError" ? 400 : 403);
});

test("a signed address ends by the clock", async () => {
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000);
  expect((await fetch(await signedGet({ expiresIn: 600, signingDate: ago(300) }))).status).toBe(200);
  const late = await fetch(await signedGet({ expiresIn: 600, signingDate: ago(610) }));
  expect([late.status, (await late.text()).includes("Request has expired")]).toEqual([403, true]);
  expect((await fetch(await signedGet({ expiresIn: 600, signingDate: ago(-3600) }))).status).toBe(403);
});

test("version 2 addresses of older clients work and expire", async () => {
  const address = (expires: number, key = "a%20b%2Bc/%C3%BC.txt") => {
    const text = `GET\n\n\n${expires}\n/${Bucket}/a%20b%2Bc/%C3%BC.txt?response-content-type=text/x`;
    const signature = createHmac("sha1", TEST_CREDENTIALS.secretAccessKey).update(text).digest("base64");
    const query = new URLSearchParams({
      AWSAccessKeyId: TEST_CREDENTIALS.accessKeyId,
      Expires: String(expires),
      Signature: signature,
      "response-content-type": "text/x",
    });
    return `${cloud.endpoint}/${Bucket}/${key}?${query}`;
  };
  const inAnHour = Math.floor(Date.now() / 1000) + 3_600;
  const response = await fetch(address(inAnHour));
  expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
    200,
    "text/x",
    "hello",
  ]);
  expect(await codeOf(await fetch(address(inAnHour, "other")))).toEqual([403, "SignatureDoesNotMatch"]);
  expect(await codeOf(await fetch(address(inAnHour - 3_660)))).toEqual([403, "AccessDenied"]);
});

test("nothing is public, and no other host name is served", async () => {
  expect(await codeOf(await fetch(`${cloud.endpoint}/${Bucket}/put`))).toEqual([403, "AccessDenied"]);
  expect(await codeOf(await fetch(`${cloud.endpoint}/`))).toEqual([403, "AccessDenied"]);
});

test("a sub-resource never falls through to a more general operation", async () => {
  const url = await getSignedUrl(s3, new UploadPartCommand({ Bucket, Key: "put", UploadId: "none", PartNumber: 1 }));
  expect(await codeOf(await fetch(url, { method: "PUT", body: "overwritten" }))).toEqual([404, "NoSuchUpload"]);
  const lifecycle = await cloudFetch("PUT", `/${Bucket}?lifecycle`);
  expect(await codeOf(lifecycle)).toEqual([501, "NotImplemented"]);
  expect(await (await s3.send(new GetObjectCommand({ Bucket, Key: "put" }))).Body?.transformToString()).toBe("x");
});

/** A signed request to an address that no client of ours would send. */
async function cloudFetch(method: string, path: string): Promise<Response> {
  const text = `${method}\n\n\n${Math.floor(Date.now() / 1000) + 60}\n${path}`;
  const expires = text.split("\n")[3] ?? "";
  const signature = createHmac("sha1", TEST_CREDENTIALS.secretAccessKey).update(text).digest("base64");
  const query = new URLSearchParams({
    AWSAccessKeyId: TEST_CREDENTIALS.accessKeyId,
    Expires: expires,
    Signature: signature,
  });
  return fetch(`${cloud.endpoint}${path}&${query}`, { method });
}
