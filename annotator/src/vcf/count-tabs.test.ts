import fc from "fast-check";
import { expect, it } from "vitest";
import { TabCounter } from "./count-tabs.ts";

it("counts the tabs of any stretch, wherever it lies in memory and whatever stands beside them", () => {
  const text = fc.array(fc.constantFrom(9, 8, 10, 0x89, 0, 255, 48), { maxLength: 40 });
  fc.assert(
    fc.property(text, fc.nat(9), fc.nat(12), fc.nat(12), (codes, before, from, less) => {
      const memory = Buffer.from([...Array<number>(before).fill(9), ...codes, 9, 9, 9]);
      const bytes = memory.subarray(before, before + codes.length);
      const [start, end] = [Math.min(from, codes.length), Math.max(Math.min(from, codes.length), codes.length - less)];
      const expected = codes.slice(start, end).filter((code) => code === 9).length;
      expect(new TabCounter(bytes).count(start, end)).toBe(expected);
    }),
  );
});

it("counts more tabs than one byte holds", () => {
  expect(new TabCounter(Buffer.alloc(100_003, 9)).count(1, 100_003)).toBe(100_002);
  expect(new TabCounter(Buffer.from("0|0\t".repeat(3_000))).count(0, 12_000)).toBe(3_000);
});
