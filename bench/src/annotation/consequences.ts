import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, createWriteStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runEngine } from "@elastic-gas/annotator/engine/engine";
import { openPack } from "@elastic-gas/annotator/pack/pack";
import { best, rate, seconds } from "./timing.ts";

// `npm run consequences --workspace bench`: makes a pack of a million records in each format, then annotates a million
// records with it, beside `bcftools csq` alone on the same file in the same run.

const RECORDS = 1_000_000;
const CHROMOSOME = "21";
const LENGTH = 46_709_983; // of GRCh38
const GENES = 800;
const EXONS = 10;
const BASES = "ACGT";
const CSQ_SHARE = 0.4;
const RUNS_FILE = "runs.txt";

const [mode, inputPath = "", packDirectory = "", directory = ""] = process.argv.slice(2);
if (mode === "engine") await annotate(inputPath, packDirectory, directory);
else await compare();

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "consequences-benchmark-"));
  const path = (name: string) => join(folder, name);
  try {
    const sequence = makeSequence();
    writeFileSync(path("genes.gff3"), genes(sequence));
    writeFasta(path("reference.fa"), sequence);
    await writeSites(path("job.vcf"), sequence, { header: [], columns: (_, info) => [".", info] });
    await writeSites(path("dbsnp.vcf"), sequence, {
      header: ["##dbSNP_BUILD_ID=157"],
      columns: (number) => [`rs${number}`, `RS=${number};VC=SNV`],
    });
    await writeSites(path("gnomad.vcf"), sequence, {
      header: ["A", "afr", "nfe"].map(
        (name) => `##INFO=<ID=AF${name === "A" ? "" : `_${name}`},Number=A,Type=Float,Description="x">`,
      ),
      columns: (number) => [".", `AF=${number / RECORDS};AF_afr=0.1;AF_nfe=0.2`],
    });
    make("dbSNP", path("pack-rs"), ["--dbsnp", path("dbsnp.vcf")]);
    make("frequencies", path("pack-frequencies"), ["--frequencies", path("gnomad.vcf")]);
    const reference = ["--fasta", path("reference.fa"), "--gff", path("genes.gff3")];
    make("sequence and genes", path("pack"), reference);
    make("all", path("pack-all"), [...reference, "--dbsnp", path("dbsnp.vcf"), "--frequencies", path("gnomad.vcf")]);

    const [fasta, gff3] = [path("pack/grch38-reference.fa"), path("pack/grch38-transcripts.gff3")];
    const csq = best(["bcftools", "csq", "-l", "-f", fasta, "-g", gff3, "-o", path("csq.vcf"), path("job.vcf")]);
    const annotated = readFileSync(path("csq.vcf"), "latin1")
      .split("\n")
      .filter((line) => line.startsWith(CHROMOSOME));
    if (annotated.length !== RECORDS) throw new Error(`bcftools csq wrote ${annotated.length} of ${RECORDS} records.`);
    console.log(`bcftools csq alone: ${seconds(csq.wall)} wall, ${seconds(csq.cpu)} CPU, ${rate(RECORDS, csq.wall)}`);
    for (const pack of ["pack", "pack-all"]) {
      const ours = best(engine(path("job.vcf"), path(pack), folder));
      const { rssBytes, runSeconds } = readRuns(path(RUNS_FILE));
      console.log(
        `engine with ${pack === "pack" ? "consequences" : "consequences, rs numbers and frequencies"}: ${seconds(ours.wall)} wall, ${seconds(ours.cpu)} CPU, ${Math.round(rssBytes / 2 ** 20)} MB at most, ${rate(RECORDS, ours.wall)}, ${(csq.wall / ours.wall).toFixed(2)} of csq's rate (asked: ${CSQ_SHARE}); ${(csq.wall / runSeconds).toFixed(2)} without the start of the process, which has started when a job comes`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function engine(file: string, pack: string, folder: string): string[] {
  const limits = ["--max-old-space-size=112", "--max-semi-space-size=4"];
  return [process.execPath, ...limits, import.meta.filename, "engine", file, pack, folder];
}

async function annotate(file: string, pack: string, folder: string): Promise<void> {
  const { durationMs } = await runEngine({
    inputPath: file,
    outputPath: join(folder, "out.vcf"),
    logPath: join(folder, "log"),
    workDirectory: folder,
    fileName: "job.vcf",
    pack: openPack(pack),
    build: "GRCh38",
  });
  appendFileSync(join(folder, RUNS_FILE), `${process.resourceUsage().maxRSS * 1_024} ${durationMs}\n`);
}

/** The largest memory and the least time of the runs since it was read last. */
function readRuns(path: string): { readonly rssBytes: number; readonly runSeconds: number } {
  const runs = readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
  rmSync(path);
  return {
    rssBytes: Math.max(...runs.map(([rss = 0]) => rss)),
    runSeconds: Math.min(...runs.map(([, ms = 0]) => ms)) / 1_000,
  };
}

/** Makes a pack in a process of its own and tells its time, its memory and its size. */
function make(what: string, out: string, sources: readonly string[]): void {
  const main = join(import.meta.dirname, "../../../annotator/src/pack/make/main.ts");
  const script = 'process.on("exit", () => console.log("rss", process.resourceUsage().maxRSS));';
  const startedAt = performance.now();
  const said = execFileSync(
    process.execPath,
    [
      "--import",
      `data:text/javascript,${encodeURIComponent(script)}`,
      main,
      "--build",
      "GRCh38",
      ...sources,
      "--out",
      out,
    ],
    { encoding: "utf8" },
  );
  const elapsed = (performance.now() - startedAt) / 1_000;
  const memory = Number(/^rss (\d+)$/m.exec(said)?.[1]) / 1_024;
  const manifest = JSON.parse(readFileSync(join(out, "pack.json"), "utf8")) as { files: Record<string, unknown> }; // made just now
  const bytes = Object.keys(manifest.files).reduce((sum, name) => sum + statSync(join(out, name)).size, 0);
  console.log(
    `pack of ${what}: ${seconds(elapsed)}, ${Math.round(memory)} MB at most, ${(bytes / 1e6).toFixed(1)} MB on disk`,
  );
}

/** A small generator with a fixed seed, so that runs can be compared (Park and Miller, 1988). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

function makeSequence(): Buffer {
  const random = generator(20_261_128);
  const sequence = Buffer.alloc(LENGTH);
  for (let at = 0; at < LENGTH; at += 1) sequence[at] = BASES.charCodeAt(random(4));
  return sequence;
}

function writeFasta(path: string, sequence: Buffer): void {
  const lines = [`>chr${CHROMOSOME}`];
  for (let at = 0; at < LENGTH; at += 80) lines.push(sequence.toString("latin1", at, Math.min(LENGTH, at + 80)));
  writeFileSync(path, `${lines.join("\n")}\n`);
}

/** Genes of ten coding exons each, spread over the chromosome. */
function genes(sequence: Buffer): string {
  const step = Math.floor(LENGTH / GENES);
  const line = (type: string, [start, end]: readonly [number, number], attributes: string) =>
    [CHROMOSOME, "x", type, start, end, ".", "+", type === "CDS" ? "0" : ".", attributes].join("\t");
  const lines = Array.from({ length: GENES }, (_, number) => {
    const start = number * step + 1;
    const exons = Array.from(
      { length: EXONS },
      (__, exon) => [start + exon * 3_000, start + exon * 3_000 + 149] as const,
    );
    // The first codon is a start, as csq expects.
    sequence.write("ATG", start - 1, "latin1");
    const whole = [start, exons.at(-1)?.[1] ?? start] as const;
    return [
      line("gene", whole, `ID=gene:G${number};Name=G${number};biotype=protein_coding;gene_id=G${number}`),
      line(
        "mRNA",
        whole,
        `ID=transcript:T${number};Parent=gene:G${number};biotype=protein_coding;transcript_id=T${number}`,
      ),
      ...exons.flatMap((exon) => ["exon", "CDS"].map((type) => line(type, exon, `Parent=transcript:T${number}`))),
    ].join("\n");
  });
  return `##gff-version 3\n#!genome-build GRCh38.p14\n${lines.join("\n")}\n`;
}

interface Sites {
  readonly header: readonly string[];
  /** ID and INFO of a record by its number. */
  readonly columns: (number: number, info: string) => readonly [string, string];
}

async function writeSites(path: string, sequence: Buffer, { header, columns }: Sites): Promise<void> {
  const random = generator(7);
  const file = createWriteStream(path);
  const info = '##INFO=<ID=DP,Number=1,Type=Integer,Description="x">';
  const head = ["##fileformat=VCFv4.2", `##contig=<ID=${CHROMOSOME},length=${LENGTH}>`, info, ...header];
  file.write(`${head.join("\n")}\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n`);
  const step = Math.floor(LENGTH / RECORDS);
  let rows = "";
  for (let number = 0; number < RECORDS; number += 1) {
    const pos = number * step + 1 + random(step);
    const ref = String.fromCharCode(sequence[pos - 1] ?? 0);
    const alt = BASES[(BASES.indexOf(ref) + 1 + random(3)) % 4];
    const [id, text] = columns(number, "DP=33");
    rows += `${CHROMOSOME}\t${pos}\t${id}\t${ref}\t${alt}\t50\tPASS\t${text}\n`;
    if (number % 10_000 !== 0) continue;
    if (!file.write(rows)) await once(file, "drain");
    rows = "";
  }
  file.end(rows);
  await once(file, "finish");
}
