import fc from "fast-check";
import { expect, test } from "vitest";
import { readForm } from "./form-reader.ts";

async function* chunksOf(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let index = 0;
  for (let from = 0; from < bytes.length; index++) {
    const size = sizes[index % sizes.length] ?? 1;
    yield bytes.subarray(from, from + size);
    from += size;
  }
}

async function read(body: Buffer, sizes: readonly number[], boundary: string) {
  const { fields, file } = await readForm(chunksOf(body, sizes), `multipart/form-data; boundary=${boundary}`);
  const content: Buffer[] = [];
  for await (const chunk of file.content) content.push(Buffer.from(chunk));
  return { fields: Object.fromEntries(fields), name: file.name, content: Buffer.concat(content) };
}

test("a form reads the same however its bytes are cut", async () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom("\r\n", "--", "\r\n--XX", "\r\n--XXY-", "XXY").map((text) => Buffer.from(text)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 }),
      async (pieces, sizes) => {
        const content = Buffer.concat(pieces);
        fc.pre(!content.includes("\r\n--XXYZ"));
        const body = Buffer.concat([
          Buffer.from(
            '--XXYZ\r\nContent-Disposition: form-data; name="Key"\r\n\r\nä/b\r\n--XXYZ\r\nContent-Disposition: form-data; name="file"; filename="x%22.vcf"\r\nContent-Type: text/plain\r\n\r\n',
          ),
          content,
          Buffer.from('\r\n--XXYZ\r\nContent-Disposition: form-data; name="late"\r\n\r\n1\r\n--XXYZ--\r\n'),
        ]);
        expect(await read(body, sizes, "XXYZ")).toEqual({ fields: { key: "ä/b" }, name: 'x".vcf', content });
      },
    ),
    { numRuns: 200 },
  );
});

test.each([
  ["cut off in the file", '--B\r\nContent-Disposition: form-data; name="file"\r\n\r\nabc'],
  ["without parts", "--B--\r\n"],
  ["without any boundary", "abc"],
  ["with a part without a name", "--B\r\n\r\n\r\nabc\r\n--B--"],
])("a form %s is refused", async (_name, text) => {
  await expect(read(Buffer.from(text), [5], "B")).rejects.toThrow(/POST/);
});

test("fields may not fill the memory", async () => {
  const body = Buffer.from(`--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n${"x".repeat(30_000)}\r\n--B--`);
  await expect(read(body, [1000], "B")).rejects.toMatchObject({ code: "MaxPostPreDataLengthExceeded" });
});
