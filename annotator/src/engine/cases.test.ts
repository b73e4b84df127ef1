import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { JobSummary } from "@elastic-gas/shared/jobs/summary";
import { describe, expect, it } from "vitest";
import { openPack } from "../pack/pack.ts";
import { runEngine } from "./engine.ts";

// Files that annotators commonly get wrong, each with the right answer. `cases/truth.tsv`: well-known variants on both
// builds.

const pack = openPack();
const folder = join(import.meta.dirname, "cases");

interface Outcome {
  readonly summary: JobSummary;
  readonly log: string;
  readonly text: string;
  readonly records: readonly {
    readonly id: string;
    readonly info: Readonly<Record<string, string>>;
    readonly line: string;
  }[];
}

const annotate = (name: string) => annotateFile(join(folder, name), null);

async function annotateText(text: string, build: string): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), "truth-"));
  try {
    const path = join(directory, "in.vcf");
    writeFileSync(path, text);
    return await annotateFile(path, build);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function annotateFile(inputPath: string, build: string | null): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), "case-"));
  try {
    const [outputPath, logPath] = [join(directory, "out"), join(directory, "log")];
    const summary = await runEngine({
      inputPath,
      outputPath,
      logPath,
      workDirectory: directory,
      fileName: basename(inputPath),
      pack,
      build,
    });
    const text = readFileSync(outputPath, "utf8");
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const records = lines.map((line) => {
      const [, , id = "", , , , , info = ""] = line.split("\t");
      const pairs = info.split(";").map((field) => field.split("=", 2) as [string, string]);
      return { id, info: Object.fromEntries(pairs), line };
    });
    return { summary, log: readFileSync(logPath, "utf8"), text, records };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const warningsOf = ({ summary }: Outcome) => summary.warnings.map(({ sentence }) => sentence).join("\n");

describe("the build", () => {
  it("of b1_grch37_no_header_assumed38.vcf is found by the bases that ClinVar's variants have there", async () => {
    const { summary, records } = await annotate("b1_grch37_no_header_assumed38.vcf");
    expect(summary.buildDecision).toMatchObject({ build: "GRCh37", decidedBy: "records", undecided: false });
    expect(records[0]?.info.GAS_GENE).toBe("TP53");
  });

  it.each([
    ["b2_refseq_accessions_in_records.vcf", "GRCh37", "accession"],
    ["b3_gatk_line_b37_reference_assembly38.vcf", "GRCh38", "reference"],
    ["b4_homo_sapiens_assembly19.vcf", "GRCh37", "reference"],
    ["c1_grch37_pathogenic.vcf", "GRCh37", "lengths"],
    ["e1_umlaut_reference.vcf", "GRCh37", "reference"],
  ])("of %s is %s, by its %s", async (name, build, decidedBy) => {
    const { summary } = await annotate(name);
    expect(summary.buildDecision).toEqual({ build, decidedBy, undecided: false, alternatives: [], warning: null });
  });

  it.each(["s1_tra_end_on_chr2.vcf", "w3_chrom_line_spaces.vcf"])(
    "of %s is assumed, which stands at the top",
    async (name) => {
      const outcome = await annotate(name);
      expect(outcome.summary.buildDecision).toMatchObject({
        build: "GRCh38",
        undecided: true,
        alternatives: ["GRCh37", "NCBI36"],
        warning: expect.stringContaining("The genome build is not known"),
      });
      expect(outcome.log).toContain("ATTENTION: The genome build is not known");
      expect(outcome.log).toContain("Build: GRCh38 (assumed)");
    },
  );

  it.each(["b5_plink_contig_lengths.vcf", "b5_cactus_path_lengths.vcf"])(
    "of %s is the only one that is long enough, with a warning about the lengths",
    async (name) => {
      const { summary, records } = await annotate(name);
      expect(summary.buildDecision).toMatchObject({ build: "GRCh38", decidedBy: "lengths", undecided: false });
      expect(summary.buildDecision?.warning).toContain("are those of no build of the pack");
      expect(records[0]?.info.GAS_GENE).toBe("TP53");
    },
  );

  it.each([
    [
      "b6_mouse_mm10_by_text.vcf",
      "The header names mm10 (GRCm38), which is not in the annotation pack: nothing was annotated.",
    ],
    [
      "b6_t2t_by_text.vcf",
      "The header names chm13 (T2T-CHM13), which is not in the annotation pack: nothing was annotated.",
    ],
  ])("of %s is not in the pack, so nothing is annotated", async (name, warning) => {
    const outcome = await annotate(name);
    expect(outcome.summary.buildDecision).toMatchObject({ build: "unknown", undecided: false, warning });
    expect(outcome.records.map(({ info }) => Object.keys(info))).toEqual(outcome.records.map(() => ["."]));
    expect(outcome.log).toContain("In CDS n/a");
  });

  it("is told with both sides where the file contradicts itself", async () => {
    const position = await annotate("b7_header37_position38.vcf");
    expect(position.summary.buildDecision).toMatchObject({
      build: "GRCh37",
      alternatives: ["GRCh38", "NCBI36"],
      warning:
        "Position 198,119,972 lies beyond the end of chromosome 3 in GRCh37 (198,022,430 bases), but not in GRCh38 and NCBI36.",
    });
    const lengths = await annotate("b7_mixed_contig_lengths.vcf");
    expect(lengths.summary.buildDecision).toMatchObject({
      build: "GRCh38",
      alternatives: ["GRCh37"],
      warning: expect.stringContaining(
        "2 are those of GRCh38 (chr2 has 242,193,529 bases), 1 of GRCh37 (chr1 has 249,250,621 bases)",
      ),
    });
  });

  it("is quoted in the file's own letters", async () => {
    const { summary, records, text } = await annotate("e1_umlaut_reference.vcf");
    expect(summary.buildReason).toContain("/data/Müller/hg19.fa");
    expect(text.match(/Müller/g)).toHaveLength(2);
    expect(records[0]?.id).toBe("Télomère1");
    expect(summary.unmatchedContigs).toEqual(["染色体1"]);
  });
});

describe("what is found", () => {
  it("an indel wherever in its repeat it is written, and only that one", async () => {
    const { records } = await annotate("c4_indel_not_left_aligned.vcf");
    expect(records.map(({ info }) => info.GAS_CLINVAR?.split("|")[0])).toEqual([".,7105", "7105", undefined, "7105"]);
    expect(records.map(({ info }) => info.GAS_RS)).toEqual([".,rs113993960", "rs113993960", undefined, "rs113993960"]);
  });

  it("the rs number beside an ID of the file's own, and in the place of an empty one", async () => {
    const { records } = await annotate("c5_own_id_hides_rs.vcf");
    expect(records.map(({ id }) => id)).toEqual(["COSV52661038", "rs28934578", "rs28934578"]);
    expect(records.map(({ info }) => info.GAS_RS)).toEqual(["rs28934578", "rs28934578", "rs28934578"]);
  });

  it("the genes at both ends of a translocation or a breakend, not those between", async () => {
    const translocation = await annotate("s1_tra_end_on_chr2.vcf");
    expect(translocation.records.map(({ info }) => info.GAS_GENE)).toEqual(["TP53", "TP53,FBXO36"]);
    const breakends = await annotate("s3_bnd_mate_gene.vcf");
    expect(breakends.records.map(({ info }) => info.GAS_GENE)).toEqual(["BCR,ABL1", "ABL1,BCR"]);
  });

  it("the stretch of a structural variant as far as its END makes sense, and says where it does not", async () => {
    const record = (alt: string, info: string) => `chr17\t83257000\t.\tN\t${alt}\t.\t.\t${info}\n`;
    const text = (...records: readonly string[]) =>
      `##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n${records.join("")}`;
    const odd = await annotateText(
      text(
        record("<DEL>", "END=83257441"),
        record("<DEL>", "END=-5"),
        record("<DUP>", "END=abc"),
        record("<INV>", "END=83256999"),
        record("<DEL>", "END=99999999999999999999"),
        record("<INS>", "END=83257000"),
        record("<TRA>", "CHR2=chr2;END=5"),
        record("<DEL>", "END=."),
        record("T", "END=7"),
      ),
      "GRCh38",
    );
    expect(warningsOf(odd)).toContain(
      "4 records of structural variants have an END that is no position of the chromosome from POS on: what lies before POS or is no number was not used, and what lies beyond the chromosome was cut at its end. The first is line 4: chr17:83257000, END=-5.",
    );
    const right = await annotateText(
      text(record("<DEL>", "END=83257441"), record("<TRA>", "CHR2=chr2;END=5")),
      "GRCh38",
    );
    expect(warningsOf(right)).not.toContain("END");
  });

  it("nothing in blocks of a gVCF, which tell no variant", async () => {
    const outcome = await annotate("s2_gvcf_block.vcf");
    expect(outcome.records.map(({ info }) => info.GAS_GENE)).toEqual([undefined, undefined, undefined]);
    expect(warningsOf(outcome)).toBe(
      "3 reference blocks (gVCF records without a variant) were passed through unchanged: they tell no variant. The first is line 4.",
    );
  });

  it("nothing in a block of VCF 4.5, which has its length beside the samples, nor in one of a single base", async () => {
    const columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n";
    const records = [
      "chr17\t7668000\t.\tN\t<*>\t.\t.\t.\tGT:LEN\t0/0:19600",
      "chr17\t7675088\t.\tC\t<NON_REF>\t.\t.\tEND=7675088\tGT\t0/0",
      "chr17\t7675088\t.\tC\tT,<*>\t.\t.\t.\tGT\t0/1",
    ];
    const outcome = await annotateText(`##fileformat=VCFv4.5\n${columns}${records.join("\n")}\n`, "GRCh38");
    expect(outcome.records.map(({ info }) => info.GAS_GENE)).toEqual([undefined, undefined, "TP53"]);
    expect(warningsOf(outcome)).toContain("2 reference blocks");
  });

  it("nothing on the mitochondrion of UCSC's hg19, which is another sequence", async () => {
    const outcome = await annotate("m1_ucsc_hg19_chrM_16571.vcf");
    expect(outcome.records.map(({ info }) => info.GAS_GENE)).toEqual([undefined, undefined]);
    expect(warningsOf(outcome)).toMatch(
      /^2 records on chrM were not annotated: chrM of UCSC's hg19 .* The first is line 6\.$/,
    );
  });

  it("on GRCh37 what is certain there; the rest is counted as not looked up", async () => {
    const { records, summary, log } = await annotate("c1_grch37_pathogenic.vcf");
    expect(records.map(({ info }) => info.GAS_CLINVAR?.split("|")[0])).toEqual([undefined, "13961", "17662"]);
    expect(summary).toMatchObject({ clinvarPathogenic: 2, lookedUp: { genes: 3, clinvar: 2 } });
    expect(log).toContain("Records looked up in ClinVar: 2 of 3\n");
  });

  it("the parts of genes whose transcripts begin after the gene, as far as that is proven", async () => {
    const { records } = await annotate("c2_region_gene_of_famous_genes.vcf");
    // F2's last base: CFTR and PAH are proven by ClinVar's variants, F2's transcripts to within 17 bases.
    expect(records.map(({ info }) => info.GAS_REGION)).toEqual(["CDS", "CDS", "GENE"]);
  });

  it("not more than the pack's classes of ClinVar, which log and summary name", async () => {
    const { records, summary, log } = await annotate("c3_clinvar_with_qualifier_missing.vcf");
    expect(records.map(({ info }) => info.GAS_CLINVAR)).toEqual([undefined, undefined]);
    expect(summary.lookedUp?.clinvar).toBe(2);
    expect(summary.clinvarHeld).toContain("not risk factors");
    expect(log).toContain(`ClinVar variants of the pack: ${summary.clinvarHeld}`);
  });
});

describe("well-known variants", () => {
  const rows = readFileSync(join(folder, "truth.tsv"), "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => {
      const [name = "", chrom = "", pos38 = "", pos37 = "", ref = "", alt = "", gene = "", rs = "", region = ""] =
        line.split("\t");
      return { name, chrom, GRCh38: pos38, GRCh37: pos37, ref, alt, gene, rs, region };
    });
  // Not among the pack's classes of ClinVar: drug response, risk factor, benign, or a class with a qualifier.
  const NOT_IN_CLINVAR = new Set([
    "EGFR_L858R",
    "EGFR_T790M",
    "F2_20210",
    "HFE_C282Y",
    "APOE_e4",
    "APOE_e2",
    "SERPINA1_Z",
    "LCT_13910",
  ]);
  // Where the transcripts of the gene begin cannot be proven to the base, or not where it lies on GRCh37.
  const GENE_ONLY = {
    GRCh38: new Set(["F2_20210"]),
    GRCh37: new Set([
      "CFTR_F508del",
      "CFTR_G551D",
      "EGFR_L858R",
      "EGFR_T790M",
      "F2_20210",
      "APOE_e4",
      "APOE_e2",
      "LCT_13910",
    ]),
  };

  describe.each(["GRCh38", "GRCh37"] as const)("on %s", (build) => {
    it.each(rows)("$name", async (row) => {
      const outcome = await annotateText(
        `##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n${row.chrom}\t${row[build]}\t.\t${row.ref}\t${row.alt}\t.\t.\t.\n`,
        build,
      );
      const [record] = outcome.records;
      const genes = record?.info.GAS_GENE?.split(",") ?? ["INTERGENIC"];
      expect(genes).toContain(row.gene);
      const region = record?.info.GAS_REGION?.split(",")[genes.indexOf(row.gene)];
      const isGeneOnly = GENE_ONLY[build].has(row.name);
      if (isGeneOnly) expect(region).toBe("GENE");
      else if (row.region !== "") expect(region).toBe(row.region);
      if (row.rs === "" || NOT_IN_CLINVAR.has(row.name)) return;
      // Where the place on GRCh37 is not certain, ClinVar is not looked up, and that is said.
      const isCertain = build === "GRCh38" || !isGeneOnly;
      expect(record?.id).toBe(isCertain ? row.rs : ".");
      expect(outcome.summary.lookedUp?.clinvar).toBe(isCertain ? 1 : 0);
      expect(outcome.log).toContain(`Records in ClinVar (likely pathogenic): ${isCertain ? "1" : "n/a"}\n`);
    });
  });
});

describe("the file comes out as it was", () => {
  it("with own keys once, declared or not", async () => {
    const { records, text } = await annotate("i1_own_keys_undeclared.vcf");
    expect(records[0]?.line.match(/GAS_GENE=/g)).toHaveLength(1);
    expect(records[0]?.info.GAS_GENE).toBe("TP53");
    expect(text.match(/##INFO=<ID=GAS_GENE,/g)).toHaveLength(1);
  });

  it("with every header line, byte for byte", async () => {
    for (const name of ["i2_header_line_lost.vcf", "l1_one_crlf_meta_line.vcf", "w4_second_header.vcf"]) {
      const { text } = await annotate(name);
      const before = readFileSync(join(folder, name), "utf8").split("\n");
      const after = text.split("\n");
      const header = before.slice(0, before.findIndex((line) => line.startsWith("#CHROM")) + 1);
      expect(after.filter((line) => header.includes(line)).slice(0, header.length), name).toEqual(header);
    }
  });
});

describe("a warning names number, line and reason", () => {
  it.each([
    [
      "w1_unreadable_records_without_line.vcf",
      "1 record could not be parsed and was passed through unchanged; it is line 5: it has 1 column, 8 are needed. Spaces instead of tabs?",
    ],
    [
      "w2_ref_TRUE.vcf",
      "1 record has a REF or ALT that is not a sequence of bases and was annotated by position alone. It is line 4: TRUE (a spreadsheet writes TRUE for T).",
    ],
    [
      "w3_chrom_line_spaces.vcf",
      "Line 2: the columns of the #CHROM line are separated by blanks instead of tabs. It was passed through unchanged, and other tools will refuse the file there.",
    ],
    [
      "w4_second_header.vcf",
      "A second header begins at line 5 (files put together?): its 3 lines were passed through unchanged, and other tools will refuse the file there.",
    ],
  ])("%s", async (name, sentence) => {
    const outcome = await annotate(name);
    expect(warningsOf(outcome)).toBe(sentence);
    expect(outcome.log).toContain(`  ${sentence}\n`);
  });
});

it.each([
  ["cr_only.vcf", /old Mac line endings.*tr '\\r' '\\n'/],
  ["csv_excel.vcf", /separated by commas.*tabs/],
  ["gzgz.vcf.gz", /compressed twice.*gunzip/],
  ["tbi.vcf.gz.tbi", /an index.*Upload the \.vcf\.gz/],
  ["x.tar.gz", /tar archive.*tar -xf/],
])("%s is refused by what it is, with what to do", async (name, sentence) => {
  await expect(annotate(name)).rejects.toThrow(sentence);
});
