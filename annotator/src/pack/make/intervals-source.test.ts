import fc from "fast-check";
import { expect, it } from "vitest";
import { type Interval, IntervalOverlay } from "./intervals-source.ts";

it("tells at every position the names of all stretches that hold it, in pieces that do not overlap", () => {
  const stretch = fc
    .record({ first: fc.integer({ min: 1, max: 40 }), length: fc.nat(15), name: fc.constantFrom("a", "b", "c") })
    .map(({ first, length, name }): Interval => ({ first, last: first + length, name }));
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 8 }), (given) => {
      const overlay = new IntervalOverlay();
      const sorted = given.toSorted((a, b) => a.first - b.first);
      const pieces = [...sorted.flatMap((each) => overlay.add(each)), ...overlay.finish()];
      for (let pos = 1; pos <= 60; pos += 1) {
        const holding = given.filter(({ first, last }) => first <= pos && pos <= last).map(({ name }) => name);
        const found = pieces.filter(({ first, last }) => first <= pos && pos <= last).map(({ name }) => name);
        expect(found).toEqual(holding.length === 0 ? [] : [[...new Set(holding)].sort().join(",")]);
      }
      for (const [index, piece] of pieces.entries()) expect(piece.first).toBeGreaterThan(pieces[index - 1]?.last ?? 0);
    }),
  );
});
