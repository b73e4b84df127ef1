import fc from "fast-check";
import { expect, it } from "vitest";
import { GeneTrack } from "./tracks.ts";

it("tells for a whole stretch whether a gene is there, as asking for each position does", () => {
  const gene = fc.tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 0, max: 120 }));
  fc.assert(
    fc.property(fc.array(gene, { maxLength: 6 }), fc.integer({ min: 1, max: 600 }), (genes, pos) => {
      const sorted = genes.toSorted(([a], [b]) => a - b);
      const track = new GeneTrack(sorted.map(([start, length]) => `${start}\t${start + length}\tG`));
      const { isCovered, until } = track.covers(pos);
      expect(until).toBeGreaterThanOrEqual(pos);
      for (let at = pos; at <= Math.min(until, 700); at += 1)
        expect([at, track.overlapping(at, at).length > 0]).toEqual([at, isCovered]);
    }),
  );
});
