import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { V4Signature } from "../auth/signature.ts";
import { SigningKeys } from "../auth/sigv4.ts";
import { AwsChunkedDecoder, type ChunkVerifier, chunkVerifier } from "./aws-chunked.ts";

function decode(wire: Buffer, sizes: readonly number[], verifier?: ChunkVerifier) {
  const decoder = new AwsChunkedDecoder(verifier);
  const content: Buffer[] = [];
  for (let from = 0, index = 0; from < wire.length; index++) {
    const size = sizes[index % sizes.length] ?? 1;
    decoder.write(wire.subarray(from, from + size), (data) => content.push(data));
    from += size;
  }
  return { content: Buffer.concat(content), isDone: decoder.isDone, trailers: Object.fromEntries(decoder.trailers) };
}

test("a body reads the same however its bytes are cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 })),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 6 }),
      (chunks, sizes) => {
        const framed = chunks.flatMap((chunk) => [
          Buffer.from(`${chunk.length.toString(16)}\r\n`),
          chunk,
          Buffer.from("\r\n"),
        ]);
        const wire = Buffer.concat([...framed, Buffer.from("0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n")]);
        expect(decode(wire, sizes)).toEqual({
          content: Buffer.concat(chunks),
          isDone: true,
          trailers: { "x-amz-checksum-crc32": "AAAAAA==" },
        });
      },
    ),
  );
});

test.each([["zz\r\n"], ["3\r\nabcd\r\n"], ["0\r\nnot a trailer\r\n\r\n"], ["-1\r\n\r\n"]])(
  "%j is malformed",
  (text) => {
    expect(() => decode(Buffer.from(text), [100])).toThrow("aws-chunked");
  },
);

test("a body that ends early is not done", () => {
  expect(decode(Buffer.from("5\r\nabcde\r\n"), [3]).isDone).toBe(false);
});

// The published example:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html#example-signature-calculations-streaming
const SEED: V4Signature = {
  version: "v4",
  place: "header",
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  date: "20130524",
  region: "us-east-1",
  service: "s3",
  signedHeaders: [],
  signature: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
  timestamp: "20130524T000000Z",
  expiresSeconds: undefined,
};
const SIGNATURES = [
  "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
  "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
  "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
];

function published(content = Buffer.alloc(66_560, "a")): Buffer {
  const frame = (data: Buffer, signature = "") => [
    Buffer.from(`${data.length.toString(16)};chunk-signature=${signature}\r\n`),
    data,
    Buffer.from("\r\n"),
  ];
  const chunks = [content.subarray(0, 65_536), content.subarray(65_536), Buffer.alloc(0)];
  return Buffer.concat(chunks.flatMap((chunk, index) => frame(chunk, SIGNATURES[index])));
}

const verifier = () => chunkVerifier(SEED, new SigningKeys("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").get(SEED));

test("signed chunks of the published example pass", () => {
  const { content, isDone } = decode(published(), [10_000], verifier());
  expect([content.length, isDone]).toEqual([66_560, true]);
});

test("one changed byte breaks the chain of chunk signatures", () => {
  const content = Buffer.alloc(66_560, "a");
  content[66_000] = 0;
  expect(() => decode(published(content), [10_000], verifier())).toThrow("signature of a chunk");
  expect(() =>
    decode(Buffer.concat([Buffer.from("5\r\n"), randomBytes(5), Buffer.from("\r\n")]), [100], verifier()),
  ).toThrow("signature of a chunk");
});
