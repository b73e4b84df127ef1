import { describe, expect, it } from "vitest";
import { type Anchor, liftBlocks, liftedStretches, shiftOf } from "./lift.ts";

const gene = (from: number, shift: number | null, ends: readonly number[] = shift === null ? [] : [shift]): Anchor => ({
  from,
  to: from + 9,
  shift,
  endShifts: new Set(ends),
});

describe("a stretch that lies in two builds as it is", () => {
  it("needs two genes that agree to the base", () => {
    expect(liftBlocks([gene(100, 7)])).toEqual([]);
    expect(liftBlocks([gene(100, 7), gene(200, 8)])).toEqual([]);
    expect(liftBlocks([gene(200, 7), gene(100, 7)])).toEqual([{ from: 100, to: 209, shift: 7 }]);
  });

  it("passes over a few genes that were annotated differently, not over many", () => {
    const others = (count: number) => Array.from({ length: count }, (_, index) => gene(120 + index, null));
    expect(liftBlocks([gene(100, 7), ...others(3), gene(200, 7)])).toHaveLength(1);
    expect(liftBlocks([gene(100, 7), ...others(4), gene(200, 7)])).toHaveLength(0);
  });

  it("reaches as far as ends of genes agree", () => {
    const genes = [gene(50, null, [7, 99]), gene(100, 7), gene(200, 7), gene(300, null, [6])];
    expect(liftBlocks(genes)).toEqual([{ from: 50, to: 209, shift: 7 }]);
  });
});

it("moves only what one block holds whole", () => {
  const blocks = [
    { from: 100, to: 200, shift: 7 },
    { from: 190, to: 300, shift: 8 },
  ];
  expect(shiftOf(blocks, { from: 100, to: 180 })).toBe(7);
  expect(shiftOf(blocks, { from: 180, to: 250 })).toBeNull();
  expect(shiftOf(blocks, { from: 195, to: 196 })).toBeNull();
  expect(shiftOf(blocks, { from: 1, to: 5 })).toBeNull();
  // 100-189 by 7, 201-300 by 8; between them two blocks differ.
  expect(liftedStretches(blocks)).toEqual([
    { from: 107, to: 196 },
    { from: 209, to: 308 },
  ]);
});
