import { createHmac } from "node:crypto";
import { GetObjectCommand, ListObjectsV2Command, PutBucketCorsCommand, type S3Client } from "@aws-sdk/client-s3";
import { createPresignedPost, type PresignedPostOptions } from "@aws-sdk/s3-presigned-post";
import { startTestBucket, type TestBucket } from "@elastic-gas/testing/local-cloud/s3/test-bucket";
import { TEST_CREDENTIALS, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const Bucket = "post-test";
let bucket: TestBucket;
let cloud: TestCloud;
let s3: S3Client;

beforeAll(async () => {
  bucket = await startTestBucket(Bucket);
  ({ cloud, s3 } = bucket);
});
afterAll(async () => {
  await bucket?.[Symbol.asyncDispose]();
});

interface Attempt extends Partial<PresignedPostOptions> {
  readonly file?: string | Blob;
  readonly fileName?: string;
  readonly change?: (form: FormData) => void;
  readonly headers?: Record<string, string>;
}

async function post({
  file = "hello",
  fileName = "test.vcf",
  change,
  headers = {},
  ...options
}: Attempt = {}): Promise<Response> {
  const { url, fields } = await createPresignedPost(s3, { Bucket, Key: "user/1~test.vcf", Expires: 60, ...options });
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  change?.(form);
  form.append("file", file instanceof Blob ? file : new Blob([file]), fileName);
  return fetch(url, { method: "POST", body: form, redirect: "manual", headers });
}

async function read(Key: string): Promise<string | undefined> {
  return (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
}

async function countObjects(Prefix: string): Promise<number> {
  return (await s3.send(new ListObjectsV2Command({ Bucket, Prefix }))).KeyCount ?? 0;
}

test("a signed form stores its file with the headers of its fields", async () => {
  const response = await post({
    file: "a\r\n--b\r\n",
    Fields: {
      acl: "private",
      "x-amz-server-side-encryption": "AES256",
      "Content-Type": "text/x-vcf",
      "x-amz-meta-job": "7",
    },
  });
  expect(response.status).toBe(204);
  expect(response.headers.get("etag")).toMatch(/^"[\da-f]{32}"$/);
  expect(await read("user/1~test.vcf")).toBe("a\r\n--b\r\n");
  const { ContentType, Metadata } = await s3.send(new GetObjectCommand({ Bucket, Key: "user/1~test.vcf" }));
  expect({ ContentType, Metadata }).toEqual({ ContentType: "text/x-vcf", Metadata: { job: "7" } });
});

test.each([
  ["200", 200],
  ["201", 201],
  ["204", 204],
  ["302", 204],
])("success_action_status %s answers %i", async (asked, answered) => {
  const response = await post({ Fields: { success_action_status: asked } });
  expect(response.status).toBe(answered);
  const body = await response.text();
  if (answered === 201)
    expect(body).toContain(`<PostResponse><Location>${cloud.endpoint}/${Bucket}/user/1~test.vcf</Location>`);
  else expect(body).toBe("");
});

test("success_action_redirect leads back with bucket, key and ETag", async () => {
  const target = "http://localhost:8080/annotate/job?x=1";
  const response = await post({ Key: "user/a b.vcf", Fields: { success_action_redirect: target } });
  expect(response.status).toBe(303);
  const location = new URL(response.headers.get("location") ?? "");
  expect(location.origin + location.pathname).toBe("http://localhost:8080/annotate/job");
  expect(Object.fromEntries(location.searchParams)).toEqual({
    x: "1",
    bucket: Bucket,
    key: "user/a b.vcf",
    etag: response.headers.get("etag"),
  });
});

test("the file's name takes the place of the variable, without its folders", async () => {
  expect((await post({ Key: "names/$" + "{filename}", fileName: "C:\\data\\ü $& x.vcf" })).status).toBe(204);
  expect(await read("names/ü $& x.vcf")).toBe("hello");
});

test("field names are case-insensitive", async () => {
  const response = await post({
    Key: "case",
    Conditions: [["starts-with", "$Success_Action_STATUS", "20"]],
    change: (form) => form.append("SUCCESS_action_status", "200"),
  });
  expect(response.status).toBe(200);
});

describe("a form is refused", () => {
  test.each<[string, Attempt, number, string]>([
    ["with a changed key", { change: (form) => form.set("key", "refused/other") }, 403, "AccessDenied"],
    [
      "with a field that the policy does not know",
      { change: (form) => form.append("x-amz-meta-extra", "1") },
      403,
      "AccessDenied",
    ],
    [
      "with a value that does not start as it must",
      {
        Conditions: [["starts-with", "$Content-Type", "text/"]],
        change: (form) => form.append("Content-Type", "image/png"),
      },
      403,
      "AccessDenied",
    ],
    ["without a field that the policy demands", { Conditions: [["eq", "$acl", "private"]] }, 403, "AccessDenied"],
    [
      "with a changed policy",
      {
        change: (form) =>
          form.set("Policy", Buffer.from('{"expiration":"2099-01-01T00:00:00Z","conditions":[]}').toString("base64")),
      },
      403,
      "SignatureDoesNotMatch",
    ],
    ["without a policy", { change: (form) => form.delete("Policy") }, 403, "AccessDenied"],
    [
      "with another key id",
      { change: (form) => form.set("X-Amz-Credential", "OTHER/20300101/us-east-1/s3/aws4_request") },
      403,
      "InvalidAccessKeyId",
    ],
    ["after it has expired", { Expires: -1 }, 403, "AccessDenied"],
    ["when its file is too large", { Conditions: [["content-length-range", 0, 4]] }, 400, "EntityTooLarge"],
    ["when its file is too small", { Conditions: [["content-length-range", 6, 10]] }, 400, "EntityTooSmall"],
    ["that would make the object public", { Fields: { acl: "public-read" } }, 400, "AccessControlListNotSupported"],
  ])("%s", async (_name, attempt, statusCode, code) => {
    const response = await post({ Key: "refused/1", ...attempt });
    expect(await response.text()).toContain(`<Code>${code}</Code>`);
    expect(response.status).toBe(statusCode);
    expect(await countObjects("refused/")).toBe(0);
  });

  test("without a file", async () => {
    const { url, fields } = await createPresignedPost(s3, { Bucket, Key: "refused/2" });
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    const response = await fetch(url, { method: "POST", body: form });
    expect([response.status, (await response.text()).includes("InvalidArgument")]).toEqual([400, true]);
  });
});

test("a file far above the limit is refused with an answer that can be read, and the connection goes on", async () => {
  const response = await post({
    Key: "refused/big",
    file: new Blob([Buffer.alloc(20_000_000)]),
    Conditions: [["content-length-range", 0, 1000]],
  });
  expect(response.status).toBe(400);
  expect(await response.text()).toContain("<MaxSizeAllowed>1000</MaxSizeAllowed>");
  expect((await post()).status).toBe(204);
});

test("forms signed with version 2 are taken too", async () => {
  const policy = Buffer.from(
    JSON.stringify({ expiration: "2099-01-01T00:00:00Z", conditions: [{ bucket: Bucket }, { key: "v2" }] }),
  ).toString("base64");
  const form = new FormData();
  form.append("key", "v2");
  form.append("AWSAccessKeyId", TEST_CREDENTIALS.accessKeyId);
  form.append("policy", policy);
  form.append("signature", createHmac("sha1", TEST_CREDENTIALS.secretAccessKey).update(policy).digest("base64"));
  form.append("file", new Blob(["two"]));
  expect((await fetch(`${cloud.endpoint}/${Bucket}`, { method: "POST", body: form })).status).toBe(204);
  expect(await read("v2")).toBe("two");
});

test("the bucket's CORS rules decide what a page may send and read", async () => {
  const origin = "http://localhost:8080";
  const preflight = (from: string, method = "POST") =>
    fetch(`${cloud.endpoint}/${Bucket}`, {
      method: "OPTIONS",
      headers: {
        origin: from,
        "access-control-request-method": method,
        "access-control-request-headers": "content-type",
      },
    });
  expect((await preflight(origin)).status).toBe(403);
  const CORSRules = [
    {
      AllowedOrigins: [origin, "https://*.example.org"],
      AllowedMethods: ["POST"],
      AllowedHeaders: ["*"],
      ExposeHeaders: ["ETag"],
      MaxAgeSeconds: 60,
    },
  ];
  await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
  const allowed = await preflight(origin);
  expect(allowed.status).toBe(200);
  expect(Object.fromEntries(allowed.headers)).toMatchObject({
    "access-control-allow-origin": origin,
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "content-type",
    "access-control-max-age": "60",
  });
  expect((await preflight("https://a.example.org")).status).toBe(200);
  expect((await preflight("https://example.org")).status).toBe(403);
  expect((await preflight(origin, "PUT")).status).toBe(403);
  const answer = await post({ headers: { origin } });
  expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
  expect(answer.headers.get("access-control-expose-headers")).toBe("ETag");
  expect(
    (await post({ headers: { origin: "http://evil.example" } })).headers.get("access-control-allow-origin"),
  ).toBeNull();
});
