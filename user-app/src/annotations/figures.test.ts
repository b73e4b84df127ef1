import fc from "fast-check";
import { expect, test } from "vitest";
import { bars, buildDoubt, indelLengths, perChromosome } from "./figures.ts";

test("chromosomes come in their order whatever the file calls them, the rest together", () => {
  const counts = perChromosome([
    { name: "chrM", count: 3 },
    { name: "chr2", count: 5 },
    { name: "2", count: 1 },
    { name: "chrUn_KI270742v1", count: 7 },
    { name: "X", count: 2 },
  ]);
  expect(counts.map(({ name }) => name)).toEqual([
    ...Array.from({ length: 22 }, (_, n) => `${n + 1}`),
    "X",
    "Y",
    "MT",
    "other",
  ]);
  expect(Object.fromEntries(counts.map(({ name, count }) => [name, count]))).toMatchObject({
    2: 6,
    X: 2,
    MT: 3,
    Y: 0,
    other: 7,
  });
});

test("no record is lost between chromosomes and bars", () => {
  const names = fc.constantFrom("1", "chr1", "chrX", "MT", "M", "GL000.1", "22", "23");
  fc.assert(
    fc.property(fc.array(fc.record({ name: names, count: fc.nat(1_000) })), (counts) => {
      const sum = (list: readonly { count: number }[]) => list.reduce((all, { count }) => all + count, 0);
      expect(sum(perChromosome(counts))).toBe(sum(counts));
    }),
  );
});

test("the longest bar is 100 %, what is there can be seen, shares are of all", () => {
  expect(
    bars([
      { name: "SNV", count: 999 },
      { name: "deletion", count: 1 },
      { name: "none", count: 0 },
    ]),
  ).toEqual([
    { name: "SNV", count: 999, share: 0.999, percent: 100 },
    { name: "deletion", count: 1, share: 0.001, percent: 0.5 },
    { name: "none", count: 0, share: 0, percent: 0 },
  ]);
});

test("indels beyond ten bases are gathered at the ends", () => {
  const counts = indelLengths([
    { length: -40, count: 2 },
    { length: -10, count: 1 },
    { length: 1, count: 5 },
    { length: 12, count: 4 },
  ]);
  expect(counts).toHaveLength(20);
  expect(counts[0]).toEqual({ name: "\u221210 or more", count: 3 });
  expect(counts.find(({ name }) => name === "+1")).toEqual({ name: "+1", count: 5 });
  expect(counts.at(-1)).toEqual({ name: "+10 or more", count: 4 });
  expect(indelLengths([])).toEqual([]);
});

test("a file with hardly anything in genes raises doubt about its build, a small one does not", () => {
  expect(buildDoubt({ records: 1_000, inGenes: 150, build: "GRCh38" })).toContain("not GRCh38");
  expect(buildDoubt({ records: 1_000, inGenes: 200, build: "GRCh38" })).toBeUndefined();
  expect(buildDoubt({ records: 49, inGenes: 0, build: "GRCh38" })).toBeUndefined();
});
