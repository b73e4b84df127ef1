import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { combineTreeHashes, isTreeHashAligned, LEAF_BYTES, TreeHash } from "./tree-hash.ts";

const MIB = LEAF_BYTES;

function sha(...parts: Buffer[]): Buffer {
  return createHash("sha256").update(Buffer.concat(parts)).digest();
}

function treeHash(bytes: Buffer, pieceBytes = bytes.length): string {
  const tree = new TreeHash();
  for (let start = 0; start < bytes.length; start += pieceBytes) tree.update(bytes.subarray(start, start + pieceBytes));
  return tree.digest();
}

test("up to 1 MiB the tree hash is the plain SHA-256", () => {
  for (const size of [1, 1000, MIB]) {
    const bytes = Buffer.alloc(size, "a");
    expect(treeHash(bytes)).toBe(sha(bytes).toString("hex"));
  }
});

test("leaves are paired, and a leaf without a neighbour rises", () => {
  const [a, b, c] = [Buffer.alloc(MIB, "a"), Buffer.alloc(MIB, "b"), Buffer.from("the rest")];
  const expected = sha(sha(sha(a), sha(b)), sha(c)).toString("hex");
  expect(treeHash(Buffer.concat([a, b, c]))).toBe(expected);
  expect(treeHash(Buffer.concat([a, b, c]), 77_777)).toBe(expected);
});

test("the hashes of aligned parts combine to the hash of the whole", () => {
  const mebibytes = fc.integer({ min: 1, max: 9 });
  fc.assert(
    fc.property(mebibytes, fc.integer({ min: 1, max: MIB }), fc.constantFrom(1, 2, 4), (leaves, rest, partMib) => {
      const whole = Buffer.alloc((leaves - 1) * MIB + rest);
      for (let index = 0; index < whole.length; index += 4096) whole[index] = index >> 12;
      const parts: string[] = [];
      for (let start = 0; start < whole.length; start += partMib * MIB)
        parts.push(treeHash(whole.subarray(start, start + partMib * MIB)));
      expect(combineTreeHashes(parts)).toBe(treeHash(whole));
    }),
    { numRuns: 15 },
  );
});

test.each([
  { start: 0, end: MIB - 1, size: 8 * MIB, aligned: true },
  { start: 0, end: 2 * MIB - 1, size: 8 * MIB, aligned: true },
  { start: MIB, end: 3 * MIB - 1, size: 8 * MIB, aligned: false },
  { start: 2 * MIB, end: 4 * MIB - 1, size: 8 * MIB, aligned: true },
  { start: 0, end: 3 * MIB - 1, size: 8 * MIB, aligned: false },
  { start: 0, end: 2.5 * MIB - 1, size: 2.5 * MIB, aligned: true },
  { start: 2 * MIB, end: 2.5 * MIB - 1, size: 2.5 * MIB, aligned: true },
  { start: 0, end: 99, size: 8 * MIB, aligned: false },
])("bytes $start to $end of $size: a node of the tree is $aligned", ({ start, end, size, aligned }) => {
  expect(isTreeHashAligned(start, end, size)).toBe(aligned);
});
