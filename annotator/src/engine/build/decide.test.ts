import { describe, expect, it } from "vitest";
import { openPack } from "../../pack/pack.ts";
import { type Header, HeaderReader } from "../../vcf/header.ts";
import { chosenBuild, type Decision, decideBuild, type Question } from "./decide.ts";
import { readHeaderEvidence } from "./header-evidence.ts";
import type { Fit, RecordEvidence } from "./record-evidence.ts";

const { builds } = openPack();
const NO_FIT: Fit = { rsHere: 0, rsElsewhere: 0, refEqual: 0, refOther: 0, example: null };

function header(...lines: readonly string[]): Header {
  const reader = new HeaderReader();
  for (const line of ["##fileformat=VCFv4.2", ...lines]) reader.take(line);
  const read = reader.take("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO");
  if (read === undefined) throw new Error("no header");
  return read;
}

function records(
  largest: Readonly<Record<string, number>> = { "1": 1_000_000 },
  fits: Readonly<Record<string, Partial<Fit>>> = {},
): RecordEvidence {
  return {
    records: 1,
    largest: new Map(Object.entries(largest)),
    accessions: [],
    foreign: null,
    fits: new Map(Object.entries(fits).map(([build, fit]) => [build, { ...NO_FIT, example: "an example", ...fit }])),
  };
}

function question(lines: readonly string[], seen: RecordEvidence = records()): Question {
  return { header: readHeaderEvidence(header(...lines), builds), records: seen, builds, preferred: "GRCh38" };
}

const decide = (lines: readonly string[], seen?: RecordEvidence): Decision => decideBuild(question(lines, seen));

const length = (build: string, chromosome: string): number =>
  builds.find(({ name }) => name === build)?.lengths.get(chromosome) ?? 0;

// Species and builds, by the names that reference files have, crossed with the places where a header has them.
const NAMES: readonly (readonly [string, readonly string[]])[] = [
  [
    "GRCh38",
    [
      "GRCh38",
      "GRCh38.p13",
      "hg-38",
      "GRC38",
      "NCBI_build_38",
      "hg38",
      "hg38_noalt",
      "hs38DH",
      "hs38d1",
      "Homo_sapiens_assembly38",
      "resources_broad_hg38_v0_Homo_sapiens_assembly38",
      "b38",
      "GCA_000001405.15_GRCh38_no_alt_analysis_set",
      "GCF_000001405.40",
    ],
  ],
  [
    "GRCh37",
    [
      "GRCh37",
      "GRCh37-lite",
      "hg_19",
      "GRCh_37",
      "ncbi37",
      "human_v37",
      "1kg_v37",
      "hg19",
      "ucsc.hg19",
      "hs37d5",
      "human_g1k_v37_decoy",
      "HumanG1Kv37",
      "b37",
      "Homo_sapiens_assembly19",
      "GCF_000001405.25",
    ],
  ],
  ["NCBI36", ["NCBI36", "hg18", "human_b36_both", "GRCh36", "NCBI_Build36.3", "Homo_sapiens_assembly18", "b36"]],
  [
    "unknown",
    [
      "mm10",
      "mm39",
      "mm9",
      "GRCm38",
      "Mus_musculus.GRCm39.dna",
      "rn6",
      "Rnor_6.0",
      "mRatBN7.2",
      "danRer11",
      "GRCz11",
      "dm6",
      "BDGP6",
      "ce11",
      "WBcel235",
      "sacCer3",
      "canFam3",
      "bosTau9",
      "ARS-UCD1.2",
      "susScr11",
      "galGal6",
      "panTro6",
      "rheMac10",
      "TAIR10",
      "chm13v2.0",
      "T2T-CHM13v2.0",
      "hs1",
      "hg17",
      "NC_045512.2",
      "hg16",
      "NCBI35",
      "GRCr8",
      "GRCg6a",
      "ARS-UCD2.0",
      "UU_Cfam_GSD_1.0",
      "Oar_rambouillet_v1.0",
      "gorGor6",
      "oryCun2",
      "Ssal_v3.1",
      "AgamP4",
      "Araport11",
      "Zm-B73-REFERENCE-NAM-5.0",
      "Triticum_aestivum",
      "H37Rv",
      "MG1655",
      "TGME49",
      "MN908947.3",
    ],
  ],
];
const PLACES: readonly (readonly [string, (name: string) => string])[] = [
  ["a reference file", (name) => `##reference=file:///data/ref/${name}.fa`],
  ["a compressed reference", (name) => `##reference=${name}.fasta.gz`],
  ["a Windows path", (name) => `##reference=C:\\data\\${name}.fa`],
  ["an assembly", (name) => `##assembly=${name}`],
  ["an assembly of a contig", (name) => `##contig=<ID=chr1,assembly=${name}>`],
  ["a quoted assembly of a contig", (name) => `##contig=<ID=1,length=10,assembly="${name}",md5=0>`],
  ["a command line", (name) => `##GATKCommandLine=<ID=HaplotypeCaller,CommandLine="-R /ref/${name}.fasta -O out">`],
  ["a bcftools command", (name) => `##bcftools_callCommand=mpileup -f ${name}.fa in.bam; Date=x`],
];

describe.each(PLACES)("%s", (_, line) => {
  it.each(NAMES.flatMap(([build, names]) => names.map((name) => [name, build])))(
    "with %s tells %s",
    (name = "", build) => {
      expect(decide([line(name)])).toMatchObject({ build, undecided: false });
      // A place of higher rank is not overruled by what a command line names.
      expect(decide(["##reference=GRCh37.fa", `##tool=${name}`]).build).toBe("GRCh37");
    },
  );
});

describe("lengths of contigs", () => {
  const contigs = (build: string, names: readonly string[], prefix = "") =>
    names.map((name) => `##contig=<ID=${prefix}${name},length=${length(build, name)}>`);

  it.each(["GRCh38", "GRCh37", "NCBI36"])("of %s tell it, by any chromosome and naming", (build) => {
    for (const name of ["1", "7", "22", "X", "Y"]) {
      expect(decide(contigs(build, [name])), name).toMatchObject({ build, decidedBy: "lengths", warning: null });
      expect(decide(contigs(build, [name], "chr")).build, name).toBe(build);
    }
  });

  it.each([
    ["T2T-CHM13", "##contig=<ID=chr9,length=150617247>"],
    ["T2T-CHM13", "##contig=<ID=chr1,length=248387328>"],
    ["GRCm38", "##contig=<ID=chr1,length=195471971>"],
    ["a genome", "##contig=<ID=chr1,length=300000000>"],
  ])("name %s, which is not in the pack", (word, line) => {
    const decision = decide([line]);
    expect(decision).toMatchObject({ build: "unknown", decidedBy: "lengths" });
    expect(decision.warning).toContain(`The file is on ${word}`);
  });

  it("that no build has, but could have, prove nothing", () => {
    expect(decide(["##contig=<ID=1,length=1000000>"])).toMatchObject({ build: "GRCh38", undecided: true });
    expect(decide(["##contig=<ID=1,length=1000000>", "##source=on hg19"])).toMatchObject({
      build: "GRCh37",
      decidedBy: "header text",
    });
    expect(decide(["##contig=<ID=MT,length=16569>"]).undecided).toBe(true);
  });

  it("that several chromosomes share, or that are the largest number there is, are no lengths", () => {
    const all = (size: number) => ["1", "chr2", "X"].map((name) => `##contig=<ID=${name},length=${size}>`);
    for (const size of [2_147_483_647, 536_870_912, length("GRCh37", "1")])
      expect(decide(all(size)), String(size)).toMatchObject({ build: "GRCh38", undecided: true });
    expect(decide(["##contig=<ID=1,length=2147483647>"]).undecided).toBe(true);
    // One that is declared twice is still one.
    const twice = ["1", "chr1"].map((name) => `##contig=<ID=${name},length=${length("GRCh37", "1")}>`);
    expect(decide(twice)).toMatchObject({ build: "GRCh37", decidedBy: "lengths" });
  });

  it("rank below what the header states and above what it mentions; both sides are told", () => {
    const stated = decide(["##reference=hg19.fa", ...contigs("GRCh38", ["1", "2"])]);
    expect(stated).toMatchObject({ build: "GRCh37", decidedBy: "reference", alternatives: ["GRCh38"] });
    expect(stated.warning).toBe(
      'The file contradicts itself: the header has "##reference=hg19.fa" (GRCh37), but the contig lengths in the header are those of GRCh38 (2 of 2). GRCh37 was taken.',
    );
    expect(decide([...contigs("GRCh38", ["1"]), "##cmd=known.b37.vcf"])).toMatchObject({
      build: "GRCh38",
      warning: null,
    });
  });

  it("decide where the header states two builds", () => {
    const lines = [
      "##reference=hg38.fa",
      ...contigs("GRCh37", ["1"]).map((line) => line.replace(">", ",assembly=b37>")),
    ];
    expect(decide(lines)).toMatchObject({ build: "GRCh37", decidedBy: "lengths", alternatives: ["GRCh38"] });
    expect(decide(lines).warning).toContain('"##reference=hg38.fa" (GRCh38)');
  });

  it("that are mixed half and half leave the build open", () => {
    const decision = decide([...contigs("GRCh38", ["17"]), ...contigs("GRCh37", ["1"])]);
    expect(decision).toMatchObject({ undecided: true, alternatives: ["GRCh37"] });
    expect(decision.warning).toContain("the file contradicts itself");
  });
});

describe("accessions", () => {
  it.each([
    ["NC_000001.11", "GRCh38"],
    ["NC_000001.10", "GRCh37"],
    ["NC_000001.9", "NCBI36"],
    ["CM000663.2", "GRCh38"],
    ["NC_060925.1", "unknown"],
    ["NC_000067.7", "unknown"],
    ["CM000679.1", "GRCh37"],
    ["gi|224589808|ref|NC_000017.10|", "GRCh37"],
    ["GRCh38#0#chr17", "GRCh38"],
  ])("of contigs: %s is %s", (name, build) => {
    expect(decide([`##contig=<ID=${name}>`])).toMatchObject({ build, decidedBy: "accession" });
  });

  it("and names of chromosomes that no human has name another genome", () => {
    expect(decide(["##contig=<ID=chrIV,length=1531933>"]).warning).toBe(
      "The file names chrIV of another genome, which is not in the annotation pack: nothing was annotated.",
    );
    expect(decide(["##contig=<ID=NC_060925.1>"]).warning).toContain("The file names NC_060925.1 of T2T-CHM13, which");
    // As a spike-in beside human chromosomes it decides nothing.
    const spiked = ["##contig=<ID=chrIV>", `##contig=<ID=chr1,length=${length("GRCh38", "1")}>`, "##reference=hg38.fa"];
    expect(decide(spiked)).toMatchObject({ build: "GRCh38", decidedBy: "lengths" });
  });

  it("beside the names of contigs count as well", () => {
    expect(decide(['##contig=<ID=1,accession="CM000663.1">'])).toMatchObject({
      build: "GRCh37",
      decidedBy: "accession",
    });
    expect(decide(['##contig=<ID=chr1,length=5,Description="NC_000001.11">'])).toMatchObject({ build: "GRCh38" });
    expect(decide(['##contig=<ID=chr1,Description="CM000994.2">'])).toMatchObject({ build: "unknown" });
    expect(decide(['##contig=<ID=chr1,Description="as in CM000663.1, but shorter">']).undecided).toBe(true);
  });

  it("of records rank as high", () => {
    const accessions = [
      { genome: "GRCh37", word: "NC_000017.10", where: "records are on NC_000017.10", by: "accession" },
    ] as const;
    expect(decide(["##cmd=hg38"], { ...records({ "17": 5 }), accessions })).toMatchObject({ build: "GRCh37" });
    expect(decide(["##reference=hg38"], { ...records({ "17": 5 }), accessions })).toMatchObject({ undecided: true });
  });
});

describe("the records", () => {
  it("tell the only build whose chromosomes are long enough", () => {
    // Chromosome 1: 248,956,422 in GRCh38, 249,250,621 in GRCh37, 247,249,719 in NCBI36.
    const decision = decide([], records({ "1": 249_200_000 }));
    expect(decision).toMatchObject({ build: "GRCh37", decidedBy: "records", undecided: false, warning: null });
    expect(decision.reason).toContain("GRCh38 (position 249,200,000 lies beyond the end of its chromosome 1)");
  });

  it("leave it open when several fit, which is told", () => {
    expect(decide([])).toMatchObject({ build: "GRCh38", undecided: true, alternatives: ["GRCh37", "NCBI36"] });
    expect(decide([]).warning).toContain("nothing in the file tells GRCh38, GRCh37 and NCBI36 apart");
  });

  it("tell it by rs numbers and by REF", () => {
    expect(decide([], records({ "1": 5 }, { GRCh38: { rsHere: 2 } }))).toMatchObject({
      build: "GRCh38",
      undecided: false,
    });
    expect(decide([], records({ "1": 5 }, { GRCh38: { refEqual: 6 } }))).toMatchObject({
      build: "GRCh38",
      undecided: false,
    });
    expect(decide([], records({ "1": 5 }, { GRCh38: { refEqual: 5 } })).undecided).toBe(true);
    const other = decide(
      [],
      records({ "1": 248_000_000 }, { GRCh38: { rsElsewhere: 2, example: "rs1 is elsewhere" } }),
    );
    expect(other).toMatchObject({ build: "GRCh37", undecided: false });
    expect(other.reason).toContain("GRCh38 (rs1 is elsewhere)");
  });

  it("are told when they do not fit the build of the header, or the chosen one", () => {
    const misfit = records({ "1": 5 }, { GRCh38: { refEqual: 2, refOther: 8, example: "REF at 1:5 is A" } });
    const warning = "The records do not fit GRCh38 (2 of 10 known bases of REF agree; REF at 1:5 is A).";
    expect(decide(["##reference=hg38"], misfit).warning).toBe(`${warning} GRCh38 was taken.`);
    expect(chosenBuild("GRCh38", question([], misfit)).warning).toContain(warning);
  });

  it("do not matter when all are on the mitochondrion", () => {
    expect(decide([], records({ MT: 16_000 }))).toMatchObject({
      build: "GRCh38",
      decidedBy: "mitochondrion",
      warning: null,
    });
  });

  it("are doubted when no build holds them", () => {
    expect(decide([], records({ "1": 400_000_000, "2": 1 })).warning).toContain("is this human data?");
  });
});

it("follows the user's choice and warns when the file says otherwise", () => {
  expect(chosenBuild("GRCh37", question(["##reference=hg19"]))).toMatchObject({ build: "GRCh37", warning: null });
  expect(chosenBuild("GRCh37", question([]))).toMatchObject({ undecided: false, warning: null });
  expect(chosenBuild("GRCh37", question(["##contig=<ID=1,length=248956422>"]))).toMatchObject({
    build: "GRCh37",
    alternatives: ["GRCh38"],
    warning: expect.stringContaining("those of GRCh38"),
  });
});

it.each([
  '##INFO=<ID=hg19_pos,Number=1,Type=Integer,Description="position in hg19">',
  '##INFO=<ID=AA,Number=1,Type=String,Description="ancestral allele, from Pan troglodytes">',
  '##FILTER=<ID=LIFT,Description="lifted from GRCh37">',
  "##originalFile=/data/panel.hg19.vcf",
  "##liftOverChainFile=/data/hg19ToHg38.over.chain.gz",
  "##dbSNP_build=37",
  "##dbSNP_BUILD_ID=138",
  "##SAMPLE=<ID=HS1>",
  "##bcftoolsCommand=mpileup -f human.fa RN6.bam T2T.cram",
])("is not led astray by a line about something else: %s", (line) => {
  expect(decide([line])).toMatchObject({ build: "GRCh38", undecided: true });
  expect(decide(["##reference=GRCh37.fa", line])).toMatchObject({ build: "GRCh37", warning: null });
});

it("annotates nothing where several genomes are named and the pack has none of them", () => {
  expect(decide(["##reference=mm10.fa", "##assembly=rn6"])).toMatchObject({ build: "unknown", undecided: false });
  expect(decide(["##reference=mm10.fa", "##assembly=hg19"]).warning).toContain('"##reference=mm10.fa" (GRCm38)');
});

it.each([
  ["##targetRefGenome=/data/hg38.fa", "GRCh38"],
  ["##genome-build=GRCh37.p13", "GRCh37"],
  ["##human_reference=hg18", "NCBI36"],
  ["##reference=37", "GRCh37"],
  ['##contig=<ID=1,assembly="38">', "GRCh38"],
  ['##contig=<ID=1,species="Bos indicus">', "unknown"],
  ["##reference=file:///ref/Ciona_intestinalis.KH.dna.toplevel.fa", "unknown"],
  ["##reference=Mycobacterium_tuberculosis_H37Rv.fasta", "unknown"],
])("reads %s: %s", (line, build) => {
  expect(decide([line])).toMatchObject({ build, undecided: false });
});

it("is not led astray by words that only look like a build", () => {
  expect(decide(["##reference=lib37x/sub3819.fa"]).undecided).toBe(true);
  expect(decide(["##reference=/home/tmm10x/dmelo/genome.fa"]).undecided).toBe(true);
  expect(decide(["##reference=/data/graphs38/genome.fa"]).undecided).toBe(true);
  expect(decide(["##reference=hg19_to_hg38.chain"]).undecided).toBe(true);
});

it("reads a header in time that grows with its lines", () => {
  const time = (contigs: number) => {
    const lines = Array.from(
      { length: contigs },
      (_, index) => `##contig=<ID=scaffold_${index},length=${index + 1},assembly=x>`,
    );
    const from = process.cpuUsage();
    decide(lines);
    const { user, system } = process.cpuUsage(from);
    return (user + system) / 1_000;
  };
  time(10_000); // warms the compiler up
  expect(time(100_000)).toBeLessThan(40 * Math.max(10, time(10_000)));
});
