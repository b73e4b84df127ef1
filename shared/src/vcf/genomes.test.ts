import { expect, it } from "vitest";
import { genomeCalled } from "./genomes.ts";

it.each([
  ["GRCh38", ["GRCh38", "grch38", "hg38", "HG38", "b38", "GRCh38.p14", "hs38DH", "GCF_000001405.40", " hg38 "]],
  ["GRCh37", ["GRCh37", "hg19", "Hg19", "b37", "B37", "GRCh37.p13", "hs37d5", "GCA_000001405.14"]],
  ["NCBI36", ["NCBI36", "hg18", "HG18", "ncbi36", "b36", "NCBI Build 36"]],
  ["T2T-CHM13", ["hs1"]],
  [undefined, ["", "my hg19", "hg19.fa", "hg190", "hg19 hg38", "human", "GRCh39", "p13"]],
])("%s is what these are names of: %j", (genome, names) => {
  for (const name of names) expect(genomeCalled(name), name).toBe(genome);
});
