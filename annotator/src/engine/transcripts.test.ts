import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readArguments } from "../pack/make/arguments.ts";
import { makePack } from "../pack/make/make-pack.ts";
import { openPack } from "../pack/pack.ts";
import { bcftoolsVersion } from "./consequences.ts";
import { runEngine } from "./engine.ts";

// Transcripts of published GFF3 files that bcftools csq would refuse, and with them the whole file.

const hasBcftools = (await bcftoolsVersion()) !== null;
const directory = mkdtempSync(join(tmpdir(), "transcripts-"));
afterAll(() => rmSync(directory, { recursive: true }));

// Exon 101-190, all of it coding: ATG, 28 codons GCA (alanine), TAA. The same on X and Y, as a pseudoautosomal gene.
const sequence = `${"ACGTTGCATC".repeat(10)}ATG${"GCA".repeat(28)}TAA${"ACGTTGCATC".repeat(10)}`;

type Line = readonly [type: string, start: number, end: number, strand: string, phase: string, attributes: string];
const gff = (contig: string, lines: readonly Line[]) =>
  lines
    .map(([type, start, end, strand, phase, attributes]) =>
      [contig, "HAVANA", type, start, end, ".", strand, phase, attributes].join("\t"),
    )
    .join("\n");

/** One transcript in GENCODE's form: `own` in ID and Parent, `told` in the other attributes. */
function gencode(own: string, told: string, coding: readonly (readonly [number, number, string])[], strand = "+") {
  const facts = `gene_id=ENSG${told};transcript_id=ENST${told};gene_type=protein_coding;gene_name=TOY${own};transcript_type=protein_coding`;
  const part = `Parent=ENST${own};${facts}`;
  return [
    ["gene", 101, 190, strand, ".", `ID=ENSG${own};${facts}`],
    ["transcript", 101, 190, strand, ".", `ID=ENST${own};Parent=ENSG${own};${facts}`],
    ["exon", 101, 190, strand, ".", `ID=exon:ENST${own}:1;${part}`],
    ...coding.map(([start, end, phase]): Line => ["CDS", start, end, strand, phase, `ID=CDS:ENST${own};${part}`]),
  ] satisfies Line[];
}

const WHOLE = [[101, 190, "0"]] as const;
const SLIPPING = [
  [101, 145, "0"],
  [145, 189, "0"],
] as const;
const OUT_OF_PHASE = [
  [101, 130, "0"],
  [141, 190, "1"],
] as const;
const IN_PHASE = [
  [141, 190, "0"],
  [101, 130, "1"],
] as const;

async function called(files: { readonly gff: string }, records: readonly string[]) {
  const out = mkdtempSync(join(directory, "pack-"));
  const path = (name: string, content: string) => {
    writeFileSync(join(out, name), content);
    return join(out, name);
  };
  const fasta = path("in.fa", ["X", "Y"].map((name) => `>chr${name}\n${sequence}\n`).join(""));
  const said: string[] = [];
  const given = ["--build", "GRCh38", "--fasta", fasta, "--gff", path("in.gff3", files.gff), "--out", out];
  await makePack(readArguments(given), { today: new Date("2026-11-30"), say: (line) => said.push(line) });
  const outputPath = join(out, "out.vcf");
  const summary = await runEngine({
    inputPath: path(
      "in.vcf",
      `##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n${records.map((record) => `${record}\t.\t.\t.\n`).join("")}`,
    ),
    outputPath,
    logPath: join(out, "log"),
    workDirectory: out,
    fileName: "in.vcf",
    pack: openPack(out),
    build: "GRCh38",
  });
  const lines = readFileSync(outputPath, "latin1").split("\n");
  return {
    said,
    warnings: summary.warnings.map(({ sentence }) => sentence).filter((sentence) => /onsequences were/.test(sentence)),
    info: lines
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => /BCSQ=([^;]*)(?:;GAS_HGVS=(.*))?$/.exec(line)?.slice(1)),
  };
}

const MISSENSE = "chrX\t105\t.\tC\tT";
const value = (gene: string, transcript: string) => `missense|${gene}|${transcript}|protein_coding|+|2A>2V|105C>T`;

describe.skipIf(!hasBcftools)("transcripts for bcftools csq (skipped: bcftools is not installed)", () => {
  it.each([
    ["as X's, with a mark in ID and Parent alone", "00000399012.6_PAR_Y", "00000399012.6"],
    ["with the mark everywhere", "00000399012.6_PAR_Y", "00000399012.6_PAR_Y"],
    ["as releases before 25 did", "R0000399012.6", "R0000399012.6"],
  ])("GENCODE's pseudoautosomal ones are told by the same name on X and Y: %s", async (_, own, told) => {
    const onX = gff("chrX", gencode("00000399012.6", "00000399012.6", WHOLE));
    const onY = gff("chrY", gencode(own, told, WHOLE)).replaceAll(`TOY${own}`, "TOY00000399012.6");
    const { info, warnings, said } = await called({ gff: `##gff-version 3\n${onX}\n${onY}\n` }, [
      MISSENSE,
      MISSENSE.replace("chrX", "chrY"),
    ]);
    expect(warnings).toEqual([]);
    const both = [value("TOY00000399012.6", "ENST00000399012.6"), "ENST00000399012.6:p.(Ala2Val)"];
    expect(info).toEqual([both, both]);
    expect(said.join("\n")).not.toContain("no consequences");
  });

  it("RefSeq's pseudoautosomal ones too, which have one name on both", async () => {
    const refseq = (suffix: string) =>
      [
        ["gene", 101, 190, "+", ".", `ID=gene-TOY${suffix};gene=TOY;gene_biotype=protein_coding`],
        ["mRNA", 101, 190, "+", ".", `ID=rna-NM_9.1${suffix};Parent=gene-TOY${suffix};transcript_id=NM_9.1`],
        ["exon", 101, 190, "+", ".", `ID=exon-NM_9.1${suffix}-1;Parent=rna-NM_9.1${suffix}`],
        ["CDS", 101, 190, "+", "0", `ID=cds-NP_9.1${suffix};Parent=rna-NM_9.1${suffix}`],
      ] satisfies Line[];
    const text = `##gff-version 3\n${gff("NC_000023.11", refseq(""))}\n${gff("NC_000024.10", refseq("-2"))}\n`;
    const { info, warnings } = await called({ gff: text }, [MISSENSE, MISSENSE.replace("chrX", "chrY")]);
    expect(warnings).toEqual([]);
    const both = [value("TOY", "NM_9.1"), "NM_9.1:p.(Ala2Val)"];
    expect(info).toEqual([both, both]);
  });

  it.each([
    ["whose coding parts overlap", SLIPPING, "+"],
    ["whose coding parts are out of phase", OUT_OF_PHASE, "+"],
    ["whose coding parts are out of phase on the other strand", OUT_OF_PHASE, "-"],
  ] as const)("one %s is left out, and the others are called", async (_, coding, strand) => {
    const text = gff("chrX", [...gencode("1.1", "1.1", WHOLE), ...gencode("2.1", "2.1", coding, strand)]);
    const { info, warnings, said } = await called({ gff: `##gff-version 3\n${text}\n` }, [MISSENSE]);
    expect(warnings).toEqual([]);
    expect(info).toEqual([[value("TOY1.1", "ENST1.1"), "ENST1.1:p.(Ala2Val)"]]);
    expect(said.join("\n")).toMatch(
      /1 transcript gets no consequences, for its coding parts overlap or are out of phase \(ribosomal slippage\)\./,
    );
  });

  it.each([
    [
      "forward",
      [
        [141, 190, "0"],
        [101, 130, "0"],
      ],
      "+",
    ],
    ["other", IN_PHASE, "-"],
  ] as const)(
    "one on the %s strand that csq takes is not left out, in whichever order its parts come",
    async (_, coding, strand) => {
      for (const parts of [coding, coding.toReversed()]) {
        const text = gff("chrX", [...gencode("1.1", "1.1", WHOLE), ...gencode("2.1", "2.1", parts, strand)]);
        const { info, warnings, said } = await called({ gff: `##gff-version 3\n${text}\n` }, [MISSENSE]);
        expect(warnings).toEqual([]);
        expect(info[0]?.[0]).toContain("|ENST2.1|");
        expect(said.join("\n")).not.toContain("no consequences");
      }
    },
  );
});
