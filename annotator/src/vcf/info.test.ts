import fc from "fast-check";
import { expect, it } from "vitest";
import { appendInfo, decodeInfoValue, encodeInfoValue, infoValue, withoutKeys } from "./info.ts";

it("leaves names of genes alone and encodes what has a meaning in INFO", () => {
  expect(encodeInfoValue("HLA-DRB1.2_x/y:z|a&b")).toBe("HLA-DRB1.2_x/y:z|a&b");
  expect(encodeInfoValue("a;b=c,d e%f\t")).toBe("a%3Bb%3Dc%2Cd%20e%25f%09");
});

it("can be decoded again", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary-ascii" }), (text) => {
      const encoded = encodeInfoValue(text);
      expect(encoded).not.toMatch(/[\s;=,]/);
      expect(decodeURIComponent(encoded)).toBe(text);
    }),
  );
});

it("decodes what others encode, and nothing else", () => {
  expect(decodeInfoValue("type%2C 2%3b x%3D1%25 100%_z%41")).toBe("type, 2; x=1% 100%_z%41");
});

it.each([
  [".", "A=1", "A=1"],
  ["", "A=1", "A=1"],
  ["DB", "A=1", "DB;A=1"],
  ["DP=3;", "A=1", "DP=3;A=1"],
  ["DP=3", "", "DP=3"],
])("appends to %s", (info, added, expected) => {
  expect(appendInfo(info, added)).toBe(expected);
});

it("finds a key's value only where the key stands whole", () => {
  expect(infoValue("CIEND=5;END=9;X=1", "END")).toBe("9");
  expect(infoValue("CIEND=5", "END")).toBeUndefined();
  expect(infoValue("END=9", "END")).toBe("9");
});

it("drops keys of an earlier annotation", () => {
  expect(withoutKeys("A=1;GAS_GENE=X;B", new Set(["GAS_GENE"]))).toBe("A=1;B");
  expect(withoutKeys("GAS_GENE=X", new Set(["GAS_GENE"]))).toBe(".");
  expect(withoutKeys("A=1;;B", new Set(["GAS_GENE"]))).toBe("A=1;;B");
});
