import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { startTestBucket } from "@elastic-gas/testing/local-cloud/s3/test-bucket";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { expect, test } from "vitest";

const Bucket = "lengths";

/** Sends the body's first part only after the head is out, so that Node cannot count its length. */
function send(url: string, headers: Record<string, string>, parts: readonly string[], method = "PUT") {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const call = request(url, { method, headers }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    call.on("error", reject);
    call.flushHeaders();
    for (const part of parts) call.write(part);
    call.end();
  });
}

test("a body of unknown length is refused: 411 without any, 501 in chunks", async () => {
  await using bucket = await startTestBucket(Bucket);
  const command = new PutObjectCommand({ Bucket, Key: "k" });
  const url = await getSignedUrl(bucket.s3, command, { unhoistableHeaders: new Set() });
  const chunked = await send(url, { "transfer-encoding": "chunked" }, ["some", "bytes"]);
  expect([chunked.status, chunked.body]).toEqual([501, expect.stringContaining("<Header>Transfer-Encoding</Header>")]);

  const form = await createPresignedPost(bucket.s3, { Bucket, Key: "f" });
  const headers = { "content-type": "multipart/form-data; boundary=x", "transfer-encoding": "chunked" };
  expect((await send(form.url, headers, ["--x--\r\n"], "POST")).status).toBe(501);

  const bare = await putWithoutLength(url);
  expect([bare.status, bare.body]).toEqual([411, expect.stringContaining("<Code>MissingContentLength</Code>")]);
});

function putWithoutLength(url: string) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const call = request(url, { method: "PUT" }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    call.on("error", reject);
    call.useChunkedEncodingByDefault = false; // then Node sends neither a length nor chunks
    call.removeHeader("content-length");
    call.removeHeader("transfer-encoding");
    call.end();
  });
}

test.each([
  ["an object", "PUT /lengths/k HTTP/1.1\r\ncontent-length: 1000\r\n"],
  ["a form", "POST /lengths HTTP/1.1\r\ncontent-length: 1000\r\ncontent-type: multipart/form-data; boundary=x\r\n"],
  ["an action", "POST / HTTP/1.1\r\ncontent-length: 1000\r\ncontent-type: application/x-www-form-urlencoded\r\n"],
])("%s whose announced body does not come is answered 400 and cut off", async (_, head) => {
  await using cloud = await startTestCloud({ bodyIdleSeconds: 0.2 });
  const s3 = new S3Client({ ...cloud.clientConfig, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket }));
  const signed = new URL(await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "k" })));
  s3.destroy();
  const socket = connect(cloud.port, "127.0.0.1");
  socket.write(`${head.replace("/k ", `/k${signed.search} `)}host: ${signed.host}\r\n\r\nsome`);
  const answer = await text(socket); // to the end of the connection
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer).toContain("<Code>RequestTimeout</Code>");
});
