import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeParts, encodeParts, GENE, INTRON, REGIONS, regionOfStretch } from "./gene-regions.ts";
import { certainParts, possibleOffsets, type Structure } from "./place-structure.ts";

const CDS = REGIONS.indexOf("CDS");
const UTR5 = REGIONS.indexOf("UTR5");

// Two exons: 0-9 UTR5, 10-19 CDS, intron 20-49, 50-60 CDS.
const structure: Structure = {
  parts: [
    { region: UTR5, start: 0, end: 9 },
    { region: CDS, start: 10, end: 19 },
    { region: CDS, start: 50, end: 60 },
  ],
  span: { from: 0, to: 60 },
  coding: [
    { from: 10, to: 19 },
    { from: 50, to: 60 },
  ],
  spliceSites: [20, 21, 48, 49],
};
const NONE = { coding: [], splice: [] };

const regionAt = (offset: number, x: number) =>
  REGIONS[regionOfStretch(decodeParts(encodeParts(structure.parts)), x - offset, x - offset)];

describe("where a gene's transcripts begin", () => {
  it("is proven when together they are as long as the gene", () => {
    expect(possibleOffsets(structure, 61, NONE)).toEqual({ from: 0, to: 0 });
  });

  it("is narrowed by variants in codons and splice sites", () => {
    expect(possibleOffsets(structure, 100, NONE)).toEqual({ from: 0, to: 39 });
    expect(possibleOffsets(structure, 100, { coding: [15], splice: [] })).toEqual({ from: 0, to: 5 });
    expect(possibleOffsets(structure, 100, { coding: [15], splice: [25] })).toEqual({ from: 4, to: 5 });
    expect(possibleOffsets(structure, 100, { coding: [14, 64], splice: [25] })).toEqual({ from: 4, to: 4 });
  });

  it("is not known when the variants fit nowhere", () => {
    expect(possibleOffsets(structure, 61, { coding: [30], splice: [] })).toBeNull();
  });
});

it("keeps of the parts what every possible beginning agrees on, base by base", () => {
  fc.assert(
    fc.property(fc.nat(12), fc.nat(12), (from, more) => {
      const offsets = { from, to: from + more };
      const length = 100;
      const parts = decodeParts(encodeParts(certainParts(structure, offsets, length)));
      for (let x = 0; x < length; x += 1) {
        const possible = new Set<string | undefined>();
        for (let offset = offsets.from; offset <= offsets.to; offset += 1)
          possible.add(x < offset || x > offset + 60 ? "GENE" : regionAt(offset, x));
        const [only] = possible;
        const found = REGIONS[regionOfStretch(parts, x, x)];
        // What is told is right. What is not told is where beginnings differ, or outside the transcripts.
        if (found !== "GENE") expect([...possible]).toEqual([found]);
        else expect(possible.size > 1 || only === "GENE" || parts === null).toBe(true);
      }
    }),
  );
});

it("tells neither intron nor exon where the parts are not known", () => {
  const parts = decodeParts(
    encodeParts([
      { region: GENE, start: 0, end: 9 },
      { region: CDS, start: 20, end: 29 },
      { region: GENE, start: 40, end: 49 },
    ]),
  );
  expect([5, 15, 25, 35, 45].map((x) => regionOfStretch(parts, x, x))).toEqual([GENE, INTRON, CDS, INTRON, GENE]);
  expect(regionOfStretch(parts, 5, 12)).toBe(INTRON);
});
