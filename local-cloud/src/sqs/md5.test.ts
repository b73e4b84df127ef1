import { expect, it } from "vitest";
import { md5OfAttributes } from "./md5.ts";

it("digests attributes as the clients do", () => {
  const timestamp = { DataType: "Number", StringValue: "1493147359900" };
  // A digest recorded from Amazon SQS, which the tests of other look-alikes hold too.
  expect(md5OfAttributes({ timestamp })).toBe("235c5c510d26fb653d073faed50ae77c");
  expect(md5OfAttributes({})).toBeUndefined();
});

it("digests attributes by name, not by the order they came in, and tells types and binary values apart", () => {
  const [a, b] = [
    { DataType: "String", StringValue: "1" },
    { DataType: "String", StringValue: "2" },
  ];
  expect(md5OfAttributes({ a, b })).toBe(md5OfAttributes({ b, a }));
  const others = [
    { a: b, b: a },
    { a, b: { ...b, DataType: "Number" } },
    { a, b: { DataType: "Binary", BinaryValue: Buffer.from("2") } },
  ];
  expect(new Set([{ a, b }, ...others].map(md5OfAttributes)).size).toBe(4);
});
