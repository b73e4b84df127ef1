import { describe, expect, it } from "vitest";
import { openPack } from "../pack/pack.ts";
import { type Header, HeaderReader } from "../vcf/header.ts";
import { buildFromHeader, buildFromPositions, chosenBuild } from "./build.ts";

const { builds } = openPack();

function header(...lines: readonly string[]): Header {
  const reader = new HeaderReader();
  for (const line of ["##fileformat=VCFv4.2", ...lines]) reader.take(line);
  const read = reader.take("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO");
  if (read === undefined) throw new Error("no header");
  return read;
}

describe("the build that a header tells", () => {
  it.each([
    ["contig lengths", ["##contig=<ID=chr1,length=248956422>"], "GRCh38"],
    ["contig lengths over names", ["##reference=hg38.fa", "##contig=<ID=1,assembly=b37,length=249250621>"], "GRCh37"],
    ["contig lengths of NCBI36", ["##contig=<ID=1,length=247249719>", "##contig=<ID=2,length=242951149>"], "NCBI36"],
    ["lengths of another genome", ["##contig=<ID=chr1,length=248387328>"], "unknown"],
    ["accessions", ["##contig=<ID=NC_000001.10>"], "GRCh37"],
    ["a reference path", ["##reference=file:///data/human_g1k_v37.fasta"], "GRCh37"],
    ["a reference path", ["##reference=human_b36_both.fasta"], "NCBI36"],
    ["the reference over a command line", ["##reference=hs38DH.fa", "##bcftools_liftCommand=from hg19"], "GRCh38"],
    ["a command line", ["##GATKCommandLine=<ID=Mutect2,CommandLine=-R Homo_sapiens_assembly_hg38.fasta>"], "GRCh38"],
  ])("is read from %s", (_, lines, build) => {
    expect(buildFromHeader(header(...lines), builds)?.build).toBe(build);
  });

  it.each([
    ["no hint", []],
    ["two names that contradict", ["##reference=hg19_to_hg38.chain"]],
    ["the mitochondrion's length only", ["##contig=<ID=MT,length=16569>"]],
    ["a number that only looks like a build", ["##reference=lib37x/sub3819.fa"]],
  ])("is left open with %s", (_, lines) => {
    expect(buildFromHeader(header(...lines), builds)).toBeUndefined();
  });
});

describe("the build that positions tell", () => {
  const decide = (positions: Record<string, number>) =>
    buildFromPositions(new Map(Object.entries(positions)), builds, "GRCh38");

  it("is the only one whose chromosomes are long enough", () => {
    // Chromosome 1: 248,956,422 in GRCh38, 249,250,621 in GRCh37, 247,249,719 in NCBI36.
    const decision = decide({ "1": 249_200_000 });
    expect(decision).toMatchObject({ build: "GRCh37", certain: true });
    expect(decision.reason).toContain("GRCh38 (position 249200000 of chromosome 1 lies beyond its end)");
  });

  it("is assumed, and said so, when several fit", () => {
    expect(decide({ "1": 1_000_000 })).toMatchObject({ build: "GRCh38", certain: false });
    expect(decide({ "1": 1_000_000 }).reason).toContain("Nothing in the file tells GRCh38, GRCh37 and NCBI36 apart");
    // Too long for GRCh38 on one chromosome, for NCBI36 on another: only GRCh37 holds both.
    expect(decide({ "1": 249_000_000 }).build).toBe("GRCh37");
  });

  it("does not matter when all records are on the mitochondrion", () => {
    expect(decide({ MT: 16_000 })).toMatchObject({ build: "GRCh38", certain: true });
    expect(decide({ MT: 16_000 }).reason).toContain("mitochondrion");
  });

  it("is doubted when no build fits", () => {
    expect(decide({ "1": 400_000_000, "2": 1 }).warning).toContain("human");
  });
});

it("follows the user's choice and warns when the header contradicts it", () => {
  expect(chosenBuild("GRCh37", header("##reference=hg19"), builds).warning).toBeNull();
  expect(chosenBuild("GRCh37", header("##contig=<ID=1,length=248956422>"), builds)).toMatchObject({
    build: "GRCh37",
    warning: expect.stringContaining("those of GRCh38"),
  });
});
