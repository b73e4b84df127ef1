import { S3Client } from "@aws-sdk/client-s3";
import { cleanFileName } from "@elastic-gas/shared/clean-file-name";
import { jobKey, resourcesOf } from "@elastic-gas/shared/resources";
import fc from "fast-check";
import { expect, test } from "vitest";
import { contentDisposition } from "./files.ts";
import { createUploadPolicy, parseUploadKey, uploadCeiling } from "./upload.ts";

const id = "0b1f8e0e-7a49-4e0f-8a26-2f1d4f4a9e11";

test("a key that we made is read back, whatever the name", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), fc.string({ unit: "grapheme" }), (userId, name) => {
      const fileName = cleanFileName(name, "input.vcf");
      expect(parseUploadKey("dev", jobKey("dev", userId, id, fileName))).toEqual({ userId, jobId: id, fileName });
    }),
  );
});

test.each([
  `other/1/${id}~a.vcf`,
  `dev/0/${id}~a.vcf`,
  `dev/-1/${id}~a.vcf`,
  `dev/1/${id}`,
  `dev/1/${id}~`,
  "dev/1/nonsense~a.vcf",
  `dev/1e3/${id}~a.vcf`,
  `dev/1/x/${id}~a.vcf`,
  "",
])("the key %j is none of ours", (key) => expect(parseUploadKey("dev", key)).toBeUndefined());

test.each([
  ["$" + "{filename}.vcf", "{filename}.vcf"],
  ["$$" + "{filename}", "{filename}"],
  ["a $" + "{filename} b $" + "{filename}", "a {filename} b {filename}"],
  ["costs $5 {filename}", "costs $5 {filename}"],
])("the form of a file named %s holds a key that S3 leaves as it is", async (fileName, kept) => {
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  const browserS3 = new S3Client({ region: "us-east-1", endpoint: "http://127.0.0.1:9", credentials });
  const resources = resourcesOf({ PREFIX: "dev" });
  const config = { FREE_MAX_BYTES: 1, PREMIUM_MAX_BYTES: 1 };
  const { fields } = await createUploadPolicy(
    { browserS3, resources, config },
    { userId: 1, role: "free_user", fileName },
  );
  browserS3.destroy();
  expect(parseUploadKey("dev", fields.key ?? "")?.fileName).toBe(kept);
});

test("Free uploads end at 10 MB, so that somewhat too large ones reach the page that explains", () => {
  const config = { FREE_MAX_BYTES: 153_600, PREMIUM_MAX_BYTES: 1_073_741_824 };
  expect(uploadCeiling("free_user", config)).toBe(10_485_760);
  expect(uploadCeiling("premium_user", config)).toBe(1_073_741_824);
});

test("a download's name cannot break out of its header", () => {
  expect(contentDisposition('a"b\\c\r\nd é.vcf')).toBe(
    `attachment; filename="a_b_c__d _.vcf"; filename*=UTF-8''a%22b%5Cc%0D%0Ad%20%C3%A9.vcf`,
  );
});
