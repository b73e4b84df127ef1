import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeParts, encodeParts, flattenParts, REGIONS, regionOfStretch } from "./gene-regions.ts";

const EXON = REGIONS.indexOf("EXON");
const UTR5 = REGIONS.indexOf("UTR5");
const CDS = REGIONS.indexOf("CDS");

const part = fc
  .record({ region: fc.integer({ min: EXON, max: CDS }), start: fc.nat(200), length: fc.nat(30) })
  .map(({ region, start, length }) => ({ region, start, end: start + length }));

it("lays parts over one another with the most specific on top, base by base", () => {
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 12 }), (parts) => {
      const flat = flattenParts(parts);
      for (let base = 0; base <= 231; base += 1) {
        const expected = Math.max(-1, ...parts.filter((p) => p.start <= base && base <= p.end).map((p) => p.region));
        const found = flat.filter((p) => p.start <= base && base <= p.end);
        expect(found.length).toBe(expected === -1 ? 0 : 1);
        expect(found[0]?.region ?? -1).toBe(expected);
      }
    }),
  );
});

it("survives being written to the pack", () => {
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 12 }), (parts) => {
      const flat = flattenParts(parts);
      const decoded = decodeParts(encodeParts(flat));
      expect([...(decoded ?? [])]).toEqual(flat.flatMap((p) => [p.region, p.start, p.end]));
    }),
  );
});

it.each([
  [0, 0, "UTR5"],
  [9, 9, "UTR5"],
  [10, 10, "CDS"],
  [5, 12, "CDS"],
  [20, 20, "INTRON"],
  [49, 49, "INTRON"],
  [45, 50, "EXON"],
])("takes the most specific part that the stretch %i-%i touches: %s", (start, end, region) => {
  const parts = decodeParts(
    encodeParts([
      { region: UTR5, start: 0, end: 9 },
      { region: CDS, start: 10, end: 19 },
      { region: EXON, start: 50, end: 60 },
    ]),
  );
  expect(REGIONS[regionOfStretch(parts, start, end)]).toBe(region);
});

it("says GENE, never INTRON, where the parts are not known", () => {
  expect(REGIONS[regionOfStretch(decodeParts(""), 5, 5)]).toBe("GENE");
});
