import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REGIONS } from "../gene-regions.ts";
import { PackManifest } from "../manifest.ts";
import { type BuildData, openPack, type Pack } from "../pack.ts";
import { readArguments } from "./arguments.ts";
import { makePack } from "./make-pack.ts";

// Small files in the formats of NCBI, gnomAD, Ensembl and UCSC, with their header lines, on the first 500 bases of an
// invented chromosome 9.

const CASES = join(import.meta.dirname, "cases");
const FILES = {
  clinvar: "clinvar.vcf",
  dbsnp: "GCF_000001405.40.vcf",
  frequencies: "gnomad.genomes.v4.1.sites.chr9.vcf",
  gff: "GCF_000001405.40_GRCh38.p14_genomic.gff",
  fasta: "GRCh38_latest_genomic.fna",
  chain: "hg18ToHg38.over.chain",
} as const;
type Kind = keyof typeof FILES;

const directory = mkdtempSync(join(tmpdir(), "packs-"));
afterAll(() => rmSync(directory, { recursive: true }));
let made = 0;

async function make(...args: readonly string[]): Promise<{ pack: Pack; out: string; said: string[] }> {
  made += 1;
  const out = args.includes("--out") ? (args.at(-1) ?? "") : join(directory, `pack${made}`);
  const said: string[] = [];
  const given = args.includes("--out") ? args : [...args, "--out", out];
  await makePack(readArguments(given), { today: new Date("2026-11-29"), say: (line) => said.push(line) });
  return { pack: openPack(out), out, said };
}

const text = (kind: Kind) => readFileSync(join(CASES, FILES[kind]), "utf8");

function file(content: string | Uint8Array, name = "source"): string {
  made += 1;
  const path = join(directory, `${made}-${name}`);
  writeFileSync(path, content);
  return path;
}

const chromosome = (build: BuildData | undefined, name = "9") => {
  const found = build?.chromosome(name);
  if (found === undefined) throw new Error("no such chromosome");
  return found;
};

describe("a pack of all kinds of files", () => {
  let pack: Pack;
  let out: string;
  let said: string[];
  beforeAll(async () => {
    const sources = (Object.keys(FILES) as Kind[]).flatMap((kind) => [`--${kind}`, join(CASES, FILES[kind])]);
    const beds = [`miRNA=${join(CASES, "hsa-mirna.bed")}`, `segDup=${join(CASES, "segmental-duplications.bed")}`];
    ({ pack, out, said } = await make("--build", "GRCh38", ...sources, ...beds.flatMap((bed) => ["--bed", bed])));
  });

  it("holds every class of ClinVar with its review status, and only what is on chromosomes", () => {
    const { clinvar } = chromosome(pack.build("GRCh38"));
    expect(clinvar?.find(135, "C", "T")).toEqual({
      variationId: "1002",
      rs: "9002",
      significance: "Pathogenic/Likely_pathogenic|risk_factor",
      review: "criteria_provided,_multiple_submitters,_no_conflicts",
      conditions: ["Toy syndrome, type 1", "Another condition"],
    });
    expect(clinvar?.find(105, "T", "C")).toMatchObject({ significance: "Benign", conditions: [] });
    expect(clinvar?.findIndel(350, "A", true)).toMatchObject({ variationId: "1005", significance: "Likely_benign" });
    expect(clinvar?.find(135, "C", "G")).toBeUndefined();
    expect([clinvar?.has(134), clinvar?.has(135)]).toEqual([false, true]);
    expect(clinvar?.stretch(110)).toEqual({ from: 106, to: 134 });
    expect(clinvar?.stretch(135)).toEqual({ from: 135, to: 135 });
    expect(clinvar?.stretch(50).to).toBe(104);
    expect(clinvar?.stretch(9_000).from).toBe(351);
    expect(said).toContainEqual(expect.stringContaining("1 records on other contigs than chromosomes were left out."));
  });

  it("holds dbSNP's numbers and gnomAD's frequencies allele by allele, but no site that failed gnomAD's filters", () => {
    const { rs, frequencies } = chromosome(pack.build("GRCh38"));
    expect(rs?.find({ pos: 135, ref: "C", alt: "A" })).toEqual(["9002"]);
    expect(rs?.find({ pos: 350, ref: "CAA", alt: "C" })).toEqual(["9005"]);
    expect(rs?.find({ pos: 350, ref: "CA", alt: "C" })).toEqual(["9005"]);
    expect(frequencies?.find({ pos: 105, ref: "T", alt: "C" })).toEqual(["0.31", "afr:0.5|nfe:0.25"]);
    expect(frequencies?.find({ pos: 60, ref: "C", alt: "T" })).toEqual(["1.97368e-05", "nfe:2.94e-05"]);
    expect(frequencies?.find({ pos: 137, ref: "G", alt: "A" })).toBeUndefined();
  });

  it("tells the parts of every gene of the GFF3", () => {
    const { genes } = chromosome(pack.build("GRCh38"));
    const at = (pos: number) =>
      genes?.overlapping(pos, pos).map((index) => `${genes.symbols[index]} ${REGIONS[genes.region(index, pos, pos)]}`);
    expect([101, 130, 131, 160, 161, 220, 221, 280, 281, 320].map((pos) => at(pos)?.join())).toEqual(
      ["UTR5", "UTR5", "CDS", "CDS", "INTRON", "INTRON", "CDS", "CDS", "UTR3", "UTR3"].map(
        (region) => `TOY1 ${region}`,
      ),
    );
    expect([100, 321, 400, 451].map(at)).toEqual([[], [], [], []]);
    expect(at(425)).toEqual(["TOY1-AS1 EXON"]);
  });

  it("reads bases of the FASTA, and names what the tracks have at a place", () => {
    const { sequence, intervals } = chromosome(pack.build("GRCh38"));
    expect(sequence?.bases(129, 8)).toBe(`${sequence?.bases(129, 2)}ATGGCA`);
    expect(sequence?.bases(349, 13)).toBe("GCAAAAAAAAAAT");
    expect([0, 501].map((pos) => sequence?.base(pos))).toEqual([undefined, undefined]);
    expect([40, 41, 55, 77, 120, 130, 131].map((pos) => intervals?.names(pos, pos).join())).toEqual([
      "",
      "segDup",
      "miRNA:hsa-mir-90002,segDup",
      "segDup",
      "segDup",
      "segDup",
      "",
    ]);
    expect(intervals?.names(1, 500)).toEqual(["segDup", "miRNA:hsa-mir-90002", "miRNA:hsa-mir-90001"]);
    expect(intervals?.stretch(60)).toEqual({ from: 55, to: 76 });
    expect(intervals?.stretch(200)).toEqual({ from: 131, to: 414 });
    expect(intervals?.stretch(20)).toMatchObject({ from: 1, to: 40 });
  });

  it("leads from the chain's build to its own, on both strands", () => {
    const { lift } = chromosome(pack.build("NCBI36"));
    expect(pack.build("NCBI36")?.liftTo?.name).toBe("GRCh38");
    expect(lift?.place(1_105, 1_105)).toEqual({ contig: "9", from: 105, to: 105, isReverse: false });
    expect(lift?.place(1_199, 1_200)).toEqual({ contig: "9", from: 199, to: 200, isReverse: false });
    expect(lift?.place(1_211, 1_211)).toMatchObject({ from: 211 });
    expect(lift?.place(2_001, 2_001)).toEqual({ contig: "9", from: 500, to: 500, isReverse: true });
    expect(lift?.place(2_149, 2_150)).toMatchObject({ from: 351, to: 352, isReverse: true });
    // Into a gap, before all, after all, and to a contig that is no chromosome.
    for (const [from, to] of [
      [1_200, 1_201],
      [999, 1_001],
      [2_151, 2_151],
      [3_010, 3_010],
    ] as const)
      expect(lift?.place(from, to)).toBeNull();
    expect(pack.builds.find(({ name }) => name === "NCBI36")?.lengths.get("9")).toBe(140_273_252);
  });

  it("cites each source with its release and date, and names its files with their hashes", () => {
    const cited = pack.build("GRCh38")?.sources.map(({ name, release, date }) => [name, release, date].join("; "));
    expect(cited).toEqual([
      "ClinVar; 2026-11-20; 2026-11-20",
      "dbSNP; build 157; 2026-08-04",
      "gnomAD; v4.1 genomes; ",
      "RefSeq genes and transcripts; GCF_000001405.40-RS_2026_08; 2026-08-23",
      "Reference sequence; GRCh38_latest_genomic; ",
      "miRNA; miRBase 22.1; ",
      "segDup; ; ",
      "Cytobands; GRCh38; ",
    ]);
    const manifest = PackManifest.parse(JSON.parse(readFileSync(join(out, "pack.json"), "utf8")));
    expect(Object.keys(manifest.files)).toHaveLength(13);
    expect(manifest.sources[0]?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it("says of chromosomes that no source has that nothing can be looked up there", () => {
    const other = chromosome(pack.build("GRCh38"), "1");
    expect(other).toMatchObject({
      genes: null,
      clinvar: null,
      rs: null,
      frequencies: null,
      intervals: null,
      sequence: null,
    });
    expect(other.bands).not.toBeNull();
  });
});

describe("a pack of some files", () => {
  it("has the rest from the product's pack, and keeps the builds that its folder has", async () => {
    const { pack, out } = await make("--build", "GRCh38", "--clinvar", join(CASES, FILES.clinvar));
    expect(chromosome(pack.build("GRCh38"), "17").genes?.symbols).toContain("TP53");
    expect(chromosome(pack.build("GRCh38"), "17").clinvar).toBeNull();
    expect(chromosome(pack.build("GRCh37"), "17").clinvar).not.toBeNull();
    expect(pack.build("GRCh38")?.sources.map(({ name }) => name)).toEqual([
      "ClinVar",
      "Ensembl transcripts",
      "Ensembl genes",
      "Cytobands",
    ]);

    const clinvar37 = file(text("clinvar").replace("##reference=GRCh38", "##reference=GRCh37"));
    const both = await make("--build", "hg19", "--clinvar", clinvar37, "--out", out);
    for (const build of ["GRCh38", "GRCh37"])
      expect(chromosome(both.pack.build(build)).clinvar?.find(135, "C", "T")?.variationId).toBe("1002");
    expect(both.pack.build("GRCh37")?.sources.filter(({ name }) => name === "ClinVar")).toHaveLength(1);
  });

  it("takes gzip, several members, and carriage returns", async () => {
    const [head = "", ...rest] = text("clinvar").split(/(?=#CHROM)/);
    const packed = file(Buffer.concat([gzipSync(head), gzipSync(rest.join(""))]), "clinvar.vcf.gz");
    const crlf = file(text("dbsnp").replaceAll("\n", "\r\n"));
    const gff = file(text("gff").replaceAll("\n", "\r\n"));
    const { pack } = await make("--build", "GRCh38", "--clinvar", packed, "--dbsnp", crlf, "--gff", gff);
    const { clinvar, rs, genes } = chromosome(pack.build("GRCh38"));
    expect(clinvar?.find(137, "G", "A")?.significance).toBe("Uncertain_significance");
    expect(rs?.find({ pos: 60, ref: "C", alt: "T" })).toEqual(["8001"]);
    expect(genes?.symbols).toEqual(["TOY1", "TOY1-AS1"]);
  });

  it.each([
    [
      "Homo_sapiens.GRCh38.115.gff3",
      { name: "Ensembl genes and transcripts", from: "Ensembl", release: "115", date: "2026-03" },
    ],
    [
      "gencode.v49.annotation.gff3",
      { name: "GENCODE genes and transcripts", from: "GENCODE", release: "49", date: "2026-03-21" },
    ],
  ])("makes the same of %s as of RefSeq's GFF3, but for the names", async (name, citation) => {
    const other = await make("--build", "GRCh38", "--gff", join(CASES, name));
    const refseq = await make("--build", "GRCh38", "--gff", join(CASES, FILES.gff));
    const read = (out: string) =>
      readFileSync(join(out, "grch38-transcripts.gff3"), "utf8")
        .replaceAll(/NM_900001\.1|ENST00000900001\.2/g, "T1")
        .replaceAll(/NR_900002\.1|ENST00000900002\.1/g, "T2")
        .replaceAll(/gene_id=[\w.]+/g, "");
    expect(read(other.out)).toBe(read(refseq.out));
    expect(other.pack.build("GRCh38")?.sources[0]).toMatchObject(citation);
    const { genes } = chromosome(other.pack.build("GRCh38"));
    expect(genes?.symbols).toEqual(["TOY1", "TOY1-AS1"]);
  });

  it.each([
    [/^#!annotation-source.*\n/m, "RefSeq genes and transcripts", "NCBI"],
    [/^#!.*\n/gm, "Genes and transcripts of ", ""],
  ])("cites a GFF3 without its lines %s as %s", async (lines, name, from) => {
    const path = file(text("gff").replace(lines, ""));
    const { pack } = await make("--build", "GRCh38", "--gff", path);
    const source = pack.build("GRCh38")?.sources[0];
    expect(source).toMatchObject({ name: expect.stringContaining(name), from });
  });

  it("finds every row again when the rows fill many blocks", async () => {
    const rows = Array.from(
      { length: 20_000 },
      (_, index) => `9\t${10 + index * 7}\trs${index + 1}\tA\tG\t.\t.\tRS=${index + 1}\n`,
    );
    const { pack, said } = await make(
      "--build",
      "GRCh38",
      "--dbsnp",
      file(`${text("dbsnp").split("NC_")[0]}${rows.join("")}`),
    );
    const { rs } = chromosome(pack.build("GRCh38"));
    for (let index = 0; index < rows.length; index += 1) {
      expect(rs?.find({ pos: 10 + index * 7, ref: "A", alt: "G" })).toEqual([String(index + 1)]);
      expect(rs?.find({ pos: 11 + index * 7, ref: "A", alt: "G" })).toBeUndefined();
    }
    expect(said[0]).toContain("20,000 alleles");
  });

  it("sorts alleles whose minimal form begins later than their record", async () => {
    const site = (pos: number, ref: string, alt: string) => `9\t${pos}\trs${pos}\t${ref}\t${alt}\t.\t.\tRS=${pos}\n`;
    const text_ = `${text("dbsnp").split("NC_")[0]}${site(100, "AAAAAC", "AAAAAG,A")}${site(102, "A", "C")}${site(104, "A", "T")}`;
    const { pack } = await make("--build", "GRCh38", "--dbsnp", file(text_));
    const { rs } = chromosome(pack.build("GRCh38"));
    expect(rs?.find({ pos: 105, ref: "C", alt: "G" })).toEqual(["100"]);
    expect(rs?.find({ pos: 104, ref: "A", alt: "T" })).toEqual(["104"]);
    expect(rs?.find({ pos: 100, ref: "AAAAAC", alt: "A" })).toEqual(["100"]);
  });
});

describe("a source that cannot be used is refused with file, line, reason and what to do", () => {
  const lines = (kind: Kind) => text(kind).split("\n");
  const swapped = (kind: Kind, a: number, b: number) => {
    const all = lines(kind);
    [all[a], all[b]] = [all[b] ?? "", all[a] ?? ""];
    return all.join("\n");
  };
  const cut = (kind: Kind) => gzipSync(text(kind)).subarray(0, -20);

  it.each<[string, Kind, string | Uint8Array, string]>([
    [
      "unsorted",
      "clinvar",
      swapped("clinvar", 14, 15),
      "line 16: position 105 comes after 135: the file is not sorted. Sort it: bcftools sort",
    ],
    [
      "contigs in pieces",
      "dbsnp",
      text("dbsnp").replace("NC_000009.12\t135", "NC_000001.11\t135"),
      "line 16: records on NC_000009.12 come back after others.",
    ],
    [
      "another build by its contigs",
      "dbsnp",
      text("dbsnp").replaceAll("NC_000009.12", "NC_000009.11"),
      'line 13: "NC_000009.11" belongs to GRCh37, and the pack is for GRCh38. Take the file for GRCh38, or make the pack with --build GRCh37.',
    ],
    [
      "another build by its header",
      "clinvar",
      text("clinvar").replace("GRCh38", "GRCh37"),
      'line 4: "##reference=GRCh37" belongs to GRCh37',
    ],
    [
      "another build by its lengths",
      "frequencies",
      text("frequencies").replace("138394717,assembly=gnomAD_GRCh38", "141213431"),
      "line 12:",
    ],
    [
      "no known contig",
      "clinvar",
      text("clinvar").replaceAll(/^(?:9|NT_187361.1)\t/gm, "contig_9\t"),
      'line 15: "contig_9" is no chromosome of GRCh38',
    ],
    [
      "beyond the end",
      "clinvar",
      text("clinvar").replace("9\t350", "9\t138394718"),
      "position 138394718 lies beyond the end of chromosome 9 of GRCh38 (138394717 bases).",
    ],
    [
      "missing columns",
      "frequencies",
      text("frequencies").replace("\t.\tPASS\tAC=3;AN=152000;AF=0.31", ""),
      "line 15: the record has 5 of 8 columns.",
    ],
    ["no position", "clinvar", text("clinvar").replace("9\t137", "9\tx37"), 'POS is "x37", not a number.'],
    ["not ClinVar", "clinvar", text("dbsnp"), "line 12: the header declares no CLNSIG."],
    ["not dbSNP", "dbsnp", text("frequencies"), "line 13: the header names no dbSNP build."],
    [
      "no rs number",
      "dbsnp",
      text("dbsnp").replace("rs8004", "x").replace("RS=8004", "Q=1"),
      'line 17: ID is "x", not an rs number.',
    ],
    ["no frequencies", "frequencies", text("clinvar"), "line 14: the header declares no AF."],
    [
      "too few frequencies",
      "frequencies",
      text("frequencies").replace("\tC\tT\t.\tPASS\tAC=3;AN=152000;AF=6", "\tC\tT,A\t.\tPASS\tAC=3;AN=152000;AF=6"),
      "line 16: AF has 1 values for 2 ALTs.",
    ],
    [
      "no frequency",
      "frequencies",
      text("frequencies").replace("AF=0.31", "AF=31"),
      'line 15: AF is "31", not a frequency from 0 to 1.',
    ],
    ["truncated", "clinvar", cut("clinvar"), "the compressed file is cut off before its end. Download it again."],
    ["damaged", "gff", gzipSync(text("gff")).fill(7, 40, 80), "the compressed file is damaged. Download it again."],
    ["empty", "clinvar", "", "is empty. Download it again."],
    ["an HTML page", "clinvar", "<html>Not found</html>\n", "line 1: a VCF begins with ##fileformat=VCF."],
    ["header only", "clinvar", text("clinvar").split("\n9\t")[0] ?? "", "line 14: no record follows the header."],
    ["GTF", "gff", '9\tx\tgene\t1\t2\t.\t+\t.\tgene_id "X";\n', "line 1: a GFF3 begins with ##gff-version 3."],
    [
      "a GFF3 line with less columns",
      "gff",
      text("gff").replace("\tID=rna-NM_900001.1;", "ID=rna-NM_900001.1;"),
      "line 12: the feature has 8 of 9 columns.",
    ],
    [
      "a GFF3 of another build",
      "gff",
      text("gff").replace("#!genome-build GRCh38.p14", "#!genome-build GRCh37.p13"),
      'line 4: "#!genome-build GRCh37.p13" belongs to GRCh37',
    ],
    [
      "a GFF3 of GENCODE on another build",
      "gff",
      "##gff-version 3\n#description: evidence-based annotation of the human genome (GRCh37), version 49 (Ensembl 115) - mapped\n",
      "belongs to GRCh37, and the pack is for GRCh38.",
    ],
    [
      "a GFF3 in pieces",
      "gff",
      `${text("gff")}${lines("gff")[10]}\n`,
      "line 21: features on NC_000009.12 come back after others.",
    ],
    ["a FASTA without names", "fasta", "ACGT\n", "line 1: a FASTA begins with a line that starts with >."],
    ["no bases", "fasta", text("fasta").replace(/\n[ACGT]{4}/, "\n12 4"), "is not a sequence of bases."],
    ["a chromosome twice", "fasta", `${text("fasta")}>chr9\nACGT\n`, "line 11: chromosome 9 comes twice."],
    ["a FASTA of another build", "fasta", text("fasta").replace("GRCh38", "GRCh37"), "line 1:"],
    ["a chain to another build", "chain", text("chain").replaceAll("138394717", "141213431"), "line 2:"],
    [
      "a chain from nowhere",
      "chain",
      text("chain").replaceAll("140273252", "140273253"),
      "line 2: chromosome 9 with 140273253 bases is of no build that is known.",
    ],
    [
      "a chain's block beyond its end",
      "chain",
      text("chain").replace("\n100\n", "\n101\n"),
      "line 4: the block reaches beyond the end of its chain.",
    ],
    ["no chain", "chain", text("fasta"), "is neither a chain nor a block of one."],
    [
      "a chain with less columns",
      "chain",
      text("chain").replace("chain 20000 chr9 140273252", "chain 20000 chr9"),
      "line 2: the chain has not all of its columns.",
    ],
  ])("%s", async (_, kind, content, sentence) => {
    const path = file(content, FILES[kind]);
    const making = make("--build", "GRCh38", `--${kind}`, path);
    await expect(making).rejects.toThrow(sentence);
    await expect(making).rejects.toThrow(path);
  });

  it.each([
    ["chr9\t10\n", "line 1: the line has less than 3 columns."],
    ["chr9\t20\t10\n", 'line 1: "20" to "10" is no stretch.'],
    ["chr9\t1\t138394718\n", "line 1: 138394718 lies beyond the end of chromosome 9 of GRCh38."],
    ["#x\nplasmid\t1\t2\n", 'line 2: "plasmid" is no chromosome of GRCh38'],
    ["track name=x\n", "there is no stretch."],
  ])("BED %j", async (content, sentence) => {
    await expect(make("--build", "GRCh38", "--bed", `x=${file(content)}`)).rejects.toThrow(sentence);
  });

  it("says which argument is wrong", async () => {
    await expect(make("--build", "hg99", "--clinvar", "x")).rejects.toThrow(
      "--build hg99 is not known. Take one of GRCh38",
    );
    await expect(make("--build", "GRCh38", "--clinvar", "/none")).rejects.toThrow("There is no file /none.");
    await expect(make("--build", "GRCh38", "--clinvar", directory)).rejects.toThrow("is a folder.");
    expect(() => readArguments(["--build", "GRCh38", "--out", "x"])).toThrow("No source is named.");
    expect(() => readArguments(["--clinvar", "x"])).toThrow("--build and --out are needed.");
    expect(() => readArguments(["--build", "GRCh38", "--out", "x", "--bed", "file.bed"])).toThrow("is not NAME=FILE");
    expect(() => readArguments(["--vep", "x"])).toThrow("--vep");
    const path = join(CASES, FILES.clinvar);
    const twice = make("--build", "GRCh38", "--clinvar", path, "--clinvar", path);
    await expect(twice).rejects.toThrow(`line 15: chromosome 9 is already there from ${path}.`);
  });

  it("leaves a folder alone that holds another pack", async () => {
    const out = mkdtempSync(join(directory, "other-"));
    copyFileSync(join(import.meta.dirname, "..", "..", "..", "pack", "pack.json"), join(out, "pack.json"));
    const making = make("--build", "GRCh38", "--clinvar", join(CASES, FILES.clinvar), "--out", out);
    await expect(making).rejects.toThrow("is no pack that this command made.");
  });
});
