import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { readArguments } from "../pack/make/arguments.ts";
import { makePack } from "../pack/make/make-pack.ts";
import { openPack } from "../pack/pack.ts";
import { FAILURES } from "../vcf/failure.ts";
import { MAX_HEAD_BYTES } from "../vcf/lines.ts";
import { ConsequenceTable } from "./consequence-table.ts";
import { bcftoolsVersion } from "./consequences.ts";
import { runEngine } from "./engine.ts";

const version = await bcftoolsVersion();
const directory = mkdtempSync(join(tmpdir(), "csq-"));
afterAll(() => rmSync(directory, { recursive: true }));

// One gene on the forward strand: exon 101-190, all of it coding: ATG, 28 codons GCA (alanine), TAA.
const coding = `ATG${"GCA".repeat(28)}TAA`;
const flank = "ACGTTGCATC".repeat(10);
const sequence = flank + coding + flank;
const gff = [
  "##gff-version 3",
  ["9", "e", "gene", 101, 190, ".", "+", ".", "ID=gene:G1;Name=TOY;biotype=protein_coding;gene_id=G1"],
  [
    "9",
    "e",
    "mRNA",
    101,
    190,
    ".",
    "+",
    ".",
    "ID=transcript:T1;Parent=gene:G1;biotype=protein_coding;transcript_id=T1",
  ],
  ["9", "e", "exon", 101, 190, ".", "+", ".", "Parent=transcript:T1"],
  ["9", "e", "CDS", 101, 190, ".", "+", "0", "ID=CDS:P1;Parent=transcript:T1"],
].map((columns) => (typeof columns === "string" ? columns : columns.join("\t")));

describe.skipIf(version === null)("consequences by bcftools csq (skipped: bcftools is not installed)", () => {
  it("are joined to the records they belong to, in any order, and bcftools sees no row that would stop it", async () => {
    writeFileSync(join(directory, "toy.fa"), `>9\n${sequence}\n`);
    writeFileSync(
      join(directory, "toy.fa.fai"),
      `9\t${sequence.length}\t3\t${sequence.length}\t${sequence.length + 1}\n`,
    );
    writeFileSync(join(directory, "toy.gff3"), `${gff.join("\n")}\n`);
    writeFileSync(
      join(directory, "pack.json"),
      JSON.stringify({
        format: 1,
        name: "toy",
        builds: { GRCh38: { chromosomes: { "9": { length: sequence.length } }, fasta: "toy.fa", gff3: "toy.gff3" } },
      }),
    );
    const rows: [string, number, string, string][] = [
      ["9", 105, "C", "T"], // GCA > GTA: alanine to valine
      ["chr9", 104, "G", "A,T"], // two ALTs: threonine, serine; also out of order
      ["9", 103, "G", "A"], // start codon lost
      ["9", 105, "C", "C]9:150]"], // a breakend
      ["9", 105, "G", "T"], // REF is not the reference's
      ["9", 105, "N", "T"],
      ["7", 105, "C", "T"], // not in the FASTA
      ["9", 106, "A", "G"], // GCA > GCG: synonymous
      ["9", 107, "GC", "G"], // frameshift
      ["9", 20, "C", "T"], // outside the gene
      ["9", 105, "C", "<DEL>"],
    ];
    const input = join(directory, "in.vcf");
    writeFileSync(
      input,
      `##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n${rows.map(([chrom, pos, ref, alt]) => `${chrom}\t${pos}\t.\t${ref}\t${alt}\t.\t.\tX=1\n`).join("")}`,
    );
    const output = join(directory, "out.vcf");
    const log = join(directory, "log");
    const summary = await runEngine({
      inputPath: input,
      outputPath: output,
      logPath: log,
      workDirectory: directory,
      fileName: "in.vcf",
      pack: openPack(directory),
      build: "GRCh38",
    });
    expect(summary.warnings.filter(({ sentence }) => sentence.includes("onsequences"))).toEqual([]);
    const text = readFileSync(output, "latin1");
    expect(text).toContain("##INFO=<ID=BCSQ,Number=.,Type=String");
    const called = text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => /BCSQ=([^;]*)/.exec(line)?.[1]);
    expect(called).toEqual([
      "missense|TOY|T1|protein_coding|+|2A>2V|105C>T",
      "missense|TOY|T1|protein_coding|+|2A>2T|104G>A,missense|TOY|T1|protein_coding|+|2A>2S|104G>T",
      expect.stringMatching(/^start_lost\|TOY/),
      undefined,
      undefined,
      undefined,
      undefined,
      expect.stringMatching(/^synonymous\|TOY/),
      expect.stringMatching(/^frameshift\|TOY/),
      undefined,
      undefined,
    ]);
    const changes = text.split("\n").flatMap((line) => /;GAS_HGVS=([^;]*)/.exec(line)?.[1] ?? []);
    expect(changes).toEqual([
      "T1:p.(Ala2Val)",
      "T1:p.(Ala2Thr),T1:p.(Ala2Ser)",
      "T1:p.(Met1?)",
      "T1:p.(Ala2%3D)",
      "T1:p.(Ala3fs)",
    ]);
    expect(readFileSync(log, "utf8")).toContain("Consequences:\n  missense\t3\n");
  });

  it("are the same for the records that are handled in bytes alone", async () => {
    const rows = [
      "9\t105\t.\tC\tT\t50\tPASS\tX=1",
      "9\t106\trs7\tA\tG\t50\tPASS\t.",
      "9\t20\t.\tA\tT\t50\tPASS\tX=1",
      "9\t107\t.\tGC\tG\t50\tPASS\tX=1",
      "9\t104\t.\tG\tA,T\t50\tPASS\tX=1",
      "9\t105\t.\tC\tT\t50\tPASS\tBCSQ=old;X=1",
      "9\t190\t.\tA\tC\t50\tPASS\tX=1",
    ];
    const [header = ""] = readFileSync(join(directory, "in.vcf"), "latin1").split(/(?<=INFO\n)/);
    const input = join(directory, "many.vcf");
    // The first 200 are also shown on the page and go the long way.
    const lineOf = (row: string) => `${row}\tGT\t0/1\n`;
    // The first has other columns than the others: it is left alone, and theirs are not shifted by it.
    const odd = "9\t105\t.\tC\tT\t50\tPASS\tX=1";
    const text = rows.map(lineOf).join("").repeat(60);
    writeFileSync(input, `${header.trimEnd()}\tFORMAT\tS1\n${odd}\n${text}`);
    const output = `${input}.out`;
    writeFileSync(
      join(directory, "pack.json"),
      JSON.stringify({
        format: 1,
        name: "toy",
        base: "default",
        builds: { GRCh38: { chromosomes: { "9": { length: sequence.length } }, fasta: "toy.fa", gff3: "toy.gff3" } },
      }),
    );
    const summary = await runEngine({
      inputPath: input,
      outputPath: output,
      logPath: `${input}.log`,
      workDirectory: directory,
      fileName: "many.vcf",
      pack: openPack(directory),
      build: "GRCh38",
    });
    const lines = readFileSync(output, "latin1")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    expect(lines.shift()).toBe(odd);
    expect(lines).toHaveLength(420);
    const first = lines.slice(0, rows.length);
    expect(first[1]).toMatch(/^9\t106\trs7\t.*;BCSQ=synonymous\|TOY\|.*;GAS_HGVS=T1:p\.\(Ala2%3D\)\tGT\t0\/1$/);
    expect(first[5]).not.toContain("old");
    for (let at = 0; at < lines.length; at += rows.length) expect(lines.slice(at, at + rows.length)).toEqual(first);
    expect(summary.consequences).toContainEqual({ name: "missense", count: 60 * 4 });
    expect(summary.lookedUp).toMatchObject({ consequences: 420, sequence: 420 });
  });

  it("are asked for near genes alone where the pack's genes are those of its GFF3, also for an indel that is moved into one", async () => {
    // The gene ends with its stop codon at 190; an A run follows it, up to 1,990.
    const [own, out] = [join(directory, "genes"), join(directory, "genes-pack")];
    const long = `${flank}${coding}${"A".repeat(300)}${"CT".repeat(1_000)}`;
    writeFileSync(`${own}.fa`, `>9\n${long}\n`);
    writeFileSync(`${own}.gff3`, `${gff.join("\n")}\n`);
    const args = ["--build", "GRCh38", "--fasta", `${own}.fa`, "--gff", `${own}.gff3`, "--out", out];
    await makePack(readArguments(args), { today: new Date(), say: () => undefined });
    const input = join(directory, "genes.vcf");
    const [head = ""] = readFileSync(join(directory, "in.vcf"), "latin1").split(/(?<=INFO\n)/);
    writeFileSync(
      input,
      `${head}9\t105\t.\tC\tT\t.\t.\t.\n9\t480\t.\tAA\tA\t.\t.\t.\n9\t2301\t.\t${long[2_300]}\tG\t.\t.\t.\n`,
    );
    const summary = await runEngine({
      inputPath: input,
      outputPath: `${input}.out`,
      logPath: `${input}.log`,
      workDirectory: directory,
      fileName: "genes.vcf",
      pack: openPack(out),
      build: "GRCh38",
    });
    const terms = readFileSync(`${input}.out`, "latin1")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => /BCSQ=([^|]*)/.exec(line)?.[1]);
    expect(terms).toEqual(["missense", expect.stringMatching(/stop/), undefined]);
    // The last is nowhere near a gene: that is an answer too.
    expect(summary.lookedUp?.consequences).toBe(3);
  });

  it("are the same in a sorted file, where nothing is sorted, and in one that is not", async () => {
    // The pack of the test before: a gene up to 190, then a run of A that indels move along.
    const pack = openPack(join(directory, "genes-pack"));
    const long = `${flank}${coding}${"A".repeat(300)}${"CT".repeat(1_000)}`;
    const [head = ""] = readFileSync(join(directory, "in.vcf"), "latin1").split(/(?<=INFO\n)/);
    const lines = Array.from({ length: 600 }, (_, index) => {
      const pos = 95 + Math.floor(index / 4);
      const ref = long.slice(pos - 1, pos + (index % 4 === 1 ? 2 : 0));
      const alts = [
        "ACGT".replace(ref, "")[index % 3],
        ref[0],
        `${ref}A`,
        `${ref}${long.slice(pos - 2, pos - 1)},<DEL>`,
      ];
      return `${index % 7 === 0 ? "chr9" : "9"}\t${pos}\tr${index}\t${ref}\t${alts[index % 4]}\t.\t.\tX=${index}\n`;
    });
    const byId = async (name: string, text: readonly string[]) => {
      const input = join(directory, name);
      writeFileSync(input, head + text.join(""));
      const workDirectory = mkdtempSync(join(directory, "work-"));
      await runEngine({
        inputPath: input,
        outputPath: `${input}.out`,
        logPath: `${input}.log`,
        workDirectory,
        fileName: name,
        pack,
        build: "GRCh38",
      });
      const out = readFileSync(`${input}.out`, "latin1").split("\n");
      return new Map(out.flatMap((line) => (/\tr\d+\t/.test(line) ? [[line.split("\t")[2], line] as const] : [])));
    };
    const sorted = await byId("sorted.vcf", lines);
    const reversed = await byId("reversed.vcf", lines.toReversed());
    expect([...sorted.values()].filter((line) => line.includes("BCSQ=")).length).toBeGreaterThan(300);
    expect(sorted.get("r300")).toBe(reversed.get("r300"));
    expect(new Map([...reversed].toReversed())).toEqual(sorted);
  });

  it("say of which ALT they are, as when each ALT stands in a record of its own", async () => {
    const alleles: [pos: number, ref: string, alts: readonly string[]][] = [
      [104, "G", ["A", "T", "C"]],
      [105, "C", ["*", "T"]],
      [106, "A", ["<DEL>", "G", "A]9:150]", "C"]],
      [107, "GC", ["G", "AA", "GCC", "GCA"]],
      [108, "C", ["T", "T"]],
      [110, "G", ["A"]],
      [111, "CAG", ["CAGCAG", "C", "TTT", "NAG", "CAA", "CAC", "CAT", "AAG", "GAG", "TAG", "CCG", "CGG", "CTG"]],
    ];
    const [head = ""] = readFileSync(join(directory, "in.vcf"), "latin1").split(/(?<=INFO\n)/);
    const toldOf = async (name: string, records: readonly (readonly [number, string, string])[]) => {
      const input = join(directory, name);
      const lines = records.map(([pos, ref, alt]) => `9\t${pos}\t.\t${ref}\t${alt}\t.\t.\t.\n`);
      writeFileSync(input, head + lines.join(""));
      await runEngine({
        inputPath: input,
        outputPath: `${input}.out`,
        logPath: `${input}.log`,
        workDirectory: mkdtempSync(join(directory, "work-")),
        fileName: name,
        pack: openPack(join(directory, "genes-pack")),
        build: "GRCh38",
      });
      const out = readFileSync(`${input}.out`, "latin1").split("\n");
      return out.filter((line) => /^9\t/.test(line)).map((line) => line.split("\t")[7] ?? "");
    };
    const valuesOf = (info: string, key: string) =>
      new RegExp(`(?:^|;)${key}=([^;]*)`).exec(info)?.[1]?.split(",") ?? [];
    const joint = await toldOf(
      "joint.vcf",
      alleles.map(([pos, ref, alts]) => [pos, ref, alts.join(",")]),
    );
    const split = await toldOf(
      "split.vcf",
      alleles.flatMap(([pos, ref, alts]) => alts.map((alt) => [pos, ref, alt] as const)),
    );
    let compared = 0;
    for (const [record, [, , alts]] of alleles.entries()) {
      const info = joint[record] ?? "";
      expect(info.includes("_ALT=")).toBe(alts.length > 1);
      for (const index of alts.keys()) {
        for (const key of ["BCSQ", "GAS_HGVS"]) {
          const values = valuesOf(info, key);
          const numbers =
            alts.length === 1 ? values.map(() => "1") : valuesOf(info, `${key}_ALT`.replace(/^BCSQ/, "GAS_BCSQ"));
          expect(numbers).toHaveLength(values.length);
          const own = values.filter((_, at) => numbers[at]?.split("&").includes(String(index + 1)));
          expect([record, index, own]).toEqual([record, index, valuesOf(split[compared] ?? "", key)]);
        }
        compared += 1;
      }
    }
    expect(compared).toBe(29);
    expect(joint[4]).toContain(";GAS_BCSQ_ALT=1&2;");
  });

  /** The consequence of each record, by its ID; undefined without one. */
  const termsOf = async (name: string, { pack, build, text }: { pack: string; build: string; text: string }) => {
    const input = join(directory, name);
    writeFileSync(input, text);
    const summary = await runEngine({
      inputPath: input,
      outputPath: `${input}.out`,
      logPath: `${input}.log`,
      workDirectory: mkdtempSync(join(directory, "work-")),
      fileName: name,
      pack: openPack(pack),
      build,
    });
    expect(summary.warnings.filter(({ sentence }) => sentence.includes("onsequences were"))).toEqual([]);
    const lines = readFileSync(`${input}.out`, "latin1").split("\n");
    return Object.fromEntries(
      lines.flatMap((line) => {
        const id = /^\w*\t\w*\t(r\d+)\t/.exec(line)?.[1];
        return id === undefined ? [] : [[id, /[\t;]BCSQ=([^|]*)/.exec(line)?.[1]] as const];
      }),
    );
  };
  const columns = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";

  it.each(["\n", "\r\n"])(
    "stay with their records after lines that are read otherwise, or not at all, that end with %j",
    async (end) => {
      const record = (pos: string) => `9\t${pos}\tx\tC\tT\t.\t.\t.`;
      const odd: readonly ((pos: number) => string)[] = [
        () => record("0"),
        // Not the first of its contig: only then it is read in bytes.
        () => record(""),
        (pos) => record(String(pos).padStart(10, "0")),
        (pos) => record(String(pos).padStart(11, "0")),
        (pos) => `9\t${pos}\tx\tC\tT\t.\t.`, // seven columns
        (pos) => `9\t${pos}\tx\tC\tT\t.\t.\t`, // INFO is empty
        (pos) => `9\t${pos}\t\tC\tT\t.\t.\t.`, // ID is empty
        (pos) => `9\t${pos}\tx\tC\t\t.\t.\t.`, // no ALT
        (pos) => `9\t${pos}\tx\tc\tt\t.\t.\t.`,
        (pos) => `9\t${pos}\tx\tC\t*\t.\t.\t.`,
        (pos) => `99\t${pos}\tx\tC\tT\t.\t.\t.`,
        () => "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
        () => " \t ",
        () => "",
        (pos) => `${record(String(pos))}\tGT\t${"0/1:".repeat(20_000)}`,
        // Too long before the samples, and with long samples.
        ...(end === "\n"
          ? [
              (pos: number) => `${record(String(pos))};X=${"x".repeat(MAX_HEAD_BYTES)}`,
              (pos: number) => `9\t${pos}\tx\t${"C".repeat(MAX_HEAD_BYTES)}\tT\t.\t.\t.`,
              (pos: number) => `${record(String(pos))}\tGT\t${"0/1:".repeat(MAX_HEAD_BYTES / 4)}`,
            ]
          : []),
      ];
      // Each is followed by two records of the codon at its place, GCA: alanine to valine, and the same alanine.
      const lines = odd.flatMap((make, index) => {
        const pos = 105 + 3 * index;
        return [
          make(pos),
          `9\t${pos}\tr${2 * index}\tC\tT\t.\t.\t.`,
          `9\t${pos + 1}\tr${2 * index + 1}\tA\tG\t.\t.\t.`,
        ];
      });
      const text = `${columns}${lines.join("\n")}\n`.replaceAll("\n", end);
      expect(await termsOf("odd.vcf", { pack: directory, build: "GRCh38", text })).toEqual(
        Object.fromEntries(
          odd.flatMap((_, index) => [
            [`r${2 * index}`, "missense"],
            [`r${2 * index + 1}`, "synonymous"],
          ]),
        ),
      );
    },
  );

  it("stay with their records where the file's contigs, lifted, are in another order than the reference's", async () => {
    const [own, out] = [join(directory, "two"), join(directory, "two-pack")];
    const other = gff.slice(1).map((line) => line.replace(/^9/, "8").replaceAll(/\b([GTP])1\b/g, "$12"));
    writeFileSync(`${own}.fa`, `>8\n${sequence}\n>9\n${sequence}\n`);
    writeFileSync(`${own}.gff3`, `${[...gff, ...other].join("\n")}\n`);
    const chain = join(directory, "hg18ToHg38.over.chain");
    // The lengths of the chromosomes in both builds; only their first bases matter here.
    const chains = [
      "chr8 146274826 + 0 290 chr8 145138636 + 0 290 1",
      "chr9 140273252 + 0 290 chr9 138394717 + 0 290 2",
    ];
    writeFileSync(chain, chains.map((line) => `chain 9 ${line}\n290\n\n`).join(""));
    const args = ["--build", "GRCh38", "--fasta", `${own}.fa`, "--gff", `${own}.gff3`, "--chain", chain, "--out", out];
    await makePack(readArguments(args), { today: new Date(), say: () => undefined });
    const text = `${columns}9\t105\tr0\tC\tT\t.\t.\t.\n9\t106\tr1\tA\tG\t.\t.\t.\n8\t106\tr2\tA\tG\t.\t.\t.\n8\t107\tr3\tG\tA\t.\t.\t.\n`;
    const expected = { r0: "missense", r1: "synonymous", r2: "synonymous", r3: "missense" };
    expect(await termsOf("two.vcf", { pack: out, build: "GRCh38", text })).toEqual(expected);
    expect(await termsOf("lifted.vcf", { pack: out, build: "NCBI36", text })).toEqual(expected);
  });

  it("leave no command behind that waits, when the file itself cannot be read to its end", async () => {
    const input = join(directory, "cut.vcf.gz");
    const text = columns + Array.from({ length: 20_000 }, (_, index) => `9\t105\tr${index}\tC\tT\t.\t.\t.\n`).join("");
    const whole = gzipSync(text);
    writeFileSync(input, whole.subarray(0, whole.length - 1_000));
    const running = () => process.getActiveResourcesInfo().filter((name) => name === "ProcessWrap").length;
    const before = running();
    const run = runEngine({
      inputPath: input,
      outputPath: `${input}.out`,
      logPath: `${input}.log`,
      workDirectory: mkdtempSync(join(directory, "work-")),
      fileName: "cut.vcf.gz",
      pack: openPack(directory),
      build: "GRCh38",
    });
    await expect(run).rejects.toThrow(FAILURES.truncated);
    expect(running()).toBe(before);
  });

  it("are left out with a reason when csq fails", async () => {
    const broken = join(directory, "broken");
    writeBrokenPack();
    const summary = await runEngine({
      inputPath: join(directory, "in.vcf"),
      outputPath: broken,
      logPath: `${broken}.log`,
      workDirectory: directory,
      fileName: "in.vcf",
      pack: openPack(directory),
      build: "GRCh38",
    });
    expect(summary.warnings.map(({ sentence }) => sentence)).toContainEqual(
      expect.stringContaining("Consequences were not called: bcftools csq ended with"),
    );
    expect(
      readFileSync(broken, "latin1")
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("#")),
    ).toHaveLength(11);
  });

  it("are left out with a reason also when csq ends while most rows are still to be written", async () => {
    writeBrokenPack();
    const rows = "9\t105\tr0\tC\tT\t.\t.\t.\n".repeat(50_000);
    const input = join(directory, "long.vcf");
    writeFileSync(input, columns + rows);
    const summary = await runEngine({
      inputPath: input,
      outputPath: `${input}.out`,
      logPath: `${input}.log`,
      workDirectory: mkdtempSync(join(directory, "work-")),
      fileName: "long.vcf",
      pack: openPack(directory),
      build: "GRCh38",
    });
    expect(summary.warnings.map(({ sentence }) => sentence)).toContainEqual(
      expect.stringContaining("Consequences were not called: bcftools csq ended with"),
    );
    expect(summary.records).toBe(50_000);
  });
});

/** Its GFF3 is none. */
function writeBrokenPack(): void {
  writeFileSync(join(directory, "bad.gff3"), "not a gff\n");
  writeFileSync(
    join(directory, "pack.json"),
    JSON.stringify({
      format: 1,
      name: "toy",
      builds: { GRCh38: { chromosomes: { "9": { length: 290 } }, fasta: "toy.fa", gff3: "bad.gff3" } },
    }),
  );
}

it("hands out rows by ordinal, several rows of one record together in the order of its ALTs, each value once", () => {
  const path = join(directory, "table.vcf");
  const rows = [
    ["0", "."],
    ["2.1", "BCSQ=a|X"],
    // These two stand before their turn.
    ["9.0<", "BCSQ=f|Z"],
    ["2.0<", "BCSQ=b|X,a|X"],
    ["5", "BCSQ=@104"],
    ["7", "BCSQ=c|Y"],
    ["8", "BCSQ=c|Y"],
    ["9.1<", "BCSQ=e|Z"],
    ["10.1", "BCSQ=h|Z"],
    ["10.0<", "BCSQ=g|Z"],
    ["11.0<", "BCSQ=g|Z"],
    ["13.2", "BCSQ=g|Z"],
  ];
  const called = (values: string[], alts: number[][]) => ({ values, alts });
  const header = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";
  writeFileSync(path, header + rows.map(([id, info]) => `9\t105\t${id}\tC\tT\t.\t.\t${info}\n`).join(""));
  const table = new ConsequenceTable(path);
  expect(Array.from({ length: 14 }, (_, ordinal) => table.take(ordinal))).toEqual([
    called([], []),
    called([], []),
    called(["b|X", "a|X"], [[1], [1, 2]]),
    called([], []),
    called([], []),
    called([], []),
    called([], []),
    called(["c|Y"], [[1]]),
    called(["c|Y"], [[1]]),
    called(["f|Z", "e|Z"], [[1], [2]]),
    called(["g|Z", "h|Z"], [[1], [2]]),
    called(["g|Z"], [[1]]),
    called([], []),
    called(["g|Z"], [[3]]),
  ]);
});
