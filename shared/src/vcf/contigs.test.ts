import { expect, it } from "vitest";
import { canonicalContig, genomeOfAccession } from "./contigs.ts";

it.each([
  ["1", "1"],
  ["chr1", "1"],
  ["Chr07", "7"],
  ["CHRX", "X"],
  ["23", "X"],
  ["chrM", "MT"],
  ["M", "MT"],
  ["MT", "MT"],
  ["NC_012920.1", "MT"],
  ["J01415.2", "MT"],
  ["NC_000001.11", "1"],
  ["NC_000024.9", "Y"],
  ["chrUn_KI270742v1", "KI270742.1"],
  ["chr1_KI270706v1_random", "KI270706.1"],
  ["GL000220.1", "GL000220.1"],
  ["scaffold_12", "scaffold_12"],
])("takes contig %s for %s", (name, canonical) => {
  expect(canonicalContig(name)).toBe(canonical);
});

it.each([
  ["NC_000001.11", "GRCh38"],
  ["NC_000001.10", "GRCh37"],
  ["NC_000001.9", "NCBI36"],
  ["NC_000007.14", "GRCh38"],
  ["NC_000007.13", "GRCh37"],
  ["NC_000001.7", undefined],
  ["CM000663.2", "GRCh38"],
  ["CM000686.1", "GRCh37"],
  ["NC_060925.1", "T2T-CHM13"],
  ["CP068277.2", "T2T-CHM13"],
  ["CP086569.2", "T2T-CHM13"],
  ["CP068278.1", undefined],
  ["NC_000067.6", "a mouse genome"],
  ["chr1", undefined],
])("knows the genome of %s: %s", (name, build) => {
  expect(genomeOfAccession(name)).toBe(build);
});
