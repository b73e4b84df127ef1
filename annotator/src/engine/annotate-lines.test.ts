import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readArguments } from "../pack/make/arguments.ts";
import { makePack } from "../pack/make/make-pack.ts";
import { openPack } from "../pack/pack.ts";
import { runEngine } from "./engine.ts";
import { FIRST_RECORDS } from "./tally.ts";

const directory = mkdtempSync(join(tmpdir(), "lines-"));
afterAll(() => rmSync(directory, { recursive: true }));

const CASES = join(import.meta.dirname, "../pack/make/cases");
const SOURCES = [
  ["--dbsnp", "GCF_000001405.40.vcf"],
  ["--frequencies", "gnomad.genomes.v4.1.sites.chr9.vcf"],
  ["--clinvar", "clinvar.vcf"],
  ["--bed", "miRNA", "hsa-mirna.bed"],
] as const;

async function packOf(name: string, kinds: readonly string[]) {
  const out = join(directory, name);
  const sources = SOURCES.flatMap(([kind, ...files]) => {
    const path = join(CASES, files.at(-1) ?? "");
    return kinds.includes(kind) ? [kind, files.length === 2 ? `${files[0]}=${path}` : path] : [];
  });
  await makePack(readArguments(["--build", "GRCh38", ...sources, "--out", out]), {
    today: new Date("2026-11-29"),
    say: () => undefined,
  });
  return openPack(out);
}

const ROWS = [
  "chr9\t60\t.\tC\tT\t50\tPASS\tDP=9",
  "chr9\t60\t.\tC\tT\t50\tPASS\t.",
  "chr9\t60\t..\tC\tT\t50\tPASS\tDP=8",
  "chr9\t60\trs1\tC\tT\t50\tPASS\tDP=9",
  "chr9\t60\tmine\tC\tT\t50\tPASS\t.",
  "chr9\t60\t.\tC\tG\t50\tPASS\tDP=9",
  "chr9\t105\tmine\tT\tC\t50\tPASS\tDP=9",
  "chr9\t105\t.\tT\tC\t50\tPASS\tDP=9",
  "chr9\t135\t.\tC\tT,A\t50\tPASS\tDP=9",
  "chr9\t135\t.\tC\tT\t50\tPASS\tDP=9",
  "chr9\t200\t.\tT\tC\t50\tPASS\t.",
  "chr9\t350\t.\tCA\tC\t50\tPASS\tDP=9",
  "chr9\t420\t.\tG\tA\t50\tPASS\tDP=9",
];

it.each([
  ["all sources", ["--dbsnp", "--frequencies", "--clinvar", "--bed"], true],
  ["all sources, without samples", ["--dbsnp", "--frequencies", "--clinvar", "--bed"], false],
  ["no ClinVar of its own", ["--dbsnp", "--frequencies", "--bed"], true],
  ["rs numbers alone", ["--dbsnp"], false],
  ["frequencies alone", ["--frequencies"], true],
] as const)(
  "records that are handled in bytes alone are annotated as all others: a pack of %s",
  async (_, kinds, samples) => {
    const pack = await packOf(kinds.join(""), kinds);
    const annotate = async (times: number) => {
      const input = join(directory, `${times}${kinds.join("")}.vcf`);
      const head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO";
      const rows = ROWS.map((row) => `${row}${samples ? "\tGT\t0/1" : ""}\n`).join("");
      writeFileSync(input, `${head}${samples ? "\tFORMAT\tS1" : ""}\n${rows.repeat(times)}`);
      const summary = await runEngine({
        inputPath: input,
        outputPath: `${input}.out`,
        logPath: `${input}.log`,
        workDirectory: directory,
        fileName: "in.vcf",
        pack,
        build: "GRCh38",
      });
      const lines = readFileSync(`${input}.out`, "latin1").split("\n");
      const log = readFileSync(`${input}.log`, "utf8");
      return {
        records: lines.filter((line) => line !== "" && !line.startsWith("#")),
        inDbsnp: Number(/^In dbSNP: (\d+)/m.exec(log)?.[1]),
        counts: [
          ...Object.values(summary.lookedUp ?? {}),
          summary.transitions,
          summary.inGenes,
          ...summary.regions.map(({ count }) => count),
          ...summary.substitutions.map(({ count }) => count),
        ],
      };
    };
    // The first records are shown on the page and go the long way.
    const few = Math.floor(FIRST_RECORDS / ROWS.length);
    const [short, long] = [await annotate(few), await annotate(few * 4)];
    expect(new Set(short.records).size).toBe(ROWS.length);
    for (let at = 0; at < long.records.length; at += ROWS.length)
      expect(long.records.slice(at, at + ROWS.length)).toEqual(short.records.slice(0, ROWS.length));
    expect(long.counts).toEqual(short.counts.map((count) => (count ?? 0) * 4));
    expect(short.inDbsnp).toBeGreaterThan(0);
    expect(long.inDbsnp).toBe(short.inDbsnp * 4);
    expect(short.records[0]).toMatch(
      kinds.some((kind) => kind === "--dbsnp") ? /^chr9\t60\trs8001\t.*;GAS_RS=rs8001/ : /^chr9\t60\t\.\t/,
    );
  },
);
