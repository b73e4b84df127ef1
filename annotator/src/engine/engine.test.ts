import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { JobSummary } from "@elastic-gas/shared/jobs/summary";
import { foreignFile, REFUSALS, type Refusal } from "@elastic-gas/shared/vcf/foreign-file";
import { judgeVcf, someUnreadable } from "@elastic-gas/shared/vcf/judge";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openPack } from "../pack/pack.ts";
import { AnnotationFailure, FAILURES } from "../vcf/failure.ts";
import { runEngine } from "./engine.ts";

const pack = openPack();
const samples = resolve(import.meta.dirname, "../../../../shared/samples");

interface Outcome {
  readonly output: string;
  readonly log: string;
  readonly summary: JobSummary;
  readonly records: readonly (readonly string[])[];
}

async function annotate(
  content: string | Buffer,
  build: string | null = "GRCh38",
  maxTextBytes?: number,
): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), "engine-"));
  try {
    const [inputPath, outputPath, logPath] = ["in", "out", "log"].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(inputPath, typeof content === "string" ? Buffer.from(content, "latin1") : content);
    const summary = await runEngine({
      inputPath,
      outputPath,
      logPath,
      workDirectory: directory,
      fileName: "in.vcf",
      pack,
      build,
      textLimit: maxTextBytes === undefined ? null : { bytes: maxTextBytes, sentence: "Too large once unpacked." },
    });
    const output = readFileSync(outputPath, "latin1");
    const records = output.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#"));
    return { output, log: readFileSync(logPath, "utf8"), summary, records: records.map((line) => line.split("\t")) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function failureOf(content: string | Buffer): Promise<string> {
  const error: unknown = await annotate(content, null).catch((reason: unknown) => reason);
  if (!(error instanceof AnnotationFailure)) throw error instanceof Error ? error : new Error("it did not fail");
  return error.message;
}

const CHROM = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO";
const HEAD = `##fileformat=VCFv4.2\n${CHROM}\n`;
const row = (chrom: string, pos: number, ref: string, alt: string, info = ".", id = ".") =>
  [chrom, pos, id, ref, alt, "50", "PASS", info].join("\t");
const infoOf = (outcome: Outcome, index = 0) => outcome.records[index]?.[7];

describe("the annotated file", () => {
  it("has ID, INFO and header touched, all else byte for byte", async () => {
    const name = "S\u00c3\u00a9"; // UTF-8 bytes
    const rows = [
      `9\t5456114\t.\tA\tG\t0.123456789\tq10;s50\tDP=3;Q=1.50\tGT:DP\t0/1:03 \t./.`,
      `chr9\t5453000\trs1\tC\tT\t.\t.\t.\tGT\t${name}\t1|1`,
    ];
    const { output } = await annotate(
      `##fileformat=VCFv4.2\n##x="${name}"\n${CHROM}\tFORMAT\t${name}\tB\n${rows.join("\n")}\n`,
    );
    const lines = output.split("\n");
    expect(lines.slice(0, 2)).toEqual(["##fileformat=VCFv4.2", `##x="${name}"`]);
    expect(lines.slice(-4)).toEqual([
      `${CHROM}\tFORMAT\t${name}\tB`,
      `9\t5456114\t.\tA\tG\t0.123456789\tq10;s50\tDP=3;Q=1.50;GAS_GENE=CD274;GAS_REGION=CDS;GAS_BAND=9p24.1\tGT:DP\t0/1:03 \t./.`,
      `chr9\t5453000\trs1\tC\tT\t.\t.\tGAS_GENE=CD274;GAS_REGION=INTRON;GAS_BAND=9p24.1\tGT\t${name}\t1|1`,
      "",
    ]);
  });

  it("declares each key once before the #CHROM line", async () => {
    const once = await annotate(`${HEAD}${row("9", 5_456_114, "A", "G", "DP=1")}\n`);
    const twice = await annotate(once.output);
    for (const key of ["GAS_GENE", "GAS_REGION", "GAS_BAND", "GAS_CLINVAR"]) {
      expect(twice.output.match(new RegExp(`^##INFO=<ID=${key},`, "gm")), key).toHaveLength(1);
    }
    expect(infoOf(twice)).toBe(infoOf(once));
    expect(twice.summary.warnings).toContainEqual({
      sentence: expect.stringContaining("Values of an earlier annotation were replaced in 1 record. It is line "),
      count: 1,
    });
  });

  it("keeps every record, in order, whatever stands in it", async () => {
    const cell = fc.string({
      unit: fc.constantFrom("A", "C", "1", "9", ".", ",", "<", ">", ";", "=", "é", " ", "\t"),
      maxLength: 9,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(cell, { maxLength: 20 }), fc.constantFrom("\n", "\r\n"), async (cells, eol) => {
        const rows = [row("1", 1_013_983, "G", "A"), ...cells.map((text) => `1\t77\t.\tA\tC\t.\t.\t${text}`)];
        const { output, summary } = await annotate(`${HEAD}${rows.join(eol)}${eol}`);
        const kept = output.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
        expect(kept).toHaveLength(rows.length);
        expect(summary.records).toBe(rows.length);
        for (const [index, line] of kept.entries()) {
          expect(line.endsWith("\r")).toBe(eol === "\r\n");
          const [now, before] = [line.trimEnd().split("\t"), (rows[index] ?? "").trimEnd().split("\t")];
          expect([...now.slice(0, 2), ...now.slice(3, 7), ...now.slice(8)]).toEqual([
            ...before.slice(0, 2),
            ...before.slice(3, 7),
            ...before.slice(8),
          ]);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("is the same wherever the file's bytes are cut", async () => {
    const rows = Array.from({ length: 9_000 }, (_, index) => row("MT", index + 1, "A", "G", `DP=${index}`));
    const wide = `MT\t9500\t.\tA\tG\t.\t.\tDP=1\tGT\t${"0/1\t".repeat(400_000)}0/1`;
    const { records, summary } = await annotate(`${HEAD}${rows.join("\n")}\n${wide}\n${row("MT", 9_600, "A", "G")}`);
    expect(records).toHaveLength(9_002);
    expect(records.map(([, pos]) => Number(pos)).slice(-3)).toEqual([9_000, 9_500, 9_600]);
    expect(records[9_000]).toHaveLength(9 + 400_001);
    expect(summary.inGenes).toBeGreaterThan(8_000);
  });

  it.each(["\n", "\r\n"])(
    "has records of other columns than the #CHROM line's untouched, told with line and reason",
    async (eol) => {
      const good = `${row("9", 5_456_114, "A", "G", "DP=1")}\tGT\t0/1\t0/0`;
      const odd = [
        `${row("9", 5_456_114, "A", "G", "DP=1")}\tGT\t0/1`,
        `${good}\t1/1`,
        row("9", 5_456_114, "A", "G"),
        // Without FILTER: FORMAT stands where INFO belongs.
        "9\t5456114\t.\tA\tG\t50\tDP=1\tGT\t0/1\t0/0",
        `${row("9", 5_453_000, "AT", "G")}\tGT\t0/1`,
      ];
      // The first records go another way than those behind them.
      for (const before of [1, 300]) {
        const lines = [...Array<string>(before).fill(good), ...odd, good];
        const { output, summary } = await annotate(
          `##fileformat=VCFv4.2${eol}${CHROM}\tFORMAT\tA\tB${eol}${lines.join(eol)}${eol}`,
        );
        const records = output.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
        expect(records.slice(before, -1)).toEqual(odd.map((line) => line + eol.slice(0, -1)));
        expect(records.filter((line) => line.includes("GAS_GENE=CD274"))).toHaveLength(before + 1);
        expect(summary.records).toBe(lines.length);
        expect(summary.warnings).toEqual([
          {
            sentence: `5 records could not be parsed and were passed through unchanged; the first is line ${before + 3}: it has 10 columns, the #CHROM line names 11.`,
            count: 5,
          },
        ]);
      }
    },
  );

  it("has columns behind those of the #CHROM line, as long as they are empty, and a last value that is", async () => {
    const rows = [`${row("9", 5_456_114, "A", "G")}\tGT\t0/1\t\t`, `${row("9", 5_456_114, "A", "G")}\tGT\t`];
    const { records, summary } = await annotate(`##fileformat=VCFv4.2\n${CHROM}\tFORMAT\tA\t\t\n${rows.join("\n")}\n`);
    expect(records.map((columns) => columns.slice(7))).toEqual([
      [expect.stringMatching(/^GAS_GENE=CD274/), "GT", "0/1", "", ""],
      [expect.stringMatching(/^GAS_GENE=CD274/), "GT", ""],
    ]);
    expect(summary.warnings).toEqual([]);
  });

  it("ends as the file ended, with or without a line feed", async () => {
    expect((await annotate(HEAD + row("9", 1, "A", "G"))).output).toMatch(/GAS_BAND=9p24\.3$/);
    expect((await annotate(`${HEAD}${row("9", 1, "A", "G")}\n`)).output).toMatch(/GAS_BAND=9p24\.3\n$/);
  });
});

describe("what is read", () => {
  it("VCF 3.3, whose header lines have another form", async () => {
    const { output, summary } = await annotate(
      `##fileformat=VCFv3.3\n##INFO=DP,1,Integer,"Depth"\n${CHROM}\n9\t5456114\t.\tA\tG\t-1\t0\tDP=1\n`,
    );
    expect(output).toContain('##INFO=GAS_GENE,-1,String,"');
    expect(output).toContain("\t-1\t0\tDP=1;GAS_GENE=CD274;");
    expect(summary.warnings).toEqual([]);
  });

  it("gzip, several members, and BGZF", async () => {
    const text = `${HEAD}${row("9", 5_456_114, "A", "G")}\n`;
    const members = Buffer.concat([gzipSync(text.slice(0, 40)), gzipSync(text.slice(40))]);
    expect(infoOf(await annotate(gzipSync(text)))).toContain("CD274");
    // More than one chunk of zeros behind the end, as tapes and some downloads leave them.
    expect(infoOf(await annotate(Buffer.concat([gzipSync(text), Buffer.alloc(600_000)])))).toContain("CD274");
    expect(infoOf(await annotate(members))).toContain("CD274");
    expect(infoOf(await annotate(bgzf(text)))).toContain("CD274");
  });

  it.each([
    ["another member", (rest: string) => gzipSync(rest)],
    ["more blocks of BGZF", (rest: string) => bgzf(rest)],
    ["one byte", () => Buffer.from([1])],
  ])("no gzip with zeros in its middle: %s behind them would be lost", async (_what, behind) => {
    const [first, second] = [row("9", 5_456_114, "A", "G"), row("9", 5_456_115, "A", "G")];
    for (const zeros of [1, 600_000]) {
      const file = [gzipSync(`${HEAD}${first}\n`), Buffer.alloc(zeros), behind(`${second}\n`)];
      await expect(annotate(Buffer.concat(file))).rejects.toThrow("The compressed file is damaged. Upload it again.");
    }
    const blocks = [bgzf(`${HEAD}${first}\n`), Buffer.alloc(64), bgzf(`${second}\n`)];
    await expect(annotate(Buffer.concat(blocks))).rejects.toThrow("The compressed file is damaged. Upload it again.");
  });

  it("a byte order mark and CRLF line endings", async () => {
    const { output, summary } = await annotate(
      `\u00ef\u00bb\u00bf${`${HEAD}${row("9", 5_456_114, "A", "G", "DP=1")}\n`.replaceAll("\n", "\r\n")}`,
    );
    expect(output.startsWith("##fileformat")).toBe(true);
    expect(output).toMatch(/DP=1;GAS_GENE=CD274;[^\r\n]*\r\n$/);
    expect(output.match(/[^\r]\n/)).toBeNull();
    expect(summary.warnings).toContainEqual({
      sentence: "A byte order mark before the first line was removed.",
      count: 1,
    });
  });

  it("records below a #CHROM line that does not name all of their columns, with a warning", async () => {
    const { records, summary } = await annotate(
      `##fileformat=VCFv4.2\n#CHROM\tPOS\n${row("9", 5_456_114, "A", "G")}\n`,
    );
    expect(records[0]?.[7]).toContain("CD274");
    expect(summary.warnings.map(({ sentence }) => sentence)).toEqual([
      "Line 2: the #CHROM line names fewer than 8 columns. It was passed through unchanged, and other tools will refuse the file there.",
    ]);
  });

  it.each([
    ["A\tB\tA", "two samples are called “A”"],
    ["A\tB\tA\tA\tB", "3 samples are called “A”, and 1 other name occurs more than once, too"],
    ["a\ta\tb\tb\tc\tc", "two samples are called “a”, and 2 other names occur more than once, too"],
  ])("samples of one name (%s), with a warning", async (samples, problem) => {
    const record = [row("9", 5_456_114, "A", "G"), "GT", ...samples.split("\t").map(() => "0/1")].join("\t");
    const { records, summary } = await annotate(`##fileformat=VCFv4.2\n${CHROM}\tFORMAT\t${samples}\n${record}\n`);
    expect(records[0]?.[7]).toContain("CD274");
    expect(summary.warnings.map(({ sentence }) => sentence)).toEqual([
      `Line 2: ${problem}. It was passed through unchanged, and other tools will refuse the file there.`,
    ]);
  });

  it("a file without records", async () => {
    const { summary, log } = await annotate(HEAD);
    expect(summary.records).toBe(0);
    expect(log).toContain("Total: 0\nIn dbSNP: 0 (n/a)\n");
  });

  it("a file without records and without a build: none is assumed for nothing", async () => {
    const { summary, log, output } = await annotate(HEAD, null);
    expect(summary).toMatchObject({
      build: "unknown",
      buildReason: "The file has no records, and its header names no build.",
      buildDecision: { decidedBy: "records", undecided: false, alternatives: [], warning: null },
    });
    expect(summary.warnings.map(({ sentence }) => sentence)).toEqual(["The file has a header but no records."]);
    expect(log).not.toContain("assumed");
    expect(output.endsWith(`${CHROM}\n`)).toBe(true);
    const named = await annotate(HEAD.replace("\n", "\n##reference=hg19\n"), null);
    expect(named.summary.build).toBe("GRCh37");
    const chosen = await annotate(HEAD, "GRCh37");
    expect(chosen.summary.buildDecision).toMatchObject({ build: "GRCh37", alternatives: [], warning: null });
  });
});

describe("what is found", () => {
  it("every overlapping gene once, in order, each with its region", async () => {
    const { genes, regions } = split(infoOf(await annotate(`${HEAD}${row("MT", 8_527, "A", "G")}\n`)));
    expect(genes).toEqual(["MT-ATP8", "MT-ATP6"]);
    expect(regions).toEqual(["CDS", "CDS"]);
  });

  it.each([
    ["END", "<DEL>", "SVTYPE=DEL;END=9000"],
    ["SVLEN", "<DUP>", "SVTYPE=DUP;SVLEN=702"],
    ["negative SVLEN", "<DEL>", "SVLEN=-702"],
  ])("the genes under a symbolic allele, by its %s", async (_, alt, info) => {
    expect(split(infoOf(await annotate(`${HEAD}${row("MT", 8_298, "A", alt, info)}\n`))).genes).toEqual(
      expect.arrayContaining(["MT-TK", "MT-ATP8", "MT-ATP6"]),
    );
  });

  it("only the place of a breakend and of a symbolic insertion", async () => {
    const outcome = await annotate(
      `${HEAD}${row("MT", 8_300, "A", "A]1:5000]", "SVLEN=700")}\n${row("MT", 8_300, "A", "<INS>", "SVLEN=700")}\n${row("MT", 8_300, "A", "<DEL>,<INS:ME>", "SVLEN=1,700")}\n`,
    );
    for (const record of [0, 1, 2]) expect(split(infoOf(outcome, record)).genes).toEqual(["MT-TK"]);
  });

  it("ClinVar's entry for each ALT, however the variant is written, and its rs number where the ID is empty", async () => {
    const rows = [
      row("1", 1_013_983, "G", "T,A"),
      row("1", 1_013_982, "CGC", "CAC"),
      row("1", 1_013_983, "g", "a", ".", "mine"),
      row("1", 1_013_983, "G", "C"),
    ];
    const outcome = await annotate(`${HEAD}${rows.join("\n")}\n`);
    expect(infoOf(outcome, 0)).toContain("GAS_CLINVAR=.,1028857|Pathogenic/Likely_pathogenic|");
    expect(infoOf(outcome, 1)).toContain("GAS_CLINVAR=1028857|");
    expect(infoOf(outcome, 2)).toContain("GAS_CLINVAR=1028857|");
    expect(infoOf(outcome, 3)).not.toContain("GAS_CLINVAR");
    expect(outcome.records.map(([, , id]) => id)).toEqual(["rs1644247121", "rs1644247121", "mine", "."]);
    expect(outcome.summary.clinvarPathogenic).toBe(3);
  });

  it("breakends at the telomeres, which VCF writes as 0 and N+1, without a word: they tell no other build", async () => {
    const end = 248_956_422; // of chromosome 1 in GRCh38; it is longer in GRCh37
    const rows = [
      row("chr1", 0, "N", ".[chr17:5[", "SVTYPE=BND"),
      row("chr1", end + 1, "N", `]chr17:${43_044_295}]N`, "SVTYPE=BND"),
      row("chr17", 43_044_295, "A", "G"),
    ];
    const { records, summary } = await annotate(`${HEAD}${rows.join("\n")}\n`, null);
    expect(summary).toMatchObject({ build: "GRCh38", buildDecision: { undecided: true } });
    expect(summary.warnings.map(({ sentence }) => sentence).join()).not.toContain("beyond the end");
    expect(records.map((columns) => columns[7])).toEqual([
      expect.stringMatching(/^SVTYPE=BND/),
      expect.stringMatching(/^SVTYPE=BND;GAS_GENE=BRCA1/),
      expect.stringMatching(/^GAS_GENE=BRCA1/),
    ]);
    const further = await annotate(`${HEAD}${row("chr1", end + 2, "A", "G")}\n`, null);
    expect(further.summary.build).toBe("GRCh37");
  });

  it("nothing beyond a chromosome's end or on an unknown contig, and both are told", async () => {
    const { records, summary } = await annotate(
      `${HEAD}${row("1", 248_956_424, "A", "G")}\n${row("HLA*01:01", 5, "A", "G")}\n${row("1", 248_956_422, "A", "G")}\n`,
    );
    expect(records.map((columns) => columns[7])).toEqual([".", ".", "GAS_REGION=INTERGENIC;GAS_BAND=1q44"]);
    expect(summary.unmatchedContigs).toEqual(["HLA*01:01"]);
    expect(summary.unmatchedRecords).toBe(2);
    expect(summary.warnings.map(({ count }) => count)).toEqual([1, 1]);
  });

  it.each([
    [["NC_045512.2"], "NC_045512.2"],
    [["scaffold_7", "scaffold_8"], "scaffold_7"],
    [["chr6_apd_hap1"], "chr6_apd_hap1"],
  ])("nothing where no record is on a chromosome of a human build: %j", async (contigs, first) => {
    const text = `${HEAD}${contigs.map((contig) => row(contig, 241, "C", "T")).join("\n")}\n`;
    const { summary, records, log } = await annotate(text, null);
    const warning = `No record is on a chromosome of a human build (the first is on ${first}): nothing was annotated.`;
    expect(summary.buildDecision).toEqual({
      build: "unknown",
      decidedBy: "records",
      undecided: false,
      alternatives: [],
      warning,
    });
    expect(records.map((columns) => columns[7])).toEqual(contigs.map(() => "."));
    expect(log).toContain(`ATTENTION: ${warning}`);
    const chosen = await annotate(text);
    expect(chosen.summary.buildDecision?.warning).toBe(
      `GRCh38 was chosen, but the file says otherwise: No record is on a chromosome of a human build: the first is on ${first}.`,
    );
    // One record on a chromosome is enough to be no other organism.
    const mixed = await annotate(`${text}${row("chr9", 5_456_114, "A", "G")}\n`, null);
    expect(mixed.summary.buildDecision?.build).toBe("GRCh38");
    expect(mixed.summary.unmatchedContigs).toEqual(contigs);
  });

  it.each([
    "chromosome9",
    "chrom9",
    "hs9",
    "NC_000009",
    "CM000671.2",
    "gi|568336015|ref|NC_000009.12|",
    "GRCh38#0#chr9",
  ])("what is on %s, which is chromosome 9", async (contig) => {
    const { records, summary } = await annotate(`${HEAD}${row(contig, 5_456_114, "A", "G")}\n`, null);
    expect(records[0]?.[7]).toMatch(/^GAS_GENE=CD274;/);
    expect(summary.buildDecision?.decidedBy).toBe(/\.\d|#/.test(contig) ? "accession" : "assumption");
  });

  it("nothing at all on a build that the pack lacks, with the reason", async () => {
    const { summary, records } = await annotate(
      `##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248387328>\n${CHROM}\n${row("chr1", 1_013_983, "G", "A")}\n`,
      null,
    );
    expect(records[0]?.[7]).toBe(".");
    expect(summary.build).toBe("unknown");
    expect(summary.buildReason).toContain("T2T-CHM13");
  });
});

describe("the count log and the summary", () => {
  it("count what the records show", async () => {
    const rows = [
      row("9", 5_456_114, "A", "G", ".", "rs1"),
      row("chr9", 5_453_000, "C", "A"),
      row("9", 1, "A", "G,AT"),
      row("9", 2, "GCC", "G"),
      "9\tx\t.\tA\tG\t.\t.\t.",
    ];
    const { log, summary } = await annotate(`${HEAD}${rows.join("\n")}\n`);
    expect(JobSummary.parse(summary)).toMatchObject({
      records: 5,
      inGenes: 2,
      transitions: 2,
      transversions: 1,
      tiTv: 2,
      regions: [
        { name: "CDS", count: 1 },
        { name: "INTRON", count: 1 },
        { name: "INTERGENIC", count: 2 },
      ],
      classes: [
        { name: "SNV", count: 3 },
        { name: "deletion", count: 1 },
        { name: "insertion", count: 1 },
      ],
      indelLengths: [
        { length: -2, count: 1 },
        { length: 1, count: 1 },
      ],
      topGenes: [{ name: "CD274", count: 2 }],
      warnings: [
        {
          sentence:
            '1 record could not be parsed and was passed through unchanged; it is line 7: it has "x" where the position (a number) is expected.',
          count: 1,
        },
      ],
    });
    expect(summary.firstRecords[0]).toEqual({
      chrom: "9",
      pos: 5_456_114,
      id: "rs1",
      ref: "A",
      alt: "G",
      gene: "CD274",
      region: "CDS",
      band: "9p24.1",
      clinvar: "",
      clinvarClass: "",
      consequence: "",
      rs: "",
      frequency: "",
    });
    expect(log).toContain(
      "Total: 5\nIn dbSNP: 1 (20%)\nVariants located:\nIn interGenic 2\nIn CDS 1\nIn '3 UTR 0\nIn '5 UTR 0\nIn Intronic 1\n",
    );
    expect(log).toContain("In Non_coding_intronic n/a");
    expect(log).toContain("Build decided: GRCh38 was chosen with the file.");
  });

  it("doubt the build when hardly any record lies in a gene", async () => {
    const rows = Array.from({ length: 300 }, (_, index) => row("1", 1_000 + index, "A", "G"));
    const { summary } = await annotate(`${HEAD}${rows.join("\n")}\n`, null);
    expect(summary.warnings.map(({ sentence }) => sentence)).toContainEqual(
      expect.stringContaining("is GRCh38 the right build?"),
    );
  });
});

describe("what cannot be annotated says why", () => {
  const text = `${HEAD}${Array.from({ length: 500 }, (_, index) => row("9", index * 7919 + 1, "A", "G", `DP=${index * 31}`)).join("\n")}\n`;
  const cut = (bytes: Buffer, count: number) => bytes.subarray(0, bytes.length - count);
  const damaged = gzipSync(text);
  damaged.fill(0x55, 400, 460);

  it.each([
    ["nothing", Buffer.alloc(0), sentence(REFUSALS.empty)],
    ["nothing, compressed", gzipSync(""), sentence(REFUSALS.empty)],
    ["a zip archive", Buffer.from("504b030414000600", "hex"), sentence(REFUSALS.zip)],
    ["UTF-16", Buffer.from(`\ufeff${text}`, "utf16le"), sentence(REFUSALS.utf16)],
    ["UTF-16 without a mark", Buffer.from(text, "utf16le"), sentence(REFUSALS.utf16)],
    ["BCF", Buffer.from("BCF\u0002\u0002rest"), sentence(REFUSALS.bcf)],
    ["BCF, compressed", gzipSync(Buffer.from("BCF\u0002\u0002rest")), sentence(REFUSALS.bcf)],
    ["bzip2", Buffer.from("BZh91AY&SY"), sentence(REFUSALS.otherCompression)],
    ["a table", Buffer.from("chrom,pos\n1,2\n"), sentence(REFUSALS.commas)],
    ["a GFF", Buffer.from("##gff-version 3\nchr1\t.\tgene\n"), sentence(REFUSALS.features)],
    ["no #CHROM line", Buffer.from(`##fileformat=VCFv4.2\n${row("1", 1, "A", "G")}\n`), sentence(REFUSALS.noChromLine)],
    ["a header cut off", Buffer.from("##fileformat=VCFv4.2\n##source=x\n"), sentence(REFUSALS.noChromLine)],
    ["a cut gzip", cut(gzipSync(text), 20), FAILURES.truncated],
    ["BGZF cut between two blocks", cut(bgzf(text), 28), FAILURES.truncated],
    ["a damaged gzip", damaged, FAILURES.corrupt],
  ])("%s", async (_, content, expected) => {
    expect(await failureOf(content)).toBe(expected);
  });

  it("records that are separated by blanks", async () => {
    expect(await failureOf(`${HEAD}1 100 . A G . . DP=1\n1 200 . A G . . DP=1\n`)).toBe(
      "None of the file's 2 records can be read. Line 3 has 1 column, 8 are needed. Spaces instead of tabs?",
    );
  });

  it("records that all have other columns than the #CHROM line", async () => {
    expect(await failureOf(`${HEAD}${row("9", 1, "A", "G")}\tGT\t0/1\n`)).toBe(
      "The file's only record cannot be read. Line 3 has 10 columns, the #CHROM line names 8.",
    );
  });

  it("text that grows beyond the limit once decompressed", async () => {
    await expect(annotate(gzipSync(text), null, 1_000)).rejects.toThrow("Too large once unpacked.");
  });
});

describe("what the pre-check says before the upload", () => {
  const line = fc.oneof(
    { weight: 4, arbitrary: fc.constant(row("9", 5_456_114, "A", "G")) },
    fc.constantFrom(
      "",
      " ",
      "# a comment",
      HEAD.trimEnd(),
      row("9", 5, "TRUE", "C"),
      "9 5 . A G . . .",
      "9\t5",
      "9\tx\t.\tA\tG\t.\t.\t.",
      `${row("9", 5_456_114, "A", "G")}\tGT\t0/1`,
      `${row("9", 5_456_114, "A", "G")}\t\t`,
      `${row("9", 5_456_114, "A", "G")}\tGT\t0/1\t1/1`,
    ),
    fc.string({ unit: fc.constantFrom("\t", "9", "A", ".", " ", "#", "\r"), maxLength: 30 }),
  );
  const start = fc.oneof(
    { weight: 5, arbitrary: fc.constant(HEAD) },
    { weight: 3, arbitrary: fc.constant(`##fileformat=VCFv4.2\n${CHROM}\tFORMAT\tS1\n`) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("##fileformat=VCFv4.2\n#CHROM\tPOS\n", "##fileformat=VCFv4.2\n#CHROM POS\n"),
    },
    fc.constantFrom(
      "",
      "##fileformat=VCFv4.2\n",
      `${CHROM}\n`,
      `##x\n${CHROM}\n`,
      "##fileformat=VCFv4.2\n#CHROM,POS\n",
      "<html>\n",
      "BEGIN:VCARD\n",
      "# rsid\tchromosome\tposition\tgenotype\n",
      "##fileformat=VCFv4.2\r#CHROM\r",
      ">chr1\nACGT\n",
      "name\n",
    ),
  );

  it("is what comes of the file, in both directions", async () => {
    await fc.assert(
      fc.asyncProperty(
        start,
        fc.array(line, { maxLength: 8 }),
        fc.constantFrom("\n", "\r\n"),
        async (head, lines, eol) => {
          const text = head + lines.map((one) => one + eol).join("");
          const foreign = foreignFile(Buffer.from(text, "latin1"), false);
          const judged =
            foreign === null ? judgeVcf(text, { complete: true }) : { kind: "refused" as const, refusal: foreign };
          const outcome = await annotate(text, null).catch((error: unknown) => error);
          if (judged.kind === "refused") {
            expect(outcome).toBeInstanceOf(AnnotationFailure);
            expect((outcome as AnnotationFailure).message).toBe(sentence(judged.refusal));
            return;
          }
          if (outcome instanceof Error) throw outcome;
          const { summary } = outcome as Outcome;
          expect(summary.records).toBe(judged.records);
          const told = summary.warnings.filter((warning) => warning.sentence.includes("could not be parsed"));
          expect(told).toEqual(
            judged.firstUnreadable === null
              ? []
              : [
                  {
                    sentence: someUnreadable(judged.unreadableRecords, judged.firstUnreadable),
                    count: judged.unreadableRecords,
                  },
                ],
          );
        },
      ),
      { numRuns: 60 },
    );
  }, 120_000);
});

describe.skipIf(!existsSync(samples))("the course's sample files (skipped without ../shared/samples)", () => {
  it.each([
    ["test.vcf", 350, "GRCh38"],
    ["free_1.vcf", 1_141, "GRCh38"],
    ["premium_1.vcf", 3_000, "NCBI36"],
  ])("%s: %i records on %s", async (name, records, build) => {
    const content = readFileSync(join(samples, name));
    const { summary, output } = await annotate(content, null);
    expect(summary).toMatchObject({ records, build, unmatchedRecords: 0 });
    const strip = (text: string) =>
      text
        .split("\n")
        .filter((line) => !line.startsWith("#"))
        .map((line) => line.split("\t").filter((_, index) => index !== 7));
    expect(strip(output)).toEqual(strip(content.toString("latin1")));
  });
});

function sentence({ problem, help }: Refusal): string {
  return `${problem} ${help}`;
}

function split(info: string | undefined): { genes: string[]; regions: string[] } {
  const value = (key: string) => new RegExp(`${key}=([^;]*)`).exec(info ?? "")?.[1]?.split(",") ?? [];
  return { genes: value("GAS_GENE"), regions: value("GAS_REGION") };
}

/** One block of BGZF and the end block; layout of the SAM specification, section 4.1. */
function bgzf(text: string): Buffer {
  const plain = gzipSync(text);
  const extra = Buffer.from([6, 0, 0x42, 0x43, 2, 0, 0, 0]);
  const block = Buffer.concat([
    plain.subarray(0, 3),
    Buffer.from([4]),
    plain.subarray(4, 10),
    extra,
    plain.subarray(10),
  ]);
  block.writeUInt16LE(block.length - 1, 16);
  return Buffer.concat([block, Buffer.from("1f8b08040000000000ff0600424302001b0003000000000000000000", "hex")]);
}
