import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { Chromosome } from "./chromosome.ts";
import { REGIONS } from "./gene-regions.ts";
import { PackManifest } from "./manifest.ts";
import { DEFAULT_PACK_DIRECTORY, openPack } from "./pack.ts";

const pack = openPack();

function chromosome(build: string, name: string): Chromosome {
  const found = pack.build(build)?.chromosome(name);
  if (found === undefined) throw new Error(`no ${name} in ${build}`);
  return found;
}

function genesAt(build: string, name: string, start: number, end = start): string[] {
  const { genes } = chromosome(build, name);
  return (
    genes
      ?.overlapping(start, end)
      .map((index) => `${genes.symbols[index]} ${REGIONS[genes.region(index, start, end)]}`) ?? []
  );
}

it("holds what its manifest says", () => {
  const manifest = PackManifest.parse(JSON.parse(readFileSync(join(DEFAULT_PACK_DIRECTORY, "pack.json"), "utf8")));
  expect(manifest.builds.GRCh38?.counts).toMatchObject({ genes: 32_075, clinvar: 72_582 });
  // 96.9 % of the 19,419 coding genes, and the mitochondrion's.
  expect(manifest.builds.GRCh38?.counts.genesWithParts).toBeGreaterThan(18_800);
  expect(manifest.builds.GRCh37?.counts.genesWithParts).toBeGreaterThan(12_300);
  expect(manifest.builds.GRCh37?.counts.clinvar).toBeGreaterThan(55_000);
  expect(manifest.builds.GRCh37?.counts).toMatchObject({ genes: 31_148 + 37, mitochondrialGenes: 37 });
  for (const [name, { sha256 }] of Object.entries(manifest.files)) {
    expect(
      createHash("sha256")
        .update(readFileSync(join(DEFAULT_PACK_DIRECTORY, name)))
        .digest("hex"),
      name,
    ).toBe(sha256);
  }
});

it("knows the genes of both builds to the base", () => {
  // Ensembl 110: TP53 17:7661779-7687538, GRCh37: 17:7565097-7590856.
  expect(genesAt("GRCh38", "17", 7_661_778)).not.toContainEqual(expect.stringContaining("TP53 "));
  expect(genesAt("GRCh38", "17", 7_661_779)).toContainEqual(expect.stringContaining("TP53 "));
  expect(genesAt("GRCh38", "17", 7_687_538)).toContainEqual(expect.stringContaining("TP53 "));
  expect(genesAt("GRCh37", "17", 7_577_120)).toEqual(["TP53 CDS"]);
});

it("places the parts of a gene where Ensembl has them", () => {
  // CD274-201, 9:5450503: exon 1 ends at 5450596, exon 2 is 5456100-5456165, the start codon begins at 5456114.
  expect(genesAt("GRCh38", "9", 5_450_590)).toEqual(["CD274 UTR5"]);
  expect(genesAt("GRCh38", "9", 5_453_000)).toEqual(["CD274 INTRON"]);
  expect(genesAt("GRCh38", "9", 5_456_113)).toEqual(["CD274 UTR5"]);
  expect(genesAt("GRCh38", "9", 5_456_114)).toEqual(["CD274 CDS"]);
  expect(genesAt("GRCh38", "MT", 12_400)).toEqual(["MT-ND5 CDS"]);
});

it("finds every gene that a long stretch touches, in order", () => {
  const symbols = genesAt("GRCh38", "MT", 1, 16_569);
  expect(symbols).toHaveLength(37);
  expect(symbols[0]).toBe("MT-TF GENE");
});

it("names bands, and both ends of a stretch", () => {
  const { bands } = chromosome("GRCh38", "1");
  expect(bands?.name(1, 1)).toBe("1p36.33");
  expect(bands?.name(2_300_000, 2_300_000)).toBe("1p36.33");
  expect(bands?.name(2_300_001, 2_300_001)).toBe("1p36.32");
  expect(bands?.name(2_300_000, 2_300_001)).toBe("1p36.33-1p36.32");
  expect(chromosome("NCBI36", "18").bands?.name(9_265_563, 9_265_563)).toBe("18p11.22");
});

it("finds a ClinVar variant by its minimal form only", () => {
  const { clinvar } = chromosome("GRCh38", "1");
  expect(clinvar?.find(1_013_983, "G", "A")).toMatchObject({ variationId: "1028857", rs: "1644247121" });
  expect(clinvar?.find(1_013_983, "G", "T")).toBeUndefined();
});

it("takes from the default pack what a pack with a base lacks", () => {
  const directory = mkdtempSync(join(tmpdir(), "pack-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const manifest = {
    format: 1,
    name: "with reference",
    base: "default",
    builds: { GRCh38: { fasta: "a.fa", gff3: "a.gff3" } },
  };
  writeFileSync(join(directory, "pack.json"), JSON.stringify(manifest));
  writeFileSync(join(directory, "a.fa.fai"), "");
  const own = openPack(directory);
  expect(own.build("GRCh38")?.reference).toEqual({
    fasta: join(directory, "a.fa"),
    gff3: join(directory, "a.gff3"),
    hasGenes: false,
  });
  expect(own.build("GRCh38")?.chromosome("1")?.genes).not.toBeNull();
  expect(own.build("GRCh37")?.chromosome("1")?.genes).not.toBeNull();
  expect(own.builds.find(({ name }) => name === "GRCh38")?.lengths.get("1")).toBe(248_956_422);
});

it("cites what each build is made of", () => {
  const cited = (build: string) => pack.build(build)?.sources.map(({ name, release }) => `${name} ${release}`);
  expect(cited("GRCh38")).toEqual([
    "Ensembl transcripts 110",
    "ClinVar 2024-12-15",
    "Ensembl genes 110",
    "Cytobands GRCh38",
  ]);
  expect(cited("NCBI36")).toEqual(["Cytobands NCBI36, 850 bands"]);
});

it("says which manifest is wrong and how", () => {
  expect(() => openPack("/nonexistent")).toThrow("/nonexistent/pack.json");
});
